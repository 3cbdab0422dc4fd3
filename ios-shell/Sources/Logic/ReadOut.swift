// Ten digits that the town reads out over the telephone, for an app that has its relay built in.
import Foundation
import Observation

@MainActor
@Observable
public final class ReadOut: ScreenModel {
    /// As the town reads them: 3, 3 and 4 digits.
    public let digits: Digits
    @ObservationIgnored private unowned let shell: Shell
    @ObservationIgnored private let found: @MainActor (_ ticket: String) -> Void

    init(_ shell: Shell, found: @escaping @MainActor (_ ticket: String) -> Void) {
        self.shell = shell
        self.found = found
        digits = Digits(groups: [3, 3, 4]) { [weak shell] key in shell?.say(key) }
    }

    public var title: String { shell.words("enrol") }
    public var picture: String? { "add_phone" }
    public var heading: String { shell.words("read_out") }
    public var speech: String { shell.words("read_out_speech") }
    public var openWhileLocked: Bool { true }

    /// Asks the town what the number stands for. The same number again is safe after any cut.
    public func redeem() async {
        let (phone, relay, code) = (shell.phone, shell.device.relay, digits.typed)
        guard let ticket = await shell.busily({ try await phone.redeem(relay: relay, code: code).ticket }) else { return }
        _ = digits.take()
        found(ticket)
        shell.leave()
    }

    public func back() { shell.leave() }
}
