// Any household, to change what is known of it, and people whom another grid shares, to read: found by the initials of the
// name or the door number.
import Foundation
import Observation

@MainActor
@Observable
public final class Households: ScreenModel {
    public private(set) var sought = ""
    public private(set) var hits: [SearchHit] = []
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
    }

    public func refresh() {
        guard !sought.isEmpty else { return hits = [] }
        hits = shell.attempt { try shell.phone.search(text: sought, limit: 12) } ?? []
    }

    public var title: String { shell.words("kind_household") }
    public var picture: String? { "household" }
    public var speech: String { shell.words("search_hint") }

    public func type(_ key: String) {
        sought += key
        refresh()
    }

    public func erase() {
        sought = String(sought.dropLast())
        refresh()
    }

    /// A person whom another grid shares is read, not changed.
    public func tap(_ hit: SearchHit) {
        if isShared(hit) { return shell.go(RecordScreen(shell, record: hit.id)) }
        begin(shell, kind: "household", subject: hit.id)
    }

    /// What a row says.
    public func words(_ hit: SearchHit) -> String { isShared(hit) ? hit.text : "\(hit.title) · \(hit.door)" }

    private func isShared(_ hit: SearchHit) -> Bool { hit.kind == "person" }

    public func back() { shell.leave() }
}
