// One question a screen, by one of a handful of widgets, then what will be saved.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import UIKit
import XungeLogic

struct InterviewView: View {
    @Environment(\.look) private var look
    let shell: Shell
    @Bindable var interview: Interview
    @State private var camera = false
    @State private var strokes: [[CGPoint]] = []
    @State private var digitKeys = false

    var body: some View {
        if let question = interview.question {
            ProgressView(value: Double(question.step), total: Double(max(question.steps, 1)))
                .tint(look.palette.green)
                .accessibilityLabel(shell.words("step_of", question.step, question.steps))
            if let quote = question.quote {
                Words(quote.text, .heading).framed(interview.kind == "warning_ack" ? look.palette.red : look.palette.purple, width: 3)
            }
            Words(question.text, .heading)
            if let number = question.dial {
                BigButton(shell.words("dial", number), picture: "call", main: look.palette.red) { interview.dial() }
            }
            widget(question).id(question.id)
                .sheet(isPresented: $camera) {
                    Camera(into: interview.file("picture.jpg")) { taken in
                        camera = false
                        if taken { interview.took(interview.file("picture.jpg")) }
                    }
                    .ignoresSafeArea()
                }
        }
        if let review = interview.review {
            Words(shell.words("review"), .heading)
            ForEach(review.indices, id: \.self) { at in Words(review[at].text).framed(look.palette.line) }
            BigButton(shell.words("discard"), picture: "no") { interview.discard() }
        }
    }

    @ViewBuilder private func widget(_ question: Question) -> some View {
        switch interview.widget {
        case .choice, .choices, .yesNo: choices
        case .picker: picker
        case .number: number
        case .date: date
        case .text: text(question)
        case .voice: VoiceView(shell: shell, interview: interview)
        case .photo: photo
        case .signature: signature(question)
        case .confirm: Picture(name: question.picture, colour: look.palette.green, size: 96).frame(maxWidth: .infinity)
        case .unknown: Words(shell.words("app_too_old"))
        case nil: EmptyView()
        }
    }

    @ViewBuilder private var choices: some View {
        Cards(items: interview.choices.filter { !isUrgent($0) }) { choice in
            let marked = interview.isMarked(choice.code)
            let colour = choice.picture == "call" ? look.palette.red : look.palette.ink
            Button { interview.tap(choice) } label: {
                VStack(spacing: 6) {
                    Picture(name: choice.picture, colour: colour, size: 48)
                    Words(choice.text, bold: true).multilineTextAlignment(.center)
                }
                .padding(10)
                .frame(maxWidth: .infinity, minHeight: 104)
                .background(marked ? look.palette.chosen : look.palette.paper)
                .clipShape(RoundedRectangle(cornerRadius: 12))
                .overlay(RoundedRectangle(cornerRadius: 12).stroke(marked ? look.palette.green : look.palette.line, lineWidth: marked ? 4 : 2))
            }
            .buttonStyle(.plain)
            .accessibilityLabel(choice.text)
            .accessibilityAddTraits(marked ? [.isButton, .isSelected] : .isButton)
        }
        ForEach(interview.choices.filter(isUrgent)) { choice in
            BigButton(choice.text, picture: choice.picture, main: look.palette.red) { interview.tap(choice) }
        }
    }

    /// What was just read out has happened already: nobody looks for this one among the others.
    private func isUrgent(_ choice: Choice) -> Bool { choice.picture == "call" && interview.question?.quote != nil }

    @ViewBuilder private var picker: some View {
        if let sought = interview.half.sought {
            Words(sought.isEmpty ? shell.words("search_hint") : sought, .heading, colour: sought.isEmpty ? look.palette.soft : nil)
                .framed(look.palette.ink, width: 3)
            ForEach(interview.half.hits, id: \.id) { hit in
                let words = [hit.title, hit.door].filter { !$0.isEmpty }.joined(separator: " · ")
                LinkRow(says: words, tap: { interview.tap(hit) }) { Portrait(name: hit.title) } inside: { Words(words, bold: true) }
            }
            if !sought.isEmpty, interview.half.hits.isEmpty { Words(shell.words("nothing_found")) }
            Keys(keys: digitKeys ? Keys.digits : Keys.letters) { interview.seek(sought + $0) }
            BigButton(shell.words(digitKeys ? "keys_letters" : "keys_digits")) { digitKeys.toggle() }
            BigButton(shell.words("delete"), picture: "back") { interview.seek(String(sought.dropLast())) }
            BigButton(shell.words("say_name"), picture: "microphone") { Task { await interview.sayName() } }
            BigButton(shell.words("to_list"), picture: "people") { interview.seek(nil) }
        } else {
            ForEach(interview.choices) { choice in
                LinkRow(says: choice.text, tap: { interview.tap(choice) }) { Portrait(name: choice.text) } inside: {
                    Words(choice.text, bold: true, colour: interview.isMarked(choice.code) ? look.palette.green : nil)
                }
            }
            BigButton(shell.words("search"), picture: "search") { interview.seek("") }
        }
    }

