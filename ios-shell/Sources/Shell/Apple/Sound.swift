// The system's voice, microphone and loudspeaker.
#if canImport(AVFoundation) && os(iOS)
import AVFoundation
import XungeLogic

@MainActor
public final class SystemVoice: Voice {
    private let synthesizer = AVSpeechSynthesizer()

    public init() {}

    public func say(_ words: String, language: String, speed: Double) {
        stop()
        let utterance = AVSpeechUtterance(string: words)
        utterance.voice = AVSpeechSynthesisVoice(language: language == "en" ? "en-GB" : language)
        utterance.rate = AVSpeechUtteranceDefaultSpeechRate * Float(speed)
        synthesizer.speak(utterance)
    }

    public func stop() { synthesizer.stopSpeaking(at: .immediate) }
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
public final class SystemPlayer: Player {
    private var player: AVAudioPlayer?

    public init() {}

    public func play(_ file: URL) {
        try? AVAudioSession.sharedInstance().setCategory(.playback)
        player = try? AVAudioPlayer(contentsOf: file)
        player?.play()
    }

    public func stop() { player = nil }
}
#endif
