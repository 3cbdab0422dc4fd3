// What is typed, marked or recorded of one question, before it is an answer.
import Foundation

/// How a question is asked, by its kind.
public enum Widget: Equatable, Sendable {
    case choice, choices, yesNo, picker, number, date, text, voice, photo, signature, confirm
    /// A kind that this version does not know.
    case unknown

    init(kind: String) {
        switch kind {
        case "choice": self = .choice
        case "choices": self = .choices
        case "yes_no": self = .yesNo
        case "household", "person": self = .picker
        case "number": self = .number
        case "date": self = .date
        case "text": self = .text
        case "voice": self = .voice
        case "photo": self = .photo
        case "signature": self = .signature
        case "confirm": self = .confirm
        default: self = .unknown
        }
    }
}

/// Half an answer. It begins as what the core proposes.
public struct HalfAnswer: Sendable {
    /// Tapped once, where the settings want two taps.
    public internal(set) var chosen: String?
    public internal(set) var marked: Set<String> = []
    public internal(set) var digits = ""
    public internal(set) var day: Date
    public var words = ""
    /// A recording, a picture or a signature.
    public internal(set) var file: URL?
    /// What is sought; none while the likeliest are shown.
    public internal(set) var sought: String?
    public internal(set) var hits: [SearchHit] = []

    init(_ question: Question?, today: Date) {
        let value = question?.value
        chosen = value?.asText ?? value?.asFlag.map { $0 ? "yes" : "no" }
        marked = Set(value?.codes ?? [])
        digits = value?.asNumber.map { $0 == $0.rounded() ? String(Int64($0)) : String($0) } ?? ""
        day = value?.asText.flatMap(Days.day) ?? today
        words = value?.asText ?? ""
    }

    private static let longest = 12

    mutating func type(_ key: String) {
        guard digits.count < Self.longest else { return }
        if key == "." {
            if !digits.contains(".") { digits = (digits.isEmpty ? "0" : digits) + "." }
        } else {
            digits = (digits == "0" ? "" : digits) + key
        }
    }
}
