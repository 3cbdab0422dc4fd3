// Nothing on a screen is mute: recordings of the county, else the system's voice, else what the app carries.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
@Suite(.serialized)
struct VoiceTests {
    @Test
    func the_county_s_recording_comes_first_then_the_system_s_voice_then_what_the_app_carries() {
        let parts = [
            SpeechPart(text: "李大山", keys: [], recordings: []),
            SpeechPart(text: "家，", keys: ["home"], recordings: []),
            SpeechPart(text: "该去了。", keys: ["due"], recordings: ["/dialect/due.m4a"]),
        ]
        let dialect = Utterance.recorded([URL(fileURLWithPath: "/dialect/due.m4a")])
        let carried = { (key: String) -> URL? in URL(fileURLWithPath: "/carried/\(key)") }
        #expect(plan(parts, speaks: true, carried: carried) == [.spoken("李大山家，"), dialect])
        #expect(plan(parts, speaks: false, carried: carried) == [.recorded([URL(fileURLWithPath: "/carried/home")]), dialect])
        #expect(plan(parts, speaks: false) { _ in nil } == [dialect])
    }

    @Test(arguments: ["zh-CN", "en"])
    func a_phone_without_a_voice_says_every_screen_by_the_recordings_that_the_app_carries(language: String) async throws {
        let stage = try await Stage(language: language)
        stage.voice.there = false
        let spoken = stage.voice.said.count
        var mute: [String] = []
        func look(_ name: String) {
            if stage.player.played.isEmpty { mute.append(name) }
            stage.player.played = []
        }
        stage.shell.home()
        #expect(stage.player.played.contains(URL(fileURLWithPath: "/carried/\(language)/number.0.mp3")))
        look("home")
        for form in ["visit", "dispute"] {
            try stage.begin(form)
            let interview = try stage.screen(Interview.self)
            look(form)
            interview.back()
            stage.player.played = []
        }
        try stage.home().more()
        look("more")
        try stage.screen(More.self).help()
        look("help")
        stage.shell.lock()
        look("locked")
        #expect(mute == [])
        #expect(stage.voice.said.count == spoken, "the system's voice was asked")
    }

    @Test
    func the_settings_name_the_app_s_recordings_as_makeshift_where_the_phone_has_no_voice() async throws {
        let stage = try await Stage()
        let choosing = Choosing(stage.shell)
        #expect(choosing.makeshift == nil)
        stage.voice.there = false
        #expect(choosing.makeshift == stage.shell.words("makeshift_voice"))
    }

    @Test
    func what_was_being_said_ends_where_something_else_is_said() {
        let (voice, player) = (HeldVoice(), Deck())
        let speaking = Speaking(Device(
            voice: voice, recorder: QuietRecorder(), player: player, background: Work(), dialler: Telephone(), listener: Ear(), now: Date.init))
        let recorded = SpeechPart(text: "二", keys: ["b"], recordings: ["/b"])
        speaking.say([SpeechPart(text: "一", keys: [], recordings: []), recorded], language: "zh-CN", speed: 1)
        #expect(player.played.isEmpty, "one after the other")
        let late = voice.done
        speaking.say([SpeechPart(text: "三", keys: [], recordings: [])], language: "zh-CN", speed: 1)
        late?()
        #expect(player.played.isEmpty, "what was stopped does not go on")
        #expect(voice.said == ["一", "三"])
    }

    /// Has not said anything to its end.
    @MainActor
    private final class HeldVoice: Voice {
        private(set) var said: [String] = []
        private(set) var done: (@MainActor () -> Void)?

        func speaks(_ language: String) -> Bool { true }

        func say(_ words: String, language: String, speed: Double, done: @escaping @MainActor () -> Void) {
            said.append(words)
            self.done = done
        }

        func stop() {}
    }
}
