// One screen: what it says and what can be done on it. Views draw it and add nothing.
import Foundation

@MainActor
public protocol ScreenModel: AnyObject {
    /// What stands in the head.
    var title: String { get }
    /// Name of the picture before the title.
    var picture: String? { get }
    /// The whole screen in spoken words.
    var speech: String { get }
    /// May be seen while nobody has unlocked.
    var openWhileLocked: Bool { get }
    /// Reads again what the core says; called when the screen comes back to sight.
    func refresh()
    /// One step back: to the screen before, if the screen has no step of its own.
    func back()
}

extension ScreenModel {
    public var picture: String? { nil }
    public var openWhileLocked: Bool { false }
    public func refresh() {}
}

/// A line about what happened. `good` is green, else red.
public struct Said: Equatable, Sendable {
    public let text: String
    public let good: Bool
    public let speech: String

    public init(_ text: String, good: Bool, speech: String? = nil) {
        self.text = text
        self.good = good
        self.speech = speech ?? text
    }
}

/// The sign of a sync state, the same on every screen: a shape, a word, and the colour that goes with it.
public enum Sign: String, CaseIterable, Sendable {
    case draft, waiting, received, returned, refused

    public init(state: String) {
        self = Sign(rawValue: state) ?? .draft
    }

    public var picture: String { rawValue }
    public var key: String { "state_\(rawValue)" }
}

/// The short name of a kind of record, as a key of `Words`.
func nameOf(kind: String) -> String {
    switch kind {
    case "visit", "dispute", "household": "kind_\(kind)"
    case "warning", "warning_ack": "kind_warning"
    default: "kind_request"
    }
}

/// The picture of a kind of record.
public func pictureOf(kind: String) -> String {
    kind == "warning_ack" ? "warning" : kind
}
