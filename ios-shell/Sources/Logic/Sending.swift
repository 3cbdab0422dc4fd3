// Sending now, with what has really gone through so far.
import Foundation
import Observation

@MainActor
@Observable
public final class Sending: ScreenModel {
    /// The two numbers; none while locked.
    public private(set) var progress: XungeCore.Progress?
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
        refresh()
    }

    public func refresh() {
        progress = shell.worker == nil ? nil : shell.attempt { try shell.phone.home().progress }
    }

    public var title: String { shell.words("send_now") }
    public var picture: String? { "send" }
    public var openWhileLocked: Bool { true }
    public var speech: String { shell.syncing ? shell.words("sending") : shell.lastSync ?? shell.words("sync_speech") }

    /// The line that changes while it runs.
    public var line: String {
        guard shell.syncing, let soFar = shell.soFar else { return speech }
        return words(soFar)
    }

    public func send() async {
        guard !shell.syncing else { return }
        shell.syncing = true
        shell.soFar = nil
        let (phone, shell) = (shell.phone, shell)
        let hearing = phone.subscribe(observer: Hearing { report in
            Task { @MainActor in shell.soFar = report }
        })
        let result: Result<SyncReport, any Error>
        do { result = .success(try await phone.sync()) } catch { result = .failure(error) }
        withExtendedLifetime(hearing) {}
        shell.syncing = false
        switch result {
        case let .success(report):
            shell.lastSync = shell.worker == nil ? shell.words("sent_sealed") : words(report)
            shell.screen?.refresh()
            shell.speak()
        case let .failure(error):
            if case let ApiError.Failed(_, text, _, _, _) = error { shell.lastSync = text }
            shell.screen?.refresh()
            shell.trouble(error)
        }
    }

    public func courier() { shell.go(Courier(shell)) }

    public func stop() { shell.stopSync() }

    public func back() { shell.leave() }

    private func words(_ report: SyncReport) -> String {
        shell.words("sent_so_far", report.acknowledged, report.received)
    }
}
