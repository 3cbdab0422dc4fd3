// Any household, to change what is known of it: found by the initials of the name or the door number.
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
        let found = shell.attempt { try shell.phone.search(text: sought, limit: 12) } ?? []
        hits = found.filter { $0.kind == "household" }
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

    public func tap(_ hit: SearchHit) { begin(shell, kind: "household", subject: hit.id) }

    public func back() { shell.leave() }
}
