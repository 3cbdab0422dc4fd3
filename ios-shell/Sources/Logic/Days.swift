// Days in words of a farmer: today, yesterday, the day. All days are China's.
import Foundation

struct Days {
    static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "Asia/Shanghai") ?? TimeZone(secondsFromGMT: 8 * 3600) ?? .current
        return calendar
    }()

    /// `pattern` as of Unicode TR 35.
    static func show(_ day: Date, pattern: String, language: String = "en_US_POSIX") -> String {
        formatter(pattern, language: language).string(from: day)
    }

    /// `YYYY-MM-DD`.
    static func iso(_ day: Date) -> String {
        show(day, pattern: "yyyy-MM-dd")
    }

    /// The day of `YYYY-MM-DD`.
    static func day(_ iso: String) -> Date? {
        formatter("yyyy-MM-dd", language: "en_US_POSIX").date(from: iso)
    }

    /// `when` is ISO 8601 in UTC; what cannot be read shows as it is.
    static func near(_ when: String, now: Date, words: Words) -> String {
        let reader = formatter("yyyy-MM-dd'T'HH:mm:ss", language: "en_US_POSIX")
        reader.timeZone = TimeZone(secondsFromGMT: 0)
        guard let at = reader.date(from: String(when.prefix(19))) else { return when }
        let days = calendar.dateComponents([.day], from: calendar.startOfDay(for: at), to: calendar.startOfDay(for: now)).day
        switch days {
        case 0: return words("today")
        case 1: return words("yesterday")
        default: return show(at, pattern: words("day_pattern"))
        }
    }

    private static func formatter(_ pattern: String, language: String) -> DateFormatter {
        let formatter = DateFormatter()
        formatter.calendar = calendar
        formatter.timeZone = calendar.timeZone
        formatter.locale = Locale(identifier: language)
        formatter.dateFormat = pattern
        return formatter
    }
}
