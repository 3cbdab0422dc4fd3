// The system's voice, microphone and loudspeaker.
#if canImport(AVFoundation) && os(iOS)
import AVFoundation
import XungeLogic

@MainActor
public final class SystemVoice: NSObject, Voice, AVSpeechSynthesizerDelegate {
    private let synthesizer = AVSpeechSynthesizer()
    private var saying: AVSpeechUtterance?
    private var done: (@MainActor () -> Void)?

    public override init() {
        super.init()
        synthesizer.delegate = self
    }

    private func voice(_ language: String) -> AVSpeechSynthesisVoice? {
        AVSpeechSynthesisVoice(language: language == "en" ? "en-GB" : language)
    }

    public func speaks(_ language: String) -> Bool { voice(language) != nil }

    public func say(_ words: String, language: String, speed: Double, done: @escaping @MainActor () -> Void) {
        stop()
        let utterance = AVSpeechUtterance(string: words)
        utterance.voice = voice(language)
        utterance.rate = AVSpeechUtteranceDefaultSpeechRate * Float(speed)
        saying = utterance
        self.done = done
        synthesizer.speak(utterance)
    }

    public func stop() {
        saying = nil
        done = nil
        synthesizer.stopSpeaking(at: .immediate)
    }

    public nonisolated func speechSynthesizer(_ synthesizer: AVSpeechSynthesizer, didFinish utterance: AVSpeechUtterance) {
        Task { @MainActor in
            guard utterance === self.saying, let done = self.done else { return }
            self.saying = nil
            self.done = nil
            done()
        }
    }
}

/// AAC in MP4, which browsers play.
@MainActor
public final class SystemRecorder: Recorder {
    private static let longest: TimeInterval = 5 * 60
    private var recorder: AVAudioRecorder?

    public init() {}

    public func start(into file: URL) async -> Bool {
        guard await AVAudioApplication.requestRecordPermission() else { return false }
        let settings: [String: Any] = [
            AVFormatIDKey: kAudioFormatMPEG4AAC, AVSampleRateKey: 16_000, AVNumberOfChannelsKey: 1, AVEncoderBitRateKey: 24_000,
        ]
        do {
            try AVAudioSession.sharedInstance().setCategory(.playAndRecord, options: .defaultToSpeaker)
            try AVAudioSession.sharedInstance().setActive(true)
            let made = try AVAudioRecorder(url: file, settings: settings)
            made.isMeteringEnabled = true
            guard made.record(forDuration: Self.longest) else { return false }
            recorder = made
            return true
        } catch {
            return false
        }
    }

    public var loudness: Double {
        guard let recorder else { return 0 }
        recorder.updateMeters()
        return pow(10, Double(recorder.averagePower(forChannel: 0)) / 20)
    }

    public func stop() -> Bool {
        guard let made = recorder else { return false }
        recorder = nil
        made.stop()
        try? AVAudioSession.sharedInstance().setActive(false, options: .notifyOthersOnDeactivation)
        let size = try? made.url.resourceValues(forKeys: [.fileSizeKey]).fileSize
        return (size ?? 0) > 0
    }
}

@MainActor
public final class SystemPlayer: NSObject, Player, AVAudioPlayerDelegate {
    private var player: AVAudioPlayer?
    private var done: (@MainActor () -> Void)?

    public override init() { super.init() }

    public func play(_ file: URL, done: @escaping @MainActor () -> Void) {
        try? AVAudioSession.sharedInstance().setCategory(.playback)
        player = try? AVAudioPlayer(contentsOf: file)
        player?.delegate = self
        self.done = done
        // What cannot be played is passed over, after this call has ended.
        if player?.play() != true { ended(player) }
    }

    public func stop() {
        player?.stop()
        player = nil
        done = nil
    }

    private nonisolated func ended(_ ended: AVAudioPlayer?) {
        Task { @MainActor in
            guard ended === self.player, let done = self.done else { return }
            self.done = nil
            done()
        }
    }

    public nonisolated func audioPlayerDidFinishPlaying(_ player: AVAudioPlayer, successfully flag: Bool) { ended(player) }
}
#endif
