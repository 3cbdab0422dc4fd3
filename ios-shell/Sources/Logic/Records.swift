// My records, the latest first, each with its state; and one record: what it says, what the town says, what to do.
import Foundation
import Observation

@MainActor
@Observable
public final class Records: ScreenModel {
    /// Only those of one state.
    public private(set) var state: Sign?
    public private(set) var rows: [RecordSummary] = []
    /// There are older ones.
    public private(set) var hasMore = false
    @ObservationIgnored private var shown = page
    @ObservationIgnored private unowned let shell: Shell

    private static let page = 30

    init(_ shell: Shell, state: Sign?) {
        self.shell = shell
        self.state = state
        refresh()
    }

    public func refresh() {
        let filter = RecordFilter(kind: nil, syncState: state?.rawValue, limit: UInt32(shown + 1), after: nil)
        let found = shell.attempt { try shell.phone.records(filter: filter) } ?? []
        rows = Array(found.prefix(shown))
        hasMore = found.count > shown
    }

    public var title: String { shell.words(state?.key ?? "my_records") }

    public var speech: String {
        guard !rows.isEmpty else { return shell.words("no_records") }
        let first = rows.prefix(3).map { "\($0.title)，\(shell.words(Sign(state: $0.syncState).key))。" }
        return "\(title)。\(first.joined())"
    }

    /// When it was, in words.
    public func day(_ row: RecordSummary) -> String { Days.near(row.when, now: shell.device.now(), words: shell.words) }

    /// A draft goes on where it stood; a record is shown.
    public func tap(_ row: RecordSummary) {
        guard row.syncState == Sign.draft.rawValue else { return shell.go(RecordScreen(shell, record: row.record)) }
        guard let started = shell.attempt({ try shell.phone.amend(record: row.record) }) else { return }
        shell.go(Interview(shell, started, kind: row.kind))
    }

    public func older() {
        shown += Self.page
        refresh()
    }

    public func all() {
        state = nil
        refresh()
        shell.moved()
    }

    public func sync() { shell.go(Sending(shell)) }

    public func back() { shell.leave() }
}

@MainActor
@Observable
public final class RecordScreen: ScreenModel {
    public let record: String
    public private(set) var view: RecordView?
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell, record: String) {
        self.shell = shell
        self.record = record
        refresh()
    }

    public func refresh() { view = shell.attempt { try shell.phone.record(record: record) } }

    public var title: String { shell.words(view.map { nameOf(kind: $0.kind) } ?? "my_records") }
    public var picture: String? { view.map { pictureOf(kind: $0.kind) } }

    public var speech: String {
        guard let view else { return title }
        let why = [view.reason.map { "\($0)。" }, view.remedySpeech].compactMap(\.self)
        return "\(view.title)。\(view.syncText)。" + (view.notes.map(\.speech) + why).joined()
    }

    /// Words of the main button: what came back is mended, anything else changed.
    public var mainWay: String {
        switch view.map({ Sign(state: $0.syncState) }) {
        case .returned, .refused: shell.words("mend")
        default: shell.words("change")
        }
    }

    public func amend() {
        guard let started = shell.attempt({ try shell.phone.amend(record: record) }) else { return }
        shell.replace(Interview(shell, started, kind: view?.kind ?? ""))
    }

    /// The supervisor's spoken note.
    public func hear(_ note: NoteView) {
        shell.hush()
        if let audio = note.audio { shell.device.player.play(URL(fileURLWithPath: audio)) {} }
    }

    public func back() {
        shell.device.player.stop()
        shell.leave()
    }
}
