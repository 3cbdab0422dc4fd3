// Everything that is not daily work: practice, courier, settings, help, another worker.
import Foundation
import Observation

@MainActor
@Observable
public final class More: ScreenModel {
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
    }

    public var title: String { shell.words("more") }
    public var picture: String? { "more" }
    public var speech: String { shell.words("more_speech") }

    /// Practice cannot be begun, and nothing carried, while practising.
    public var practising: Bool { shell.practising }

    public func households() { shell.go(Households(shell)) }
    public func practise() { shell.practise(true) }
    public func courier() { shell.go(Courier(shell)) }
    public func myPhoto() { shell.go(MyPhoto(shell)) }
    public func help() { shell.go(Help(shell)) }
    public func settings() { shell.go(Choosing(shell)) }
    public func lock() { shell.lock() }
    public func back() { shell.leave() }
}
