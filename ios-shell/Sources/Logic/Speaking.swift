// Speaks a screen, part by part: by the county's recordings in its dialect, else by the system's voice, else by the
// recordings that come with the app. What none of them can say, a name for instance, stands on the screen alone.
import Foundation

/// One thing to be said.
enum Utterance: Equatable {
    case recorded([URL])
    case spoken(String)
}

/// What says each part, in order; `speaks` is whether the system has a voice, `carried` the app's recording of a key.
func plan(_ parts: [SpeechPart], speaks: Bool, carried: (String) -> URL?) -> [Utterance] {
    var plan: [Utterance] = []
    for part in parts {
        if !part.recordings.isEmpty {
            plan.append(.recorded(part.recordings.map { URL(fileURLWithPath: $0) }))
        } else if speaks {
            // One after the other in one breath: a voice finds its melody by the whole sentence.
            if case let .spoken(before) = plan.last { plan[plan.count - 1] = .spoken(before + part.text) } else { plan.append(.spoken(part.text)) }
        } else {
            let own = part.keys.compactMap(carried)
            if !own.isEmpty, own.count == part.keys.count { plan.append(.recorded(own)) }
        }
    }
    return plan
}

@MainActor
final class Speaking {
    private let device: Device
    private var left: [Utterance] = []
    /// Counts what is said, so that what was stopped does not go on.
    private var turn = 0

    init(_ device: Device) { self.device = device }

    /// Speaks, and stops whatever is being said.
    func say(_ parts: [SpeechPart], language: String, speed: Double) {
        stop()
        left = plan(parts, speaks: device.voice.speaks(language)) { device.carried($0, language) }
        next(turn, language, speed)
    }

    private func next(_ of: Int, _ language: String, _ speed: Double) {
        guard of == turn, !left.isEmpty else { return }
        let goOn: @MainActor () -> Void = { [weak self] in self?.next(of, language, speed) }
        switch left.removeFirst() {
        case let .recorded(files): play(files, of, goOn)
        case let .spoken(words): device.voice.say(words, language: language, speed: speed, done: goOn)
        }
    }

    private func play(_ files: [URL], _ of: Int, _ done: @escaping @MainActor () -> Void) {
        guard of == turn else { return }
        guard let first = files.first else { return done() }
        device.player.play(first) { [weak self] in self?.play(Array(files.dropFirst()), of, done) }
    }

    func stop() {
        turn += 1
        left = []
        device.voice.stop()
        device.player.stop()
    }
}