    @ViewBuilder private var number: some View {
        Words(interview.half.digits.isEmpty ? "0" : interview.half.digits, .figure, bold: true).framed(look.palette.ink, width: 3)
        NumberKeys(point: shell.words("point"), erase: shell.words("delete"), tap: interview.type, back: interview.erase)
    }

    @ViewBuilder private var date: some View {
        Words(interview.day, .heading).frame(maxWidth: .infinity)
        let near = [(0, "today"), (-1, "yesterday"), (1, "tomorrow"), (7, "in_a_week")]
        LazyVGrid(columns: [GridItem(.adaptive(minimum: look.body * 6), spacing: 10)], spacing: 10) {
            ForEach(near, id: \.1) { days, key in BigButton(shell.words(key)) { interview.setDay(fromToday: days) } }
        }
        ForEach([("day", Calendar.Component.day), ("month", .month), ("year", .year)], id: \.0) { key, unit in
            HStack(spacing: 10) {
                BigButton("−") { interview.step(unit, by: -1) }.accessibilityLabel(shell.words("less", shell.words(key)))
                Words("\(interview.part(unit)) \(shell.words(key))", bold: true).frame(maxWidth: .infinity)
                BigButton("＋") { interview.step(unit, by: 1) }.accessibilityLabel(shell.words("plus", shell.words(key)))
            }
        }
    }

    private func text(_ question: Question) -> some View {
        TextField("", text: $interview.half.words, axis: .vertical)
            .lineLimit(3...8)
            .font(.system(size: look.body))
            .foregroundStyle(look.palette.ink)
            .framed(look.palette.ink, width: 3)
            .accessibilityLabel(question.text)
    }

    @ViewBuilder private var preview: some View {
        if let file = interview.half.file, let image = UIImage(contentsOfFile: file.path) {
            Image(uiImage: image).resizable().scaledToFit().frame(maxHeight: 260).accessibilityLabel(shell.words("picture_taken"))
        }
    }

    @ViewBuilder private var photo: some View {
        preview
        BigButton(shell.words(interview.half.file == nil ? "take_photo" : "take_again"), picture: "camera", main: look.palette.blue) { photograph() }
    }

    @ViewBuilder private func signature(_ question: Question) -> some View {
        if interview.half.file != nil, strokes.isEmpty {
            preview
            BigButton(shell.words("sign_instead"), picture: "pen") { interview.took(nil) }
        } else {
            SignaturePad(strokes: $strokes) { image in
                let file = interview.file("signature.png")
                interview.took((try? image?.pngData()?.write(to: file)) == nil ? nil : file)
            }
            .accessibilityLabel(question.text)
            BigButton(shell.words("clear"), picture: "no") {
                strokes = []
                interview.took(nil)
            }
            BigButton(shell.words("thumbprint"), picture: "camera") {
                strokes = []
                interview.took(nil)
                photograph()
            }
        }
    }

    private func photograph() {
        Task {
            if await Camera.allowed() { camera = true } else { interview.noCamera() }
        }
    }
}

/// A recording: tap to speak, tap when done, hear it again, take it anew.
private struct VoiceView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let interview: Interview
    @State private var heard: [Double] = []

    private var label: String {
        shell.words(interview.recording ? "tap_to_stop" : interview.half.file == nil ? "tap_to_speak" : "speak_again")
    }

    var body: some View {
        VStack(spacing: 10) {
            Button { Task { await interview.record() } } label: {
                Picture(name: "microphone", colour: look.palette.on, size: 64)
                    .frame(width: 132, height: 132)
                    .background(look.palette.red)
                    .clipShape(Circle())
            }
            .buttonStyle(.plain)
            .accessibilityLabel(label)
            Words(label, bold: true)
            Waveform(heard: heard)
            if interview.half.file != nil, !interview.recording {
                Words(shell.words("recorded"), bold: true, colour: look.palette.green)
                BigButton(shell.words("hear"), picture: "speaker") { interview.hear() }
            }
        }
        .frame(maxWidth: .infinity)
        .task(id: interview.recording) {
            guard interview.recording else { return }
            heard = []
            while !Task.isCancelled {
                heard.append(shell.device.recorder.loudness)
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
#endif
