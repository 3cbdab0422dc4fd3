// A supervisor at the console: signs in with a one-time password, and sends the forms that the pages hold.
import Foundation

@MainActor
final class Supervisor {
    private let browser: Browser
    private let origin: String

    init(_ town: Town) throws {
        origin = town.url
        browser = Browser(port: UInt16(town.url.split(separator: ":").last ?? "") ?? 0)
        let login = town.admin
        let code = totp(login["totp_secret"] ?? "", at: Date())
        let fields = ["user": login["user"] ?? "", "password": login["password"] ?? "", "totp": code]
        let page = try submit("/login", "login", fields)
        guard page.contains("data-action=\"logout\"") else { throw Failure("signing in ends at: \(page.prefix(2000))") }
    }

    /// Returns a report with a note.
    func giveBack(_ record: String, _ note: String) throws {
        _ = try submit("/records/\(record)", "return", ["note": note])
    }

    private func submit(_ path: String, _ action: String, _ fields: [String: String]) throws -> String {
        let page = try browser.page(path)
        let forms = page.components(separatedBy: "<form").dropFirst().map { $0.components(separatedBy: "</form>")[0] }
        guard let form = forms.first(where: { $0.contains("data-action=\"\(action)\"") }) else {
            throw Failure("no form \(action) on \(path)")
        }
        // A button may lead elsewhere than its form.
        let tags = form.components(separatedBy: "<").map { $0.components(separatedBy: ">")[0] }
        let button = tags.first { $0.hasPrefix("button") && $0.contains("data-action=\"\(action)\"") } ?? ""
        let target = attribute("formaction", button) ?? attribute("action", tags[0]) ?? path
        var values = fields
        for tag in tags where tag.hasPrefix("input") && !tag.contains("type=\"file\"") {
            if let name = attribute("name", tag), let value = attribute("value", tag), values[name] == nil { values[name] = value }
        }
        if tags[0].contains("multipart/form-data") {
            let boundary = "xunge-shell-boundary-71b3"
            let parts = values.map { "--\(boundary)\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)\r\n" }
            return try send(target, "multipart/form-data; boundary=\(boundary)", parts.joined() + "--\(boundary)--\r\n")
        }
        let pairs = values.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
        return try send(target, "application/x-www-form-urlencoded", pairs.joined(separator: "&"))
    }

    private func send(_ target: String, _ kind: String, _ body: String) throws -> String {
        try browser.page(target, headers: ["Origin": origin, "Content-Type": kind], body: Data(body.utf8))
    }

    private func attribute(_ name: String, _ tag: String) -> String? {
        guard let start = tag.range(of: " \(name)=\"") else { return nil }
        let value = tag[start.upperBound...].prefix { $0 != "\"" }
        return value.replacingOccurrences(of: "&amp;", with: "&")
    }
}

/// RFC 6238: SHA-1, six digits, 30 seconds.
private func totp(_ secret: String, at now: Date) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    var key: [UInt8] = []
    var (bits, held) = (0, 0)
    for sign in secret {
        held = (held << 5 | (alphabet.firstIndex(of: sign) ?? 0)) & 0xffff
        bits += 5
        if bits >= 8 {
            bits -= 8
            key.append(UInt8(held >> bits & 0xff))
        }
    }
    let counter = UInt64(now.timeIntervalSince1970 / 30)
    let hash = hmac(key, (0..<8).map { UInt8(truncatingIfNeeded: counter >> (56 - 8 * UInt64($0))) })
    let at = Int(hash[19] & 15)
    let code = hash[at..<(at + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
    let text = String(code % 1_000_000)
    return String(repeating: "0", count: 6 - text.count) + text
}

private func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    let block = (key.count > 64 ? sha1(key) : key) + [UInt8](repeating: 0, count: 64 - min(key.count > 64 ? 20 : key.count, 64))
    return sha1(block.map { $0 ^ 0x5c } + sha1(block.map { $0 ^ 0x36 } + message))
}

/// FIPS 180-4. Foundation on Linux has none.
private func sha1(_ message: [UInt8]) -> [UInt8] {
    func turned(_ word: UInt32, _ by: UInt32) -> UInt32 { word << by | word >> (32 - by) }
    var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    var padded = message + [0x80]
    padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
    let length = UInt64(message.count * 8)
    padded += (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * UInt64($0))) }
    for start in stride(from: 0, to: padded.count, by: 64) {
        var words = (0..<16).map { at in padded[(start + at * 4)..<(start + at * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        for at in 16..<80 { words.append(turned(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1)) }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (at, word) in words.enumerated() {
            let (mix, constant): (UInt32, UInt32) = switch at {
            case ..<20: (b & c | ~b & d, 0x5a82_7999)
            case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
            case ..<60: (b & c | b & d | c & d, 0x8f1b_bcdc)
            default: (b ^ c ^ d, 0xca62_c1d6)
            }
            let next = turned(a, 5) &+ mix &+ e &+ constant &+ word
            (e, d, c, b, a) = (d, c, turned(b, 30), a, next)
        }
        for (at, value) in [a, b, c, d, e].enumerated() { state[at] = state[at] &+ value }
    }
    return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
}
