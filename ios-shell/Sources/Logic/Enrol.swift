// A new worker on this phone: the code of the town, photographed, as text or by telephone, and a PIN of one's own.
import Foundation
import Observation

@MainActor
@Observable
public final class Enrol: ScreenModel {
    public let digits = Digits()
    public private(set) var ticket: String?
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
    }

    public var title: String { shell.words("enrol") }
    public var picture: String? { "add_phone" }
    public var speech: String {
        if ticket != nil { return shell.words("enrol_pin_speech") }
        return shell.words(knowsRelay ? "enrol_or_call_speech" : "enrol_speech")
    }
    /// Whether the app knows its relay, so that ten digits are enough.
    public var knowsRelay: Bool { !shell.device.relay.isEmpty }
    public var openWhileLocked: Bool { true }

    /// The text of the photographed code; none if there was none to be read.
    public func scanned(_ text: String?) { take(text, missing: "no_code") }

    public func paste(_ text: String?) { take(text, missing: "nothing_to_paste") }

    /// To the number that the town reads out.
    public func type() { shell.go(ReadOut(shell) { [weak self] ticket in self?.ticket = ticket }) }

    public func noCamera() { shell.tell(Said(shell.words("no_camera"), good: false)) }

    private func take(_ text: String?, missing: String) {
        let text = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        guard !text.isEmpty else { return shell.tell(Said(shell.words(missing), good: false)) }
        // What is plainly no ticket is named at once, before a PIN is thought up for it.
        if let foreign = foreign(text) { return shell.tell(Said(shell.words(foreign), good: false)) }
        ticket = text
        shell.moved()
    }

    /// The same ticket and PIN again are safe after any cut.
    public func enrol() async {
        guard let ticket, !shell.busy else { return }
        let (phone, pin) = (shell.phone, digits.typed)
        await shell.unlocking { try await phone.enrol(ticket: ticket, pin: pin) }
        if shell.worker != nil { _ = digits.take() }
    }

    public func back() {
        _ = digits.take()
        guard ticket != nil else { return shell.leave() }
        ticket = nil
        shell.moved()
    }
}

/// What a code is that the town has not made, as a text's key; none if it may be a ticket.
func foreign(_ code: String) -> String? {
    let begins = { (start: String) in code.lowercased().hasPrefix(start) }
    if begins("xunge1:") { return nil }
    if payment.contains(where: begins) { return "code_of_payment" }
    if begins("wifi:") { return "code_of_wifi" }
    if begins("http://") || begins("https://") { return "code_of_page" }
    if (6...14).contains(code.count), code.allSatisfy({ ("0"..."9").contains($0) }) { return "code_of_goods" }
    return "code_foreign"
}

/// How codes of the usual payment apps begin.
private let payment = [
    "wxp://", "weixin://wxpay", "alipays://", "https://qr.alipay.com", "https://payapp.weixin.qq.com", "https://qr.95516.com",
]
