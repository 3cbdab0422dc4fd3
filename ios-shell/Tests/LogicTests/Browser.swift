// What a console needs of a browser: pages, cookies, redirections. Foundation's session on Linux keeps no cookie of an address
// that is a number, so this speaks HTTP by itself, to a relay on this machine alone.
import Foundation
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

final class Browser {
    private let port: UInt16
    private var cookies: [String: String] = [:]
    private static let mostRedirections = 5

    init(port: UInt16) { self.port = port }

    /// The page at `path`, after all redirections; with a body the first request is a POST.
    func page(_ path: String, headers: [String: String] = [:], body: Data? = nil) throws -> String {
        var (at, headers, body) = (path, headers, body)
        for _ in 0...Self.mostRedirections {
            let (status, told, text) = try exchange(at, headers, body)
            for (name, value) in told where name == "set-cookie" {
                let pair = value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
                if pair.count == 2 { cookies[pair[0]] = pair[1] }
            }
            switch status {
            case 200: return text
            case 302, 303: (at, headers, body) = (told.first { $0.0 == "location" }?.1 ?? "/", [:], nil)
            default: throw Failure("\(at): \(status): \(text.prefix(1500))")
            }
        }
        throw Failure("\(path) redirects for ever")
    }

    private func exchange(_ path: String, _ headers: [String: String], _ body: Data?) throws -> (Int, [(String, String)], String) {
        var lines = ["\(body == nil ? "GET" : "POST") \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
        lines += headers.map { "\($0): \($1)" }
        if !cookies.isEmpty { lines.append("Cookie: \(cookies.map { "\($0)=\($1)" }.joined(separator: "; "))") }
        if let body { lines.append("Content-Length: \(body.count)") }
        let answer = try sent(Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? Data()))
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { throw Failure("\(path): no answer") }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let told = head.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            return (parts[0].lowercased(), parts.count > 1 ? parts[1] : "")
        }
        let status = head[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, told, String(decoding: answer[end.upperBound...], as: UTF8.self))
    }

    private func sent(_ request: Data) throws -> Data {
        #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        let line = socket(AF_INET, stream, 0)
        defer { close(line) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let there = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard there == 0 else { throw Failure("no relay at port \(port)") }
        var left = request
        while !left.isEmpty {
            let count = left.withUnsafeBytes { write(line, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure("the relay takes no request") }
            left = left.dropFirst(count)
        }
        var answer = Data()
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(line, &piece, piece.count)
            guard count > 0 else { return answer }
            answer.append(contentsOf: piece[..<count])
        }
    }
}
