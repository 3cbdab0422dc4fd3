// Who works with this phone: chosen by photo, opened by PIN on large keys, or by the code that the supervisor reads out.
import Foundation
import Observation

@MainActor
@Observable
public final class Workers: ScreenModel {
    public private(set) var cards: [WorkerCard] = []
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
        refresh()
    }

    public func refresh() { cards = shell.workers() }

    public var title: String { shell.words("app_name") }
    public var speech: String { shell.words(cards.isEmpty ? "welcome_speech" : "who_are_you") }
    public var openWhileLocked: Bool { true }
    public var heading: String { shell.words(cards.isEmpty ? "welcome" : "who_are_you") }

    public func tap(_ card: WorkerCard) { shell.go(Pin(shell, card)) }
    public func enrol() { shell.go(Enrol(shell)) }
    public func sync() { shell.go(Sending(shell)) }
    public func settings() { shell.go(Choosing(shell)) }
    public func help() { shell.go(Help(shell)) }
    public func back() {}
}

/// Digits on large keys.
@MainActor
@Observable
public final class Digits {
    public private(set) var typed = ""
    @ObservationIgnored private let groups: [Int]
    @ObservationIgnored private let say: @MainActor (_ key: String) -> Void

    /// `groups` are how many stand together; no more are taken. `say` speaks what is no secret to who stands beside.
    init(groups: [Int] = [4, 4, 4], say: @escaping @MainActor (_ key: String) -> Void = { _ in }) {
        self.groups = groups
        self.say = say
    }

    /// What was typed, in groups.
    public var grouped: String {
        var left = Substring(typed)
        let parts = groups.map { length in
            defer { left = left.dropFirst(length) }
            return String(left.prefix(length))
        }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    public func type(_ key: String) {
        guard typed.count < groups.reduce(0, +) else { return }
        typed += key
        say(key)
    }

    public func erase() { typed = String(typed.dropLast()) }

    /// PINs are not kept: this gives what was typed, and forgets it.
    func take() -> String {
        defer { typed = "" }
        return typed
    }
}

@MainActor
@Observable
public final class Pin: ScreenModel {
    public let card: WorkerCard
    public let digits = Digits()
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell, _ card: WorkerCard) {
        self.shell = shell
        self.card = card
    }

    public var title: String { card.name }
    public var speech: String { shell.words("pin_speech") }
    public var openWhileLocked: Bool { true }

    public func unlock() async {
        let (phone, worker, pin) = (shell.phone, card.id, digits.take())
        await shell.unlocking { try phone.unlock(worker: worker, pin: pin) }
    }

    public func forgot() { shell.replace(Code(shell, card)) }

    public func back() { shell.leave() }
}

/// A forgotten PIN: twelve digits from the supervisor, then a new PIN.
@MainActor
@Observable
public final class Code: ScreenModel {
    public let card: WorkerCard
    public let digits = Digits()
    /// The code, once it is typed.
    public private(set) var code: String?
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell, _ card: WorkerCard) {
        self.shell = shell
        self.card = card
    }

    public var title: String { shell.words("forgot_pin") }
    public var speech: String { shell.words(code == nil ? "code_speech" : "new_pin") }
    public var openWhileLocked: Bool { true }
    public var heading: String { shell.words(code == nil ? "code" : "new_pin") }
    public var mainWay: String { shell.words(code == nil ? "next" : "open") }

    public func next() async {
        let typed = digits.take()
        guard let code else {
            code = typed
            return shell.moved()
        }
        self.code = nil
        let (phone, worker) = (shell.phone, card.id)
        await shell.unlocking { try phone.unlockWithCode(worker: worker, code: code, newPin: typed) }
    }

    public func back() { shell.leave() }
}
