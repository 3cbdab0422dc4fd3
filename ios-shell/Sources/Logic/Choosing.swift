// The settings, each a handful of large buttons.
import Foundation
import Observation

@MainActor
@Observable
public final class Choosing: ScreenModel {
    @ObservationIgnored private unowned let shell: Shell

    init(_ shell: Shell) {
        self.shell = shell
    }

    public var title: String { shell.words("settings") }
    public var picture: String? { "wrench" }
    public var speech: String { shell.words("settings_speech") }
    public var openWhileLocked: Bool { true }

    /// One thing that can be chosen.
    public struct Option: Identifiable {
        public let id: String
        public let words: String
        public let chosen: Bool
        public let choose: @MainActor () -> Void
    }

    /// A heading and what can be chosen under it.
    public struct Group: Identifiable {
        public let id: String
        public let words: String
        public let options: [Option]
    }

    /// That all this phone can say are the placeholders that come with the app; none where it has a voice.
    public var makeshift: String? {
        shell.device.voice.speaks(shell.settings.language) ? nil : shell.words("makeshift_voice")
    }

    public var groups: [Group] {
        let settings = shell.settings
        return [
            group("text_size", Settings.bodies, ["size_normal", "size_large", "size_larger", "size_largest"], settings.body) { settings.body = $0 },
            group("tapping", [true, false], ["one_tap", "two_taps"], settings.oneTap) { settings.oneTap = $0 },
            group("speed", Settings.speeds, ["slow", "steady", "fast"], settings.speed) { settings.speed = $0 },
            group("colours", Contrast.allCases, ["colours_normal", "colours_high", "colours_dark"], settings.contrast) { settings.contrast = $0 },
            group("language", ["zh-CN", "en"], ["chinese", "english"], settings.language) { [shell] in shell.speakLanguage($0) },
        ]
    }

    private func group<T: Equatable>(_ id: String, _ values: [T], _ keys: [String], _ now: T, set: @escaping @MainActor (T) -> Void) -> Group {
        let options = zip(values, keys).map { [shell] value, key in
            Option(id: key, words: shell.words(key), chosen: value == now) {
                set(value)
                shell.say(shell.words(key))
            }
        }
        return Group(id: id, words: shell.words(id), options: options)
    }

    public func back() { shell.leave() }
}
