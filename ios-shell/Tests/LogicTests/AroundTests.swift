// Settings, several workers, search, courier, help, practice.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
@Suite(.serialized)
struct AroundTests {
    @Test
    func a_visit_takes_six_taps() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        var taps = 1
        for code in [nil, "VP08", "MW01", "yes"] {
            interview.tap(try #require(interview.choices.first { code == nil || $0.code == code }))
            taps += 1
        }
        try #require(interview.review != nil)
        interview.next()
        taps += 1
        #expect(taps <= 6)
        #expect(stage.shell.said?.good == true)
        #expect(try stage.home().home?.progress.waiting == 1)
    }

    @Test
    func with_two_taps_the_first_speaks_and_the_second_chooses() async throws {
        let stage = try await Stage()
        stage.shell.settings.oneTap = false
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        let (one, other) = (interview.choices[0], interview.choices[1])
        let first = interview.question?.id
        interview.tap(one)
        #expect(interview.question?.id == first && interview.isMarked(one.code))
        #expect(stage.voice.said.last == one.speech + stage.shell.words("tap_again"))
        interview.tap(other)
        #expect(interview.question?.id == first && !interview.isMarked(one.code))
        interview.tap(other)
        #expect(interview.question?.id != first)
    }

    @Test
    func a_household_is_found_by_the_initials_of_its_name() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        interview.seek("")
        #expect(interview.half.sought == "" && interview.half.hits.isEmpty)
        interview.seek("L")
        let hit = try #require(interview.half.hits.first)
        interview.seek("LZZZZZQ")
        #expect(interview.half.hits.isEmpty)
        interview.seek("L")
        let first = interview.question?.id
        interview.tap(hit)
        #expect(interview.question?.id != first)
        interview.back()
        #expect(interview.question?.value == .text(hit.id))
    }

    @Test
    func a_household_is_found_by_its_spoken_name_and_a_device_that_does_not_understand_says_so() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let interview = try stage.screen(Interview.self)
        interview.seek("L")
        let hit = try #require(interview.half.hits.first)
        interview.seek("")
        await interview.sayName()
        #expect(stage.shell.said?.text == stage.shell.words("no_listening"))
        stage.ear.heard = " \(hit.title)\n"
        await interview.sayName()
        #expect(interview.half.sought == hit.title)
        #expect(interview.half.hits.contains { $0.id == hit.id })
    }

    @Test
    func a_question_of_a_kind_that_this_app_does_not_know_asks_for_the_update_and_stays_a_draft() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let begun = try stage.screen(Interview.self)
        var step = begun.step
        step.question?.kind = "hologram"
        let interview = Interview(stage.shell, Started(interview: begun.id, step: step), kind: "visit")
        stage.shell.go(interview)
        #expect(interview.widget == .unknown)
        #expect(stage.voice.said.last?.contains("要更新软件") == true)
        #expect(interview.mainWay == stage.shell.words("to_first_screen"))
        interview.next()
        try stage.home().records(.draft)
        #expect(try stage.screen(Records.self).rows.count == 1)
    }

    @Test
    func without_a_camera_the_question_says_so_and_can_be_left_out() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        let begun = try stage.screen(Interview.self)
        var step = begun.step
        step.question?.kind = "photo"
        step.question?.optional = true
        let interview = Interview(stage.shell, Started(interview: begun.id, step: step), kind: "visit")
        stage.shell.go(interview)
        interview.noCamera()
        #expect(stage.shell.said?.text.contains("用不了相机") == true)
        #expect(interview.question?.optional == true && interview.mainWay == nil)
    }

    @Test
    func settings_are_kept_and_the_language_changes_at_once() async throws {
        let stage = try await Stage()
        try stage.home().more()
        try stage.screen(More.self).settings()
        let settings = try stage.screen(Choosing.self)
        for option in ["size_largest", "two_taps", "fast", "colours_dark", "english"] {
            let found = settings.groups.flatMap(\.options).first { $0.id == option }
            try #require(found, "\(option) cannot be chosen").choose()
        }
        #expect(settings.title == "Settings")
        #expect(settings.groups.flatMap(\.options).filter(\.chosen).map(\.id) == ["size_largest", "two_taps", "fast", "colours_dark", "english"])
        try await stage.kill()
        #expect(stage.shell.settings.body == 36)
        #expect(stage.shell.settings.contrast == .dark)
        #expect(try stage.screen(Workers.self).heading == "Who are you?")
    }

    @Test
    func practice_is_visibly_different_and_leaves_nothing_behind() async throws {
        let stage = try await Stage()
        let before = try stage.home().home?.progress.saved
        try stage.home().more()
        try stage.screen(More.self).practise()
        #expect(stage.shell.practising && stage.shell.title.hasPrefix("练习"))
        try stage.begin("visit")
        try await Walk(stage).rest("visit")
        try stage.home().endPractice()
        #expect(!stage.shell.practising)
        #expect(try stage.home().home?.progress.saved == before)
    }

    @Test
    func what_waits_goes_by_courier_and_a_file_that_is_none_is_refused() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        try await Walk(stage).rest("visit")
        try stage.home().sync()
        try stage.screen(Sending.self).courier()
        let courier = try stage.screen(Courier.self)
        let file = try #require(courier.give(), "\(stage.shell.said?.text ?? "")")
        #expect(stage.shell.said?.good == true)
        #expect(try Data(contentsOf: file).count > 100)
        let other = stage.folder.appendingPathComponent("song.mp3")
        courier.take(other)
        #expect(stage.shell.said?.text == stage.shell.words("file_unreadable"))
        try Data("la la la".utf8).write(to: other)
        courier.take(other)
        #expect(stage.shell.said?.good == false)
        stage.shell.takeFile(file)
        #expect(try stage.screen(Courier.self).handed == file)
    }

    @Test
    func help_calls_the_number_that_was_typed_and_says_where_no_call_is_possible() async throws {
        let stage = try await Stage(unlocked: false)
        try stage.screen(Workers.self).help()
        let help = try stage.screen(Help.self)
        #expect(help.number == nil)
        "05551234x".forEach { help.type(String($0)) }
        help.erase()
        help.call()
        #expect(stage.telephone.dialled == ["05551234"])
        stage.telephone.works = false
        help.call()
        #expect(stage.shell.said?.text.contains("05551234") == true && stage.shell.said?.good == false)
    }

    @Test
    func a_second_worker_opens_the_same_phone_and_sees_only_their_own_records() async throws {
        let stage = try await Stage()
        try stage.begin("visit")
        try await Walk(stage).rest("visit")
        stage.shell.lock()
        try stage.screen(Workers.self).enrol()
        let enrol = try stage.screen(Enrol.self)
        enrol.scanned(try await Town.shared().ticket("孙桂兰"))
        "9753".forEach { enrol.digits.type(String($0)) }
        await enrol.enrol()
        #expect(stage.shell.worker?.name == "孙桂兰", "\(stage.shell.said?.text ?? "")")
        #expect(try stage.home().home?.progress.saved == 0)
        stage.shell.lock()
        #expect(try stage.screen(Workers.self).cards.count == 2)
    }

    @Test
    func a_worker_s_own_picture_is_on_the_card_after_the_lock() async throws {
        let stage = try await Stage()
        try stage.home().more()
        try stage.screen(More.self).myPhoto()
        let mine = try stage.screen(MyPhoto.self)
        #expect(mine.card?.photo == nil && mine.button == stage.shell.words("take_photo"))
        let file = stage.folder.appendingPathComponent("me.jpg")
        try Data("no picture".utf8).write(to: file)
        mine.take(file)
        #expect(stage.shell.said?.good == false && mine.card?.photo == nil)
        try Stage.jpeg.write(to: file)
        mine.take(file)
        #expect(stage.shell.said?.good == true && mine.card?.photo != nil)
        stage.shell.lock()
        #expect(try stage.screen(Workers.self).cards.first?.photo != nil)
    }
}
