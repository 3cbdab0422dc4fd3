// What lives as long as the app: the phone of the library, who has unlocked it, and the stack of screens.
import Foundation
import Observation

@MainActor
@Observable
public final class Shell {
    public private(set) var phone: Phone
    public let settings: Settings
    public let device: Device
    @ObservationIgnored private let folder: URL
    @ObservationIgnored private let keyStore: any KeyStore
    @ObservationIgnored private let speaking: Speaking
    /// Where half-made recordings and pictures lie until the core has taken them.
    public let scratch: URL

    /// Who has unlocked; none while locked.
    public private(set) var worker: Enrolled?
    public private(set) var practising = false
    public private(set) var stack: [any ScreenModel] = []
    /// What happened last, shown above the present screen.
    public private(set) var said: Said?
    /// A PIN is being stretched, or a phone enrolled.
    public private(set) var busy = false

    /// Whether "send now" runs, what has gone through so far, and how it ended last.
    public internal(set) var syncing = false
    public internal(set) var soFar: SyncReport?
    public internal(set) var lastSync: String?

    /// A courier's file that another app has handed over.
    public internal(set) var handed: URL?

    @ObservationIgnored private var leftAt: Date?
    /// Where a worker was when the phone locked itself.
    @ObservationIgnored private var kept: (worker: String, stack: [any ScreenModel])?

    private static let lockAfter: TimeInterval = 10 * 60

    /// `folder` must exist; the core keeps everything in it.
    public init(folder: URL, scratch: URL, keyStore: any KeyStore, settings: Settings, device: Device) {
        phone = Phone(folder: folder.path, keyStore: keyStore)
        self.folder = folder
        self.keyStore = keyStore
        speaking = Speaking(device)
        self.scratch = scratch
        self.settings = settings
        self.device = device
    }

    public var words: Words { settings.words }

    /// The screen that is to be seen.
    public var screen: (any ScreenModel)? { stack.last }

    /// What stands in the head of the present screen.
    public var title: String {
        let title = screen?.title ?? words("app_name")
        return practising ? words("practice_title", title) : title
    }

    /// Opens the folder and shows the first screen. Again is fine.
    public func begin() {
        home()
    }

    /// Who works with this phone, in the language of the settings.
    func workers() -> [WorkerCard] {
        attempt { try phone.open(locale: settings.language).workers } ?? []
    }

    // Moving about

    public func go(_ next: any ScreenModel) {
        said = nil
        stack.append(next)
        speak()
    }

    /// Instead of the present screen.
    func replace(_ next: any ScreenModel) {
        if stack.count > 1 { stack.removeLast() }
        go(next)
    }

    /// To the screen before.
    func leave() {
        said = nil
        if stack.count > 1 { stack.removeLast() }
        screen?.refresh()
        speak()
    }

    /// The first screen, with everything above it closed.
    public func home(_ said: Said? = nil) {
        self.said = said
        stack = []
        stack = [worker == nil ? Workers(self) : HomeScreen(self)]
        speak()
    }

    /// The present screen shows something else now.
    func moved() {
        said = nil
        speak()
    }

    /// Another app hands over a courier's file.
    public func takeFile(_ file: URL) {
        handed = file
        if worker != nil { go(Courier(self)) }
    }

    // Saying things

    /// Shows a line above the present screen, and speaks it.
    public func tell(_ said: Said) {
        self.said = said
        say(said.speech)
    }

    public func say(_ words: String) {
        // Where the library does not answer, all of it is for the system's voice.
        let parts = (try? phone.speech(text: words)) ?? [SpeechPart(text: words, keys: [], recordings: [])]
        speaking.say(parts, language: settings.language, speed: settings.speed)
    }

    /// Silence, for a recording to be made or heard.
    func hush() { speaking.stop() }

    /// The present screen in spoken words.
    public func speak() {
        say([said?.speech, screen?.speech].compactMap(\.self).joined(separator: " "))
    }

    /// Shows the number to be called, or says that this phone cannot call.
    public func dial(_ number: String) {
        if !device.dialler.dial(number) { tell(Said(words("no_dialler", number), good: false)) }
    }

