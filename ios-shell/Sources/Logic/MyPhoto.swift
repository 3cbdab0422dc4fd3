// The worker's own picture, by which they find themselves among those who share the phone.
import Foundation
import Observation

@MainActor
@Observable
public final class MyPhoto: ScreenModel {
    public private(set) var card: WorkerCard?
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
        refresh()
    }

    public func refresh() { card = shell.workers().first { $0.id == shell.worker?.worker } }

    public var title: String { shell.words("my_photo") }
    public var picture: String? { "camera" }
    public var speech: String { shell.words("my_photo_speech") }
    public var button: String { shell.words(card?.photo == nil ? "take_photo" : "take_again") }

    /// The camera has left a picture, small enough for a card.
    public func take(_ file: URL) {
        guard shell.attempt({ try shell.phone.setPhoto(path: file.path) }) != nil else { return }
        refresh()
        shell.tell(Said(shell.words("my_photo_kept"), good: true))
    }

    public func noCamera() { shell.tell(Said(shell.words("no_camera"), good: false)) }

    public func back() { shell.leave() }
}
