// The shell's own texts by key. They are the Android shell's, made into JSON by `cargo xtask ios` and `cargo xtask test ios`; what the core says comes
// in the language that was given to `open`.
import Foundation

public struct Words: Sendable {
    private let texts: [String: String]

    /// `language` is `zh-CN` or `en`; any other reads as `zh-CN`.
    public init(language: String) {
        texts = Self.read(language) ?? Self.read("zh-CN") ?? [:]
    }

    /// The text of `key`, with each `%N$s` and `%N$d` replaced by the Nth of `values`. A key that is not there shows as itself.
    public func callAsFunction(_ key: String, _ values: Any...) -> String {
        var text = texts[key] ?? key
        for (index, value) in values.enumerated() {
            for kind in ["s", "d"] {
                text = text.replacingOccurrences(of: "%\(index + 1)$\(kind)", with: "\(value)")
            }
        }
        return text
    }

    var keys: Set<String> { Set(texts.keys) }

    func knows(_ key: String) -> Bool { texts[key] != nil }

    private static func read(_ language: String) -> [String: String]? {
        guard let url = Bundle.module.url(forResource: "words.\(language)", withExtension: "json"),
              let data = try? Data(contentsOf: url)
        else { return nil }
        return try? JSONDecoder().decode([String: String].self, from: data)
    }
}
