// Whom to call: the number of the town, typed in once.
import Foundation
import Observation

@MainActor
@Observable
public final class Help: ScreenModel {
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
    }

    public var title: String { shell.words("help") }
    public var picture: String? { "call" }
    public var speech: String { shell.words("help_speech") }
    public var openWhileLocked: Bool { true }

    /// None until it was typed.
    public var number: String? { shell.settings.supervisor.isEmpty ? nil : shell.settings.supervisor }

    public func type(_ key: String) { shell.settings.supervisor += key }

    public func erase() { shell.settings.supervisor = String(shell.settings.supervisor.dropLast()) }

    public func call() {
        if let number { shell.dial(number) }
    }

    public func back() { shell.leave() }
}
