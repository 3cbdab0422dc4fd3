// The app without a screen: a shell on a copy of the enrolled phone's folder, with a voice that keeps what it said, a
// microphone that hears silence, and the clock of the test.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
final class HeardVoice: Voice {
    /// Whether the system has a voice.
    var there = true
    private(set) var said: [String] = []

    func speaks(_ language: String) -> Bool { there }

    func say(_ words: String, language: String, speed: Double, done: @escaping @MainActor () -> Void) {
        said.append(words)
        done()
    }

    func stop() {}
}

/// Hears one second of silence, where it is allowed to.
@MainActor
final class QuietRecorder: Recorder {
    var allowed = true
    var hears = true

    func start(into file: URL) async -> Bool {
        guard allowed else { return false }
        let samples = 8_000
        var wave = Data("RIFF".utf8)
        func number(_ value: Int, _ bytes: Int) { for at in 0..<bytes { wave.append(UInt8(value >> (8 * at) & 255)) } }
        number(36 + samples * 2, 4)
        wave.append(contentsOf: "WAVEfmt ".utf8)
        for (value, bytes) in [(16, 4), (1, 2), (1, 2), (8_000, 4), (16_000, 4), (2, 2), (16, 2)] { number(value, bytes) }
        wave.append(contentsOf: "data".utf8)
        number(samples * 2, 4)
        wave.append(Data(count: samples * 2))
        return (try? wave.write(to: file)) != nil
    }

    var loudness: Double { 0.3 }

    func stop() -> Bool { hears }
}

@MainActor
final class Deck: Player {
    var played: [URL] = []

    func play(_ file: URL, done: @escaping @MainActor () -> Void) {
        played.append(file)
        done()
    }

    func stop() {}
}

@MainActor
final class Work: BackgroundWork {
    private(set) var asked = 0

    func soon() { asked += 1 }
}

@MainActor
final class Telephone: Dialler {
    var works = true
    private(set) var dialled: [String] = []

    func dial(_ number: String) -> Bool {
        if works { dialled.append(number) }
        return works
    }
}

/// Understands what the test says; none is a device that does not understand speech.
@MainActor
final class Ear: Listener {
    var heard: String?

    func hear(_ language: String) async -> String? { heard }
}

@MainActor
final class Stage {
    let voice = HeardVoice()
    let recorder = QuietRecorder()
    let player = Deck()
    let work = Work()
    let telephone = Telephone()
    let ear = Ear()
    var room = Int64.max
    let folder: URL
    private let keys: MemoryKeys
    private let kept: UserDefaults
    private let keptName = "xunge-\(UUID().uuidString)"
    private(set) var shell: Shell
    var now = Date()

    private let relay: String

    /// A phone of the town; enrolled, and unlocked by its worker, unless said otherwise. `knowsRelay`: the app was built for
    /// this town.
    init(enrolled: Bool = true, unlocked: Bool = true, language: String = "zh-CN", knowsRelay: Bool = false) async throws {
        let town = try await Town.shared()
        relay = knowsRelay ? try town.address() : ""
        (folder, keys) = try town.place(enrolled: enrolled)
        guard let kept = UserDefaults(suiteName: keptName) else { throw Failure("no settings") }
        self.kept = kept
        kept.set(language, forKey: "language")
        shell = Self.shell(folder, keys, kept)
        try await start(unlocked: enrolled && unlocked)
    }

    deinit { UserDefaults.standard.removePersistentDomain(forName: keptName) }

    private static let silent = Device(
        voice: HeardVoice(), recorder: QuietRecorder(), player: Deck(), background: Work(), dialler: Telephone(), listener: Ear(), now: Date.init)

    private static func shell(_ folder: URL, _ keys: MemoryKeys, _ kept: UserDefaults, _ device: Device? = nil) -> Shell {
        Shell(folder: folder, scratch: folder, keyStore: keys, settings: Settings(kept), device: device ?? silent)
    }

    private func start(unlocked: Bool) async throws {
        let device = Device(
            voice: voice, recorder: recorder, player: player, background: work, dialler: telephone, listener: ear,
            carried: { key, language in URL(fileURLWithPath: "/carried/\(language)/\(key).mp3") },
            relay: relay, room: { [weak self] in self?.room ?? .max },
            now: { [weak self] in self?.now ?? Date() })
        shell = Self.shell(folder, keys, kept, device)
        shell.begin()
        if unlocked { try await unlock() }
    }

    /// The process dies, and the app is started again: only what is on disk is left.
    func kill() async throws {
        try shell.phone.close()
        try await start(unlocked: false)
    }

    func unlock() async throws {
        let workers = try screen(Workers.self)
        workers.tap(try #require(workers.cards.first))
        try await enterPin()
    }

    func enterPin(_ pin: String = Town.pin) async throws {
        let screen = try screen(Pin.self)
        pin.forEach { screen.digits.type(String($0)) }
        await screen.unlock()
    }

    /// The screen that is to be seen, which must be of this kind.
    func screen<Model: ScreenModel>(_ kind: Model.Type) throws -> Model {
        guard let screen = shell.screen as? Model else {
            throw Failure("not \(kind) but \(String(describing: shell.screen)): \(shell.said?.text ?? "")")
        }
        return screen
    }

    func home() throws -> HomeScreen { try screen(HomeScreen.self) }

    /// Taps a tile of the first screen.
    func begin(_ kind: String) throws {
        let home = try home()
        home.tap(try #require(home.home?.tiles.first { $0.kind == kind }))
    }

    /// Sends now, and returns to the screen before.
    func send() async throws {
        try home().sync()
        let sending = try screen(Sending.self)
        await sending.send()
        sending.back()
    }

    /// A picture as the camera would leave it: sixty-four grey squares.
    static let jpeg: Data = {
        var out = Data([0xff, 0xd8])
        func part(_ marker: UInt8, _ body: [UInt8]) {
            out.append(contentsOf: [0xff, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body)
        }
        part(0xe0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
        part(0xdb, [0] + [UInt8](repeating: 1, count: 64))
        part(0xc0, [8, 0, 64, 0, 64, 1, 1, 0x11, 0])
        part(0xc4, [0x00] + [1] + [UInt8](repeating: 0, count: 15) + [0])
        part(0xc4, [0x10] + [1] + [UInt8](repeating: 0, count: 15) + [0])
        part(0xda, [1, 1, 0, 0, 63, 0])
        out.append(Data(count: 16))
        out.append(contentsOf: [0xff, 0xd9])
        return out
    }()
}