    // Calls

    /// Runs a quick call; none if it failed, which is shown then.
    func attempt<T>(_ call: () throws -> T) -> T? {
        do {
            return try call()
        } catch {
            trouble(error)
            return nil
        }
    }

    /// Shows and speaks what a call answered; asks for the PIN if the phone is locked. What is no answer of the library's
    /// is a fault: it is said so, and the phone is opened anew.
    func trouble(_ error: any Error) {
        guard case let ApiError.Failed(code, text, speech, _, _) = error else { return fault() }
        if code == "locked", worker != nil { showLocked() }
        tell(Said(text, good: false, speech: speech))
    }

    /// After a fault: a phone anew on the same folder, locked; what was saved is on disk. The PIN leads back to the same screen.
    private func fault() {
        try? phone.close()
        phone = Phone(folder: folder.path, keyStore: keyStore)
        let stood = practising ? [] : stack
        let before = worker
        // Not where the phone does not even open: what draws the first screen would fail again.
        guard (try? phone.open(locale: settings.language)) != nil else { return tell(Said(words("unusable"), good: false)) }
        if before != nil { showLocked() }
        if let before, !stood.isEmpty { kept = (before.worker, stood) }
        tell(Said(words("fault"), good: false))
    }

    /// Unlocks or enrols beside the main thread, since a PIN takes long to stretch.
    func unlocking(_ work: @escaping @Sendable () async throws -> Enrolled) async {
        if let enrolled = await busily(work) { unlocked(enrolled) }
    }

    /// Runs `work` beside the main thread, one at a time; none if another runs, or if it failed, which is shown then.
    func busily<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async -> T? {
        guard !busy else { return nil }
        busy = true
        let result = await Task.detached { () -> Result<T, any Error> in
            do { return .success(try await work()) } catch { return .failure(error) }
        }.value
        busy = false
        switch result {
        case let .success(made): return made
        case let .failure(error):
            trouble(error)
            return nil
        }
    }

    // Locking

    private func unlocked(_ enrolled: Enrolled) {
        worker = enrolled
        practising = false
        said = nil
        // Kept, because a forgotten PIN is when it is needed.
        if let number = enrolled.helpPhone { settings.town = number }
        if let kept, kept.worker == enrolled.worker {
            stack = kept.stack
            screen?.refresh()
            speak()
        } else {
            home()
        }
        kept = nil
    }

    /// Forgets the key. What waits is sealed, so that it can still be sent.
    public func lock() {
        guard attempt({ try phone.lock() }) != nil else { return }
        kept = nil
        showLocked()
    }

    private func showLocked() {
        worker = nil
        practising = false
        home()
    }

    /// The app is out of sight.
    public func left() {
        leftAt = device.now()
        hush()
    }

    /// The app is back; after ten minutes it wants the PIN again.
    public func returned() {
        guard let leftAt, let worker else { return }
        self.leftAt = nil
        guard device.now().timeIntervalSince(leftAt) > Self.lockAfter else { return }
        let stack = practising ? [] : stack
        lock()
        if self.worker == nil, !stack.isEmpty { kept = (worker.worker, stack) }
    }

    func practise(_ on: Bool) {
        guard attempt({ try phone.practice(on: on) }) != nil else { return }
        practising = on
        home(on ? Said(words("practice_on"), good: true) : nil)
    }

    /// The language of everything, at once.
    public func speakLanguage(_ language: String) {
        settings.language = language
        _ = workers()
        for screen in stack { screen.refresh() }
    }

    /// One exchange without anybody looking; true if another try may help. With the app locked, what was sealed at lock goes
    /// out; no PIN is needed.
    public func syncInBackground() async -> Bool {
        _ = workers()
        do {
            _ = try await phone.sync()
            if !syncing { screen?.refresh() }
            return false
        } catch let ApiError.Failed(_, _, _, retry, _) {
            return retry
        } catch {
            return false
        }
    }

    /// Stops whatever sync runs. What went through is kept.
    public func stopSync() {
        _ = attempt { try phone.cancelSync() }
    }
}
