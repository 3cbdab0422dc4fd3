// Whatever happens to the app, what was answered is there.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
@Suite(.serialized)
struct NothingLostTests {
    @Test
    func a_killed_app_goes_on_with_the_draft_where_it_stood() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        interview.tap(try #require(interview.choices.first))
        let stood = interview.question?.id
        try await stage.kill()
        try await stage.unlock()
        try stage.home().records(.draft)
        let drafts = try stage.screen(Records.self)
        drafts.tap(try #require(drafts.rows.first))
        #expect(try stage.screen(Interview.self).question?.id == stood)
    }

    @Test
    func after_ten_minutes_out_of_sight_the_pin_leads_back_to_the_same_question() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        interview.tap(try #require(interview.choices.first))
        let stood = interview.question?.id
        stage.shell.left()
        stage.now += 9 * 60
        stage.shell.returned()
        #expect(stage.shell.worker != nil)
        stage.shell.left()
        stage.now += 11 * 60
        stage.shell.returned()
        #expect(stage.shell.worker == nil && stage.shell.screen is Workers)
        try await stage.unlock()
        #expect(try stage.screen(Interview.self).question?.id == stood)
        try await Walk(stage).rest("visit")
        #expect(try stage.home().home?.progress.waiting == 1)
    }

    @Test
    func a_fault_of_the_library_is_said_and_after_the_pin_the_same_question_stands_there() async throws {
        struct Fault: Error {}
        let stage = try await Stage()
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        interview.tap(try #require(interview.choices.first))
        let stood = interview.question?.id
        let none: Int? = stage.shell.attempt { throw Fault() }
        #expect(none == nil && stage.shell.worker == nil && stage.shell.screen is Workers)
        #expect(stage.shell.said?.text == stage.shell.words("fault"))
        try await stage.unlock()
        #expect(try stage.screen(Interview.self).question?.id == stood)
        try await Walk(stage).rest("visit")
        #expect(try stage.home().home?.progress.waiting == 1)
    }

    @Test
    func a_phone_without_room_says_so_before_the_work_is_done() async throws {
        let stage = try await Stage()
        #expect(try stage.home().nearlyFull == false)
        stage.room = 50_000_000
        #expect(try stage.home().nearlyFull)
        stage.room = 1_000_000
        try stage.begin("visit")
        #expect(stage.shell.said?.text == stage.shell.words("disk_full_first") && stage.shell.screen is HomeScreen)
        stage.room = 1_000_000_000
        try stage.begin("visit")
        #expect(stage.shell.screen is Interview)
    }

    @Test
    func a_wrong_pin_says_so_and_the_right_one_opens() async throws {
        let stage = try await Stage(unlocked: false)
        let workers = try stage.screen(Workers.self)
        workers.tap(try #require(workers.cards.first))
        try await stage.enterPin("0000")
        #expect(stage.shell.worker == nil && stage.shell.said?.good == false)
        #expect(try stage.screen(Pin.self).digits.typed.isEmpty)
        try await stage.enterPin()
        #expect(stage.shell.worker?.name == Town.name)
    }

    @Test
    func a_refused_microphone_is_said_and_the_question_stays_answerable() async throws {
        let stage = try await Stage()
        stage.recorder.allowed = false
        try stage.begin("dispute")
        let interview = try stage.screen(Interview.self)
        for _ in 0..<30 where interview.widget != .voice {
            if interview.question?.optional == true { interview.skip() } else if let choice = interview.choices.first, interview.widget != .choices {
                interview.tap(choice)
            } else {
                if let choice = interview.choices.first, !interview.isMarked(choice.code) { interview.tap(choice) }
                interview.next()
            }
        }
        try #require(interview.widget == .voice, "a dispute asks for a voice")
        let asked = interview.question?.id
        await interview.record()
        #expect(!interview.recording)
        #expect(stage.shell.said?.text == stage.shell.words("no_microphone"))
        stage.recorder.allowed = true
        stage.recorder.hears = false
        await interview.record()
        await interview.record()
        #expect(stage.shell.said?.text == stage.shell.words("nothing_heard"))
        #expect(interview.question?.id == asked)
        stage.recorder.hears = true
        await interview.record()
        await interview.record()
        interview.next()
        #expect(interview.question?.id != asked)
    }
}
