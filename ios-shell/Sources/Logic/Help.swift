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

    /// As it was typed here, else as the town gave it; none if nobody did.
    public var number: String? {
        [shell.settings.supervisor, shell.settings.town].first { !$0.isEmpty }
    }

    /// The town's own number needs no typing.
    public var typing: Bool { shell.settings.town.isEmpty }

    public func type(_ key: String) { shell.settings.supervisor += key }

    public func erase() { shell.settings.supervisor = String(shell.settings.supervisor.dropLast()) }

    public func call() {
        if let number { shell.dial(number) }
    }

    public func back() { shell.leave() }
}
