// Walks every interview by the generic rule: at each question another answer than last time, until every answer of every
// question was given once or the walks are used up. Each screen is looked at when it is first seen.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
final class Walk {
    private let stage: Stage
    private var used: [String: Int] = [:]
    private(set) var seen: Set<String> = []
    private(set) var kinds: Set<String> = []

    private static let longest = 60
    private static let skip = "skip"

    init(_ stage: Stage) { self.stage = stage }

    /// From the first question to the review, `times` times; `begin` opens the first question. The last is saved.
    func all(_ form: String, times: Int, begin: () throws -> Void) async throws {
        for number in 1...times {
            try begin()
            try await rest(form, save: number == times)
        }
    }

    /// From the question that is open to the end.
    func rest(_ form: String, save: Bool = true) async throws {
        let interview = try stage.screen(Interview.self)
        var before: (id: String, option: String)?
        for _ in 0..<Self.longest {
            guard let question = interview.question else {
                look(interview, "\(form)/review")
                let lines = try #require(interview.review, "\(form) shows neither question nor review")
                #expect(!lines.isEmpty && lines.allSatisfy { !$0.text.isEmpty && !$0.speech.isEmpty }, "\(form)/review")
                if save { try goOn(interview) } else { interview.discard() }
                #expect(stage.shell.screen is HomeScreen, "\(form) does not end on the first screen: \(stage.shell.said?.text ?? "")")
                return
            }
            let name = "\(form)/\(question.id)"
            kinds.insert(question.kind)
            if seen.insert(name).inserted {
                look(interview, name)
                look(question, name)
                if let before { try await backAndForth(interview, name, question.id, before) }
            }
            let option = least(question, name)
            let step = interview.step
            try await answer(interview, option)
            #expect(interview.step != step, "\(name) does not go on with \(option): \(stage.shell.said?.text ?? "")")
            before = (question.id, option)
        }
        throw Failure("\(form) does not end")
    }

    /// What every screen has: words in its head, and the whole of it in spoken words, which were spoken when it came.
    private func look(_ screen: Interview, _ name: String) {
        #expect(!screen.title.isEmpty && !screen.title.contains("_"), "\(name) has no title")
        #expect(!screen.speech.isEmpty && !screen.speech.contains("_"), "\(name) says nothing")
        #expect(stage.voice.said.last?.hasSuffix(screen.speech) == true, "\(name) is not spoken")
        #expect(screen.picture.map { !$0.isEmpty } == true, "\(name) has no picture")
        if screen.review != nil { #expect(screen.mainWay?.isEmpty == false, "\(name) cannot be saved") }
    }

    private func look(_ question: Question, _ name: String) {
        #expect(!question.text.isEmpty && !question.speech.isEmpty && !question.picture.isEmpty, "\(name) has no text, speech or picture")
        #expect(question.step <= question.steps, "\(name) is step \(question.step) of \(question.steps)")
        #expect(Widget(kind: question.kind) != .unknown, "\(name) asks for a \(question.kind)")
        for choice in question.choices ?? [] {
            #expect(!choice.text.isEmpty && !choice.speech.isEmpty && !choice.picture.isEmpty, "\(name): \(choice.code)")
        }
        if ["choice", "choices"].contains(question.kind) { #expect(question.choices?.isEmpty == false, "\(name) has nothing to choose") }
    }

    /// Back shows the question before, with what was answered; the same answer leads here again.
    private func backAndForth(_ interview: Interview, _ name: String, _ id: String, _ before: (id: String, option: String)) async throws {
        interview.back()
        #expect(interview.question?.id == before.id, "back from \(name)")
        guard interview.question?.id == before.id else { return }
        if before.option != Self.skip, interview.question?.kind != "confirm" {
            #expect(interview.question?.value != nil, "\(before.id) has forgotten its answer")
        }
        try await answer(interview, before.option)
        #expect(interview.question?.id == id, "forth to \(name)")
    }

    private func least(_ question: Question, _ name: String) -> String {
        var options: [String]
        switch question.kind {
        case "choice", "choices": options = (question.choices ?? []).map(\.code)
        case "household", "person": options = (question.choices ?? []).prefix(2).map(\.code)
        case "yes_no": options = ["yes", "no"]
        default: options = ["filled"]
        }
        if question.optional { options.append(Self.skip) }
        let option = options.min { used["\(name)=\($0)", default: 0] < used["\(name)=\($1)", default: 0] } ?? Self.skip
        used["\(name)=\(option)", default: 0] += 1
        return option
    }

    private func answer(_ interview: Interview, _ option: String) async throws {
        if option == Self.skip { return interview.skip() }
        switch interview.widget {
        case .choice, .yesNo, .picker:
            interview.tap(try #require(interview.choices.first { $0.code == option }))
        case .choices:
            // What is proposed is unmarked, so that this answer alone counts.
            for choice in interview.choices where interview.isMarked(choice.code) != (choice.code == option) { interview.tap(choice) }
            try goOn(interview)
        case .number:
            if interview.half.digits.isEmpty { interview.type("3") }
            try goOn(interview)
        case .text:
            interview.half.words = "村口石桥边"
            try goOn(interview)
        case .voice:
            await interview.record()
            #expect(interview.recording)
            await interview.record()
            interview.hear()
            try goOn(interview)
        case .photo, .signature:
            let file = interview.file("picture.jpg")
            try Stage.jpeg.write(to: file)
            interview.took(file)
            try goOn(interview)
        case .date, .confirm:
            try goOn(interview)
        case .unknown, nil:
            throw Failure("nothing to answer")
        }
    }
    /// Taps the main button, which must be there.
    private func goOn(_ interview: Interview) throws {
        let words = try #require(interview.mainWay, "\(interview.question?.id ?? "") has no way on")
        #expect(!words.isEmpty && !words.contains("_"))
        interview.next()
    }
}
