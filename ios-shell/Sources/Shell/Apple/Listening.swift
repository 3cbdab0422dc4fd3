// The system's understanding of speech, for a name to be looked for. Nothing of it is kept.
#if canImport(Speech) && os(iOS)
import AVFoundation
import Speech
import XungeLogic

@MainActor
public final class SystemListener: Listener {
    /// A name is said in less.
    private static let longest: Duration = .seconds(4)
    private let engine = AVAudioEngine()

    public init() {}

    public func hear(_ language: String) async -> String? {
        let locale = Locale(identifier: language == "en" ? "en-GB" : language)
        guard let recognizer = SFSpeechRecognizer(locale: locale), recognizer.isAvailable,
              await Self.allowed(), await AVAudioApplication.requestRecordPermission()
        else { return nil }
        let request = SFSpeechAudioBufferRecognitionRequest()
        request.requiresOnDeviceRecognition = recognizer.supportsOnDeviceRecognition
        guard begin(request) else { return nil }
        let stopping = Task { @MainActor in
            try? await Task.sleep(for: Self.longest)
            end(request)
        }
        let heard = await withCheckedContinuation { (answer: CheckedContinuation<String, Never>) in
            var open = true
            var best = ""
            recognizer.recognitionTask(with: request) { result, error in
                best = result?.bestTranscription.formattedString ?? best
                guard open, result?.isFinal == true || error != nil else { return }
                open = false
                answer.resume(returning: best)
            }
        }
        stopping.cancel()
        end(request)
        return heard
    }

    private static func allowed() async -> Bool {
        await withCheckedContinuation { answer in
            SFSpeechRecognizer.requestAuthorization { answer.resume(returning: $0 == .authorized) }
        }
    }

    private func begin(_ request: SFSpeechAudioBufferRecognitionRequest) -> Bool {
        do {
            try AVAudioSession.sharedInstance().setCategory(.record)
            try AVAudioSession.sharedInstance().setActive(true)
            let input = engine.inputNode
            input.installTap(onBus: 0, bufferSize: 1024, format: input.outputFormat(forBus: 0)) { buffer, _ in request.append(buffer) }
            engine.prepare()
            try engine.start()
            return true
        } catch {
            end(request)
            return false
        }
    }

    private func end(_ request: SFSpeechAudioBufferRecognitionRequest) {
        engine.stop()
        engine.inputNode.removeTap(onBus: 0)
        request.endAudio()
        try? AVAudioSession.sharedInstance().setActive(false, options: .notifyOthersOnDeactivation)
    }
}
#endif
