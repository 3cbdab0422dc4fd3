// Without a network: what waits goes as a sealed file by any other phone, and receipts come back as one.
import Foundation
import Observation

@MainActor
@Observable
public final class Courier: ScreenModel {
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
    }

    public var title: String { shell.words("courier") }
    public var picture: String? { "letter" }
    public var speech: String { shell.words("courier_speech") }

    /// A file that another app has handed over.
    public var handed: URL? { shell.handed }

    /// Seals what waits. The view gives the file to whoever carries it.
    public func give() -> URL? {
        let file = shell.scratch.appendingPathComponent("xunge.bundle")
        guard let made = shell.attempt({ try shell.phone.bundleExport(path: file.path) }) else { return nil }
        shell.tell(Said(shell.words(made.left ? "courier_more_left" : "courier_given"), good: true))
        return file
    }

    public func take(_ file: URL) {
        let copy = shell.scratch.appendingPathComponent("taken.bundle")
        try? FileManager.default.removeItem(at: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let scoped = shell.device.reach(file)
        defer { scoped() }
        do {
            try FileManager.default.copyItem(at: file, to: copy)
        } catch {
            return shell.tell(Said(shell.words("file_unreadable"), good: false))
        }
        guard let taken = shell.attempt({ try shell.phone.bundleImport(path: copy.path) }) else { return }
        shell.handed = nil
        shell.tell(Said(shell.words("courier_taken", taken.acknowledged, taken.carried), good: true))
    }

    public func back() { shell.leave() }
}
