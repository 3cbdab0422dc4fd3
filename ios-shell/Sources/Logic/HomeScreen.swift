// The first screen: who I am, the two numbers, what to tap, what the town said, who is next.
import Foundation
import Observation

@MainActor
@Observable
public final class HomeScreen: ScreenModel {
    public private(set) var home: Home?
    public private(set) var card: WorkerCard?
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
        refresh()
    }

    public func refresh() {
        card = shell.workers().first { $0.id == shell.worker?.worker }
        home = shell.attempt { try shell.phone.home() }
    }

    public var title: String { shell.worker?.name ?? shell.words("app_name") }

    public var speech: String {
        guard let home else { return title }
        let numbers = shell.words("two_numbers", home.progress.acknowledged, home.progress.waiting)
        let room = nearlyFull ? shell.words("disk_nearly_full") : ""
        return room + numbers + home.notices.prefix(2).map(\.speech).joined() + shell.words("home_speech")
    }

    /// There is room for some days only, which is to be said while there is.
    public var nearlyFull: Bool { shell.device.room() < littleRoom }

    /// Warnings have a tile of their own.
    public var notices: [Notice] { Array((home?.notices ?? []).filter { $0.kind != .warning }.prefix(2)) }
    public var nextVisits: [NextVisit] { Array((home?.nextVisits ?? []).prefix(5)) }

    /// From the first screen there is nowhere to go back to.
    public func back() {}

    public func tap(_ tile: Tile) {
        if tile.kind == "warning_ack" {
            shell.go(Warnings(shell))
        } else {
            begin(shell, kind: tile.kind, subject: nil)
        }
    }

    public func tap(_ visit: NextVisit) { begin(shell, kind: "visit", subject: visit.household) }

    public func tap(_ notice: Notice) { shell.go(RecordScreen(shell, record: notice.record)) }

    /// My records; of one state, if a number was tapped.
    public func records(_ state: Sign? = nil) { shell.go(Records(shell, state: state)) }

    public func sync() { shell.go(Sending(shell)) }

    public func more() { shell.go(More(shell)) }

    public func endPractice() { shell.practise(false) }
}

/// Too little for a visit with its recording and pictures.
private let leastRoom: Int64 = 16_000_000
/// Enough for some days.
private let littleRoom: Int64 = 100_000_000

/// Begins an interview and shows its first question; where the device is full, says so before anything is answered.
@MainActor
func begin(_ shell: Shell, kind: String, subject: String?) {
    guard shell.device.room() >= leastRoom else { return shell.tell(Said(shell.words("disk_full_first"), good: false)) }
    guard let started = shell.attempt({ try shell.phone.start(kind: kind, subject: subject) }) else { return }
    shell.go(Interview(shell, started, kind: kind))
}
