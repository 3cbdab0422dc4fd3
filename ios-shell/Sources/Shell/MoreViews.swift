// Everything that is not daily work: sending by hand, courier, practice, settings, help.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import UniformTypeIdentifiers
import XungeLogic

struct SendingView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let sending: Sending

    var body: some View {
        if let progress = sending.progress {
            Banner(words: "\(shell.words("received_by_town")) \(progress.acknowledged)", picture: "received", colour: look.palette.green)
            Banner(words: "\(shell.words("state_waiting")) \(progress.waiting)", picture: "waiting", colour: look.palette.amber)
        }
        Words(sending.line, .heading)
        Words(shell.words("sync_by_itself"))
        BigButton(shell.words("courier"), picture: "letter") { sending.courier() }
    }
}

/// A sealed file on its way to whoever carries it.
private struct Given: Identifiable {
    let file: URL
    var id: String { file.path }
}

struct CourierView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let courier: Courier
    @State private var given: Given?
    @State private var choosing = false

    var body: some View {
        Words(shell.words("courier_speech"))
        if let handed = courier.handed {
            BigButton(shell.words("courier_take_this"), picture: "inbox", main: look.palette.green) { courier.take(handed) }
        }
        BigButton(shell.words("courier_give"), picture: "send", main: look.palette.blue) { given = courier.give().map(Given.init) }
            .sheet(item: $given) { Share(file: $0.file) }
        BigButton(shell.words("courier_take"), picture: "inbox") { choosing = true }
            .fileImporter(isPresented: $choosing, allowedContentTypes: [.data]) { chosen in
                if case let .success(file) = chosen { courier.take(file) }
            }
    }
}

struct MoreView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let more: More

    var body: some View {
        entry("household", "kind_household", more.households)
        if !more.practising {
            entry("school", "practice", more.practise)
            entry("letter", "courier", more.courier)
            entry("camera", "my_photo", more.myPhoto)
        }
        entry("wrench", "settings", more.settings)
        entry("call", "help", more.help)
        entry("lock", "lock", more.lock)
    }

    private func entry(_ picture: String, _ key: String, _ tap: @escaping () -> Void) -> some View {
        LinkRow(says: shell.words(key), tap: tap) { Picture(name: picture, colour: look.palette.ink) } inside: { Words(shell.words(key), bold: true) }
    }
}

struct MyPhotoView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let mine: MyPhoto
    @State private var camera = false

    private var photo: URL { shell.scratch.appendingPathComponent("me.jpg") }

    var body: some View {
        Portrait(name: mine.card?.name ?? "", photo: mine.card?.photo, size: 160).frame(maxWidth: .infinity)
        Words(shell.words("my_photo_speech"))
        BigButton(mine.button, picture: "camera", main: look.palette.blue) {
            Task {
                if await Camera.allowed() { camera = true } else { mine.noCamera() }
            }
        }
        .sheet(isPresented: $camera) {
            Camera(into: photo, longestSide: 480) { taken in
                camera = false
                guard taken else { return }
                mine.take(photo)
                try? FileManager.default.removeItem(at: photo)
            }
            .ignoresSafeArea()
        }
    }
}

struct ChoosingView: View {
    let shell: Shell
    let choosing: Choosing

    var body: some View {
        ForEach(choosing.groups) { group in
            Words(group.words, .heading)
            Cards(items: group.options) { option in
                BigButton(option.words, picture: option.chosen ? "yes" : nil, chosen: option.chosen) { option.choose() }
            }
            if group.id == "speed", let makeshift = choosing.makeshift { Words(makeshift) }
        }
    }
}

struct HelpView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let help: Help

    var body: some View {
        Words(shell.words("help_speech"))
        if help.number != nil {
            BigButton(shell.words("call_supervisor"), picture: "call", main: look.palette.blue) { help.call() }
        }
        Words(shell.words("supervisor_number"), .heading)
        Words(help.number ?? shell.words("no_number"), .figure, bold: true)
        if help.typing { NumberKeys(point: nil, erase: shell.words("delete"), tap: help.type, back: help.erase) }
    }
}
#endif
