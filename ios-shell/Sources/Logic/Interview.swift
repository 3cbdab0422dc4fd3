// One question a screen, then what will be saved. What is asked, and what comes next, is the core's.
import Foundation
import Observation

@MainActor
@Observable
public final class Interview: ScreenModel {
    /// As `start` or `amend` named it; a draft is listed under it.
    public let id: String
    public let kind: String
    public private(set) var step: Step
    public var half: HalfAnswer
    /// A voice is being recorded.
    public private(set) var recording = false
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell, _ started: Started, kind: String) {
        self.shell = shell
        id = started.interview
        self.kind = kind
        step = started.step
        half = HalfAnswer(started.step.question, today: shell.device.now())
    }

    public var title: String { shell.words(nameOf(kind: kind)) }
    public var picture: String? { pictureOf(kind: kind) }
    public var question: Question? { step.question }
    public var review: [Line]? { step.review }
    public var widget: Widget? { question.map { Widget(kind: $0.kind) } }

    public var speech: String {
        if let question {
            return [question.quote?.speech, question.speech, hint].compactMap(\.self).joined(separator: " ")
        }
        return shell.words("review_speech") + (review ?? []).map(\.speech).joined()
    }

    private var hint: String? {
        switch widget {
        case .date: day
        case .unknown: shell.words("app_too_old")
        default: nil
        }
    }

    // Answers by tapping

    /// What can be tapped: the question's own choices, or yes and no.
    public var choices: [Choice] {
        guard widget == .yesNo else { return question?.choices ?? [] }
        return ["yes", "no"].map { Choice(code: $0, text: shell.words($0), speech: shell.words($0), picture: $0) }
    }

    public func isMarked(_ code: String) -> Bool {
        widget == .choices ? half.marked.contains(code) : half.chosen == code
    }

    /// Chooses at once, or, where the settings say so, speaks first and is chosen by the second tap. Of several it marks one.
    public func tap(_ choice: Choice) {
        switch widget {
        case .choices: mark(choice)
        case .yesNo: choose(choice.code, choice.speech, .flag(choice.code == "yes"))
        default: choose(choice.code, choice.speech, .text(choice.code))
        }
    }

    public func tap(_ hit: SearchHit) { choose(hit.id, hit.speech, .text(hit.id)) }

    private func mark(_ choice: Choice) {
        let removed = half.marked.remove(choice.code) != nil
        if !removed { half.marked.insert(choice.code) }
        shell.say(shell.words(removed ? "unmarked" : "marked", choice.speech))
    }

    private var tappedOnce: String?

    private func choose(_ code: String, _ speech: String, _ value: Answer) {
        if shell.settings.oneTap || tappedOnce == code {
            answer(value)
        } else {
            tappedOnce = code
            half.chosen = code
            shell.say(speech + shell.words("tap_again"))
        }
    }

    // Answers by keys

    /// A digit or the point.
    public func type(_ key: String) {
        half.type(key)
        shell.say(half.digits)
    }

    public func erase() {
        half.digits = String(half.digits.dropLast())
        shell.say(half.digits)
    }

    /// The day in words.
    public var day: String {
        Days.show(half.day, pattern: shell.words("date_pattern"), language: shell.settings.language)
    }

    /// `days` from today.
    public func setDay(fromToday days: Int) {
        half.day = shell.device.now()
        step(.day, by: days)
    }

    /// `unit` is day, month or year.
    public func step(_ unit: Calendar.Component, by count: Int) {
        half.day = Days.calendar.date(byAdding: unit, value: count, to: half.day) ?? half.day
        shell.say(day)
    }

    /// A part of the day's date: its day, month or year.
    public func part(_ unit: Calendar.Component) -> Int { Days.calendar.component(unit, from: half.day) }

    /// By initials, door number or name; none shows the likeliest again.
    public func seek(_ text: String?) {
        half.sought = text
        half.hits = []
        guard let text, !text.isEmpty else { return }
        let found = shell.attempt { try shell.phone.search(text: text, limit: 8) } ?? []
        half.hits = found.filter { $0.kind == "household" }
    }

    /// The system's understanding of speech, where there is one.
    public func sayName() async {
        shell.hush()
        guard let heard = await shell.device.listener.hear(shell.settings.language) else {
            return shell.tell(Said(shell.words("no_listening"), good: false))
        }
        let name = heard.trimmingCharacters(in: .whitespacesAndNewlines)
        if !name.isEmpty { seek(name) }
    }

    // Answers by voice and picture

    /// Where a picture or a signature is to be written.
    public func file(_ name: String) -> URL { shell.scratch.appendingPathComponent(name) }

    /// Begins to record, or ends.
    public func record() async {
        guard !recording else { return endRecording() }
        shell.hush()
        if await shell.device.recorder.start(into: file("recording.m4a")) {
            recording = true
        } else {
            shell.tell(Said(shell.words("no_microphone"), good: false))
        }
    }

    private func endRecording() {
        recording = false
        if shell.device.recorder.stop() {
            half.file = file("recording.m4a")
        } else {
            shell.tell(Said(shell.words("nothing_heard"), good: false))
        }
    }

    public func hear() {
        shell.hush()
        if let file = half.file { shell.device.player.play(file) {} }
    }

    /// A picture or a signature that the view has written; none begins anew.
    public func took(_ file: URL?) { half.file = file }

    /// There is no camera, or it may not be used: the question stays answerable without.
    public func noCamera() { shell.tell(Said(shell.words("no_camera"), good: false)) }

    public func dial() {
        if let number = question?.dial { shell.dial(number) }
    }

    // Going on

    /// Words of the main button, where tapping an answer does not go on by itself.
    public var mainWay: String? {
        switch widget {
        case nil: review == nil ? nil : shell.words("save")
        case .choice: question?.value == nil ? nil : shell.words("next")
        case .yesNo, .picker: nil
        case .choices, .number, .date, .text, .signature: shell.words("next")
        case .voice, .photo: half.file == nil ? nil : shell.words("next")
        case .confirm: shell.words("confirm")
        case .unknown: shell.words("to_first_screen")
        }
    }

    /// What the main button does.
    public func next() {
        switch widget {
        case nil: save()
        case .choice: if let code = question?.value?.asText { answer(.text(code)) }
        case .choices: answer(.list(choices.map(\.code).filter(half.marked.contains)))
        case .number: answer(Double(half.digits).map(Answer.number), else: "tap_number")
        case .date: answer(.text(Days.iso(half.day)))
        case .text:
            let words = half.words.trimmingCharacters(in: .whitespacesAndNewlines)
            answer(words.isEmpty ? nil : .text(words), else: "write_words")
        case .voice, .photo: if let file = half.file { answer(.text(file.path)) }
        case .signature: answer(half.file.map { .text($0.path) }, else: "sign_here")
        case .confirm: answer(.flag(true))
        case .unknown: shell.home()
        case .yesNo, .picker: break
        }
    }

    public func skip() { move { try shell.phone.skip(interview: id) } }

    private func answer(_ value: Answer?, else missing: String) {
        if let value { answer(value) } else { shell.tell(Said(shell.words(missing), good: false)) }
    }

    private func answer(_ value: Answer) { move { try shell.phone.answer(interview: id, value: value) } }

    private func move(_ call: () throws -> Step) {
        stopRecording()
        guard let next = shell.attempt(call) else { return }
        show(next)
    }

    private func show(_ next: Step) {
        step = next
        half = HalfAnswer(next.question, today: shell.device.now())
        tappedOnce = nil
        shell.moved()
    }

    /// To the question before; from the first one out, and the draft stays under my records.
    public func back() {
        stopRecording()
        guard let there = shell.attempt({ try shell.phone.back(interview: id) }) else { return }
        if there.question?.id == question?.id { shell.leave() } else { show(there) }
    }

    private func stopRecording() {
        if recording { _ = shell.device.recorder.stop() }
        recording = false
        shell.device.player.stop()
    }

    private func save() {
        guard let saved = shell.attempt({ try shell.phone.save(interview: id) }) else { return }
        shell.device.background.soon()
        let state = shell.words(Sign(state: saved.syncState ?? "waiting").key)
        shell.home(Said(shell.words("saved", state), good: true, speech: shell.words("saved_speech")))
    }

    public func discard() {
        guard shell.attempt({ try shell.phone.discard(interview: id) }) != nil else { return }
        shell.home(Said(shell.words("discarded"), good: true))
    }
}
