// A real relay with a made-up village, and a phone enrolled at it whose folder each test gets a copy of.
import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif
@testable import XungeLogic

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Keeps the secret of a phone, as Keychain does.
final class MemoryKeys: KeyStore, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: Data?

    init(_ kept: Data? = nil) { self.kept = kept }

    func load() throws -> Data? { lock.withLock { kept } }

    func save(secret: Data) throws { lock.withLock { kept = secret } }
}

@MainActor
final class Town {
    static let pin = "2580"
    static let name = "李大山"

    private static var made: Task<Town, any Error>?

    /// The one town of all tests.
    static func shared() async throws -> Town {
        if let made { return try await made.value }
        let task = Task { try await Town() }
        made = task
        return try await task.value
    }

    let url: String
    /// The administrator's login: user, password, totp_secret.
    let admin: [String: String]
    let work: URL
    private let program: URL
    private let serve: Process
    private var token = ""
    private var grid = ""
    private var seed: (folder: URL, secret: Data)!

    private init() async throws {
        guard let bin = ProcessInfo.processInfo.environment["XUNGE_BIN_DIR"] else {
            throw Failure("XUNGE_BIN_DIR names no folder: run cargo xtask test ios")
        }
        program = URL(fileURLWithPath: bin).appendingPathComponent("xunge")
        work = FileManager.default.temporaryDirectory.appendingPathComponent("xunge-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        let data = work.appendingPathComponent("relay").path
        let made = try Self.run(program, ["init", "--county", "999999", "--name", "合成县", "--synthetic", "village", "--seed", "7", "--data", data, "--json"])
        admin = try Dictionary(uniqueKeysWithValues: ["user", "password", "totp_secret"].map { ($0, try field(made, $0)) })
        serve = Process()
        serve.executableURL = program
        serve.arguments = ["serve", "--data", data, "--listen", "127.0.0.1:0"]
        let log = work.appendingPathComponent("serve.log")
        FileManager.default.createFile(atPath: log.path, contents: nil)
        serve.standardError = try FileHandle(forWritingTo: log)
        let said = Pipe()
        serve.standardOutput = said
        try serve.run()
        running = serve.processIdentifier
        atexit { if running > 0 { kill(running, SIGKILL) } }
        var line = ""
        while !line.contains("\n") {
            let some = said.fileHandleForReading.availableData
            guard !some.isEmpty else { throw Failure("the relay ends: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")") }
            line += String(decoding: some, as: UTF8.self)
        }
        guard let address = line.split(separator: "\n").first?.split(separator: " ").last else { throw Failure("the relay says \(line)") }
        url = String(address)
        token = try field(administer("token", "add", "--role", "export"), "token")
        grid = try await field(records("household", limit: 1), "scope")
        seed = try await enrolled()
    }

    /// A folder with an enrolled phone that has synced once.
    private func enrolled() async throws -> (folder: URL, secret: Data) {
        let folder = work.appendingPathComponent("seed")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let keys = MemoryKeys()
        let phone = Phone(folder: folder.path, keyStore: keys)
        _ = try phone.open(locale: "zh-CN")
        _ = try await phone.enrol(ticket: ticket(Self.name), pin: Self.pin)
        _ = try await phone.sync()
        try phone.close()
        guard let secret = try keys.load() else { throw Failure("the phone has saved no secret") }
        return (folder, secret)
    }

    func ticket(_ worker: String) throws -> String {
        try field(administer("enrol", "--grid", grid, "--worker", worker, "--url", url), "ticket")
    }

    /// Ten digits for a worker's phone.
    func code(_ worker: String) throws -> String {
        try field(administer("enrol", "--grid", grid, "--worker", worker, "--url", url, "--code"), "code")
    }

    /// What an app of this town has built in.
    func address() throws -> String { try field(administer("relay-address", "--url", url), "relay") }

    /// A fresh folder; with the enrolled phone in it, if asked for.
    func place(enrolled: Bool) throws -> (folder: URL, keys: MemoryKeys) {
        let folder = work.appendingPathComponent(UUID().uuidString)
        if enrolled {
            try FileManager.default.copyItem(at: seed.folder, to: folder)
            return (folder, MemoryKeys(seed.secret))
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return (folder, MemoryKeys())
    }

    /// What the open API says.
    func records(_ kind: String, limit: Int = 500) async throws -> String {
        guard let url = URL(string: "\(url)/api/v1/records?kind=\(kind)&limit=\(limit)") else { throw Failure("no address") }
        var request = URLRequest(url: url)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        let (data, _) = try await URLSession.shared.data(for: request)
        return String(decoding: data, as: UTF8.self)
    }

    func administer(_ args: String...) throws -> String {
        try Self.run(program, ["admin"] + args + ["--data", work.appendingPathComponent("relay").path, "--json"])
    }

    private static func run(_ program: URL, _ args: [String]) throws -> String {
        let process = Process()
        process.executableURL = program
        process.arguments = args
        let said = Pipe()
        process.standardOutput = said
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure("xunge \(args): \(text)") }
        return text
    }
}

/// Ends with the tests.
private nonisolated(unsafe) var running: pid_t = 0

/// The first string of this name in a JSON text.
func field(_ json: String, _ name: String) throws -> String {
    guard let found = json.firstMatch(of: try Regex<(Substring, Substring)>("\"\(name)\"\\s*:\\s*\"([^\"]*)\"")) else {
        throw Failure("no \(name) in \(json)")
    }
    return String(found.output.1)
}
