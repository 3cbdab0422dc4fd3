// What the person with the phone has chosen; nothing about what they recorded.
import Foundation
import Observation

/// How the screen is coloured.
public enum Contrast: String, CaseIterable, Sendable {
    case normal, high, dark
}

@MainActor
@Observable
public final class Settings {
    /// Sizes of body text that can be chosen, in points.
    public static let bodies = [20, 24, 30, 36]
    /// Speeds of speech; 1 is the system's own.
    public static let speeds = [0.7, 0.85, 1.1]

    /// Body text in points.
    public var body: Int { didSet { kept.set(body, forKey: "body") } }
    public var contrast: Contrast { didSet { kept.set(contrast.rawValue, forKey: "contrast") } }
    /// `zh-CN` or `en`.
    public var language: String {
        didSet {
            kept.set(language, forKey: "language")
            words = Words(language: language)
        }
    }
    public var speed: Double { didSet { kept.set(speed, forKey: "speed") } }
    /// A single choice goes on at the first tap; else it is spoken first and chosen by the second.
    public var oneTap: Bool { didSet { kept.set(oneTap, forKey: "one_tap") } }
    /// The supervisor's number as the town gave it.
    public var town: String { didSet { kept.set(town, forKey: "town") } }
    /// The supervisor's number as somebody typed it here.
    public var supervisor: String { didSet { kept.set(supervisor, forKey: "supervisor") } }
    /// Texts in the language.
    public private(set) var words: Words

    @ObservationIgnored private let kept: UserDefaults

    public init(_ kept: UserDefaults) {
        self.kept = kept
        let language = kept.string(forKey: "language") ?? "zh-CN"
        body = kept.object(forKey: "body") as? Int ?? Self.bodies[0]
        contrast = kept.string(forKey: "contrast").flatMap(Contrast.init) ?? .normal
        self.language = language
        speed = kept.object(forKey: "speed") as? Double ?? Self.speeds[1]
        oneTap = kept.object(forKey: "one_tap") as? Bool ?? true
        supervisor = kept.string(forKey: "supervisor") ?? ""
        town = kept.string(forKey: "town") ?? ""
        words = Words(language: language)
    }
}
