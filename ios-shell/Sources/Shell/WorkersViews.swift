// Who works with this phone: by photo, by PIN on large keys, by the code that is read out, by the code of the town.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import UIKit
import XungeLogic

struct WorkersView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let workers: Workers

    var body: some View {
        Words(workers.heading, .heading)
        ForEach(workers.cards, id: \.id) { card in
            LinkRow(says: card.name, tap: { workers.tap(card) }) {
                Portrait(name: card.name, photo: card.photo, size: 64)
            } inside: {
                Words(card.name, .heading)
            }
        }
        BigButton(shell.words("enrol"), picture: "add_phone", main: workers.cards.isEmpty ? look.palette.green : nil) { workers.enrol() }
        BigButton(shell.words("settings"), picture: "wrench") { workers.settings() }
        if !workers.cards.isEmpty { BigButton(shell.words("send_now"), picture: "send") { workers.sync() } }
        BigButton(shell.words("help"), picture: "call") { workers.help() }
    }
}

/// Digits on large keys; what is secret shows as discs.
private struct DigitsView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let digits: Digits
    let hidden: Bool

    var body: some View {
        let shown = hidden ? String(repeating: "●", count: digits.typed.count) : digits.grouped
        Words(shown.isEmpty ? " " : shown, .figure, bold: true)
            .frame(maxWidth: .infinity)
            .framed(look.palette.ink, width: 3)
            .accessibilityLabel(shell.words("digits_typed", digits.typed.count))
        NumberKeys(point: nil, erase: shell.words("delete"), tap: digits.type, back: digits.erase)
        if shell.busy { Words(shell.words("wait")) }
    }
}

struct PinView: View {
    let shell: Shell
    let pin: Pin

    var body: some View {
        Words(shell.words("pin"), .heading)
        DigitsView(shell: shell, digits: pin.digits, hidden: true)
        BigButton(shell.words("forgot_pin"), picture: "call") { pin.forgot() }
    }
}

struct CodeView: View {
    let shell: Shell
    let code: Code

    var body: some View {
        Words(code.heading, .heading)
        DigitsView(shell: shell, digits: code.digits, hidden: false)
    }
}

struct ReadOutView: View {
    let shell: Shell
    let readOut: ReadOut

    var body: some View {
        Words(readOut.heading, .heading)
        DigitsView(shell: shell, digits: readOut.digits, hidden: false)
    }
}

struct EnrolView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let enrol: Enrol
    @State private var camera = false

    private var photo: URL { shell.scratch.appendingPathComponent("code.jpg") }

    var body: some View {
        if enrol.ticket == nil {
            Words(shell.words("enrol_scan"), .heading)
            BigButton(shell.words("photograph_code"), picture: "camera", main: look.palette.blue) {
                Task {
                    if await Camera.allowed() { camera = true } else { enrol.noCamera() }
                }
            }
            .sheet(isPresented: $camera) {
                Camera(into: photo) { taken in
                    camera = false
                    guard taken else { return }
                    enrol.scanned(readCode(photo))
                    try? FileManager.default.removeItem(at: photo)
                }
                .ignoresSafeArea()
            }
            if enrol.knowsRelay {
                BigButton(shell.words("read_out_go"), picture: "call") { enrol.type() }
            }
            Words(shell.words("enrol_text"))
            BigButton(shell.words("paste"), picture: "paper") { enrol.paste(UIPasteboard.general.string) }
        } else {
            Words(shell.words("enrol_pin"), .heading)
            DigitsView(shell: shell, digits: enrol.digits, hidden: false)
        }
    }
}
#endif
