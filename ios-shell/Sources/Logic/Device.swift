// What the logic wants of the device, as small as it goes. The app has the platform's; tests have their own.
import Foundation

/// Speaks.
@MainActor
public protocol Voice: AnyObject {
    /// Speaks, and stops whatever is being said. `language` is `zh-CN` or `en`; `speed` 1 is the system's own.
    func say(_ words: String, language: String, speed: Double)
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
    func play(_ file: URL)
    func stop()
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
    /// Makes a file of another app readable; what it gives ends that.
    public let reach: @MainActor (URL) -> @MainActor () -> Void
    /// The wall clock; only for days that are proposed or shown, and for how long the app was out of sight.
    public let now: () -> Date

    public init(
        voice: any Voice, recorder: any Recorder, player: any Player, background: any BackgroundWork, dialler: any Dialler,
        reach: @escaping @MainActor (URL) -> @MainActor () -> Void = { _ in {} }, now: @escaping () -> Date
    ) {
        self.voice = voice
        self.recorder = recorder
        self.player = player
        self.background = background
        self.dialler = dialler
        self.reach = reach
        self.now = now
    }
}
