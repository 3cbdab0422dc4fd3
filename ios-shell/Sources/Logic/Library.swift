// What the generated bindings leave to be said: answers read and written in one word, and somebody who hears a sync.
@_exported import XungeCore

extension Answer {
    /// The codes of an answer, whether it is one or several.
    var codes: [String] {
        switch self {
        case let .text(code): [code]
        case let .list(codes): codes
        case .flag, .number: []
        }
    }

    var asText: String? {
        if case let .text(text) = self { text } else { nil }
    }

    var asNumber: Double? {
        if case let .number(number) = self { number } else { nil }
    }

    var asFlag: Bool? {
        if case let .flag(flag) = self { flag } else { nil }
    }
}

/// A choice is told from the others of its question by its code.
extension Choice: Identifiable {
    public var id: String { code }
}

/// Hears a running sync. `heard` is called on a thread of the library.
final class Hearing: SyncObserver {
    private let heard: @Sendable (SyncReport) -> Void

    init(_ heard: @escaping @Sendable (SyncReport) -> Void) {
        self.heard = heard
    }

    func progress(report: SyncReport) {
        heard(report)
    }
}
