// Every screen of every interview, and every other screen: it has words, says them, and leads on and back.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
@Suite(.serialized)
struct EveryScreenTests {
    @Test(arguments: ["zh-CN", "en"])
    func every_question_of_every_interview_has_text_speech_a_way_back_and_no_dead_end(language: String) async throws {
        let stage = try await Stage(language: language)
        let walk = Walk(stage)
        for form in ["visit", "request", "dispute"] {
            try await walk.all(form, times: 8) { try stage.begin(form) }
        }
        try await walk.all("household", times: 4) {
            try stage.home().more()
            try stage.screen(More.self).households()
            let households = try stage.screen(Households.self)
            households.type("1")
            households.tap(try #require(households.hits.first))
        }
        stage.shell.practise(true)
        #expect(stage.shell.title.contains(stage.shell.words("practice")))
        try await walk.all("warning_ack", times: 6) {
            try stage.begin("warning_ack")
            let warnings = try stage.screen(Warnings.self)
            warnings.tap(try #require(warnings.open.first))
        }
        try stage.home().endPractice()
        let saved = try stage.home().home?.progress.saved
        // A household that was changed is no new record, and nothing of practice stays.
        #expect(saved == 3, "a visit, a request and a dispute")
        #expect(walk.seen.count > 40, "only \(walk.seen.count) screens were seen")
        #expect(walk.kinds.isSuperset(of: ["choice", "choices", "yes_no", "household", "voice"]), "\(walk.kinds)")
    }

    @Test(arguments: ["zh-CN", "en"])
    func every_other_screen_has_words_and_speech_and_leads_back(language: String) async throws {
        let stage = try await Stage(unlocked: false, language: language)
        func look(_ name: String, back: Bool = true) {
            let (screen, depth) = (stage.shell.screen, stage.shell.stack.count)
            #expect(screen.map { !$0.title.isEmpty && !$0.title.contains("_") } == true, "\(name) has no title")
            #expect(screen.map { !$0.speech.isEmpty && !$0.speech.contains("_") } == true, "\(name) says nothing")
            #expect(stage.voice.said.last?.isEmpty == false, "\(name) is not spoken")
            guard back else { return }
            screen?.back()
            #expect(stage.shell.stack.count == depth - 1, "\(name) does not lead back")
        }
        let workers = try stage.screen(Workers.self)
        look("workers", back: false)
        for (name, tap) in [("enrol", workers.enrol), ("sync", workers.sync), ("settings", workers.settings), ("help", workers.help)] {
            tap()
            #expect(stage.shell.screen?.openWhileLocked == true, "\(name) cannot be seen while locked")
            look(name)
        }
        workers.tap(try #require(workers.cards.first))
        try stage.screen(Pin.self).forgot()
        look("code")
        try await stage.unlock()
        look("home", back: false)
        try stage.begin("visit")
        try await Walk(stage).rest("visit")
        let home = try stage.home()
        home.tap(try #require(home.home?.tiles.first { $0.kind == "warning_ack" }))
        look("warnings")
        home.records()
        let records = try stage.screen(Records.self)
        #expect(records.rows.count == 1)
        records.tap(try #require(records.rows.first))
        look("record")
        look("records")
        home.records(.returned)
        try stage.screen(Records.self).all()
        #expect(try stage.screen(Records.self).rows.count == 1)
        look("all records")
        home.more()
        let more = try stage.screen(More.self)
        for (name, tap) in [("households", more.households), ("courier", more.courier), ("settings", more.settings), ("help", more.help)] {
            tap()
            look(name)
        }
        look("more")
        home.sync()
        look("sync")
    }

    @Test
    func every_text_is_there_in_both_languages_and_no_screen_asks_for_one_that_is_not() throws {
        let (chinese, english) = (Words(language: "zh-CN"), Words(language: "en"))
        #expect(chinese.keys == english.keys)
        let sources = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Sources").standardized
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        var asked: Set<String> = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for call in text.matches(of: /words\(([^()]*)/) {
                for key in call.output.1.matches(of: /"([a-z_]+)"/) { asked.insert(String(key.output.1)) }
            }
        }
        #expect(asked.count > 60, "only \(asked.count) texts are asked for")
        #expect(asked.subtracting(chinese.keys) == [])
        #expect(chinese("two_numbers", 3, 4) == "镇里已收到3条，待发送4条。")
        #expect(Words(language: "fr")("back") == chinese("back"))
    }
}
