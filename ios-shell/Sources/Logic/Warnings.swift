// Warnings that households have not heard yet, to be read out.
import Foundation
import Observation

@MainActor
@Observable
public final class Warnings: ScreenModel {
    public private(set) var open: [Notice] = []
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
        refresh()
    }

    public func refresh() {
        open = (shell.attempt { try shell.phone.home().notices } ?? []).filter { $0.kind == .warning }
    }

    public var title: String { shell.words("kind_warning") }
    public var picture: String? { "warning" }

    public var speech: String {
        open.isEmpty ? shell.words("no_warnings") : open.map(\.speech).joined() + shell.words("warnings_speech")
    }

    public func tap(_ notice: Notice) { begin(shell, kind: "warning_ack", subject: notice.record) }

    public func back() { shell.leave() }
}
