// What the logic wants of the device, as small as it goes. The app has the platform's; tests have their own.
import Foundation

/// The system's voice.
@MainActor
public protocol Voice: AnyObject {
    /// Whether there is one for `language`, which is `zh-CN` or `en`.
    func speaks(_ language: String) -> Bool
    /// Speaks, and stops whatever is being said; `done` when it has all been said. `speed` 1 is the system's own.
    func say(_ words: String, language: String, speed: Double, done: @escaping @MainActor () -> Void)
    func stop()
}

/// Records a voice as AAC in MP4.
@MainActor
public protocol Recorder: AnyObject {
    /// Asks for the microphone where that is due, and begins. False where there is none to be had.
    func start(into file: URL) async -> Bool
    /// How loud it is now, 0 to 1.
    var loudness: Double { get }
    /// Ends; false if nothing was heard.
    func stop() -> Bool
}

/// Plays a recording.
@MainActor
public protocol Player: AnyObject {
    /// Plays it from its beginning, in the place of what is being played; `done` at its end, or where it cannot be played.
    func play(_ file: URL, done: @escaping @MainActor () -> Void)
    func stop()
}

/// Understands a name that is spoken.
@MainActor
public protocol Listener: AnyObject {
    /// What was said; empty if nothing was. None where this device does not understand speech, or may not listen.
    func hear(_ language: String) async -> String?
}

/// Has the system call `Shell.syncInBackground` when there is a network.
@MainActor
public protocol BackgroundWork: AnyObject {
    /// At the next network.
    func soon()
}

/// The telephone.
@MainActor
public protocol Dialler: AnyObject {
    /// Shows the number to be called; false where the device cannot call.
    func dial(_ number: String) -> Bool
}

@MainActor
public struct Device {
    public let voice: any Voice
    public let recorder: any Recorder
    public let player: any Player
    public let background: any BackgroundWork
    public let dialler: any Dialler
    public let listener: any Listener
    /// The recording of a key in a language that the app carries; none if there is none.
    public let carried: @MainActor (_ key: String, _ language: String) -> URL?
    /// The relay that this app was built for, as `xunge admin relay-address` prints it; empty where it was built for none.
    public let relay: String
    /// Bytes that are free where the phone's folder is.
    public let room: @MainActor () -> Int64
    /// Makes a file of another app readable; what it gives ends that.
    public let reach: @MainActor (URL) -> @MainActor () -> Void
    /// The wall clock; only for days that are proposed or shown, and for how long the app was out of sight.
    public let now: () -> Date

    public init(
        voice: any Voice, recorder: any Recorder, player: any Player, background: any BackgroundWork, dialler: any Dialler,
        listener: any Listener, carried: @escaping @MainActor (_ key: String, _ language: String) -> URL? = { _, _ in nil },
        relay: String = "", room: @escaping @MainActor () -> Int64 = { .max },
        reach: @escaping @MainActor (URL) -> @MainActor () -> Void = { _ in {} }, now: @escaping () -> Date
    ) {
        self.voice = voice
        self.recorder = recorder
        self.player = player
        self.background = background
        self.dialler = dialler
        self.listener = listener
        self.carried = carried
        self.relay = relay
        self.room = room
        self.reach = reach
        self.now = now
    }
}
