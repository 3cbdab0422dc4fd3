// Colours and sizes by their role, the same as on Android. Nothing else names a colour or a size.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import XungeLogic

/// Colours by role; each stands out from `paper` and `ground` by 4.5:1 or more. `on` is the colour of text on a role.
struct Palette {
    let ink, soft, paper, ground, line, green, blue, red, brown, amber, purple, grey, on, chosen, practice: Color

    init(_ hex: [UInt32]) {
        let colours = hex.map(Self.colour)
        (ink, soft, paper, ground, line) = (colours[0], colours[1], colours[2], colours[3], colours[4])
        (green, blue, red, brown, amber) = (colours[5], colours[6], colours[7], colours[8], colours[9])
        (purple, grey, on, chosen, practice) = (colours[10], colours[11], colours[12], colours[13], colours[14])
    }

    private static func colour(_ hex: UInt32) -> Color {
        func part(_ shift: UInt32) -> Double { Double((hex >> shift) & 255) / 255 }
        return Color(red: part(16), green: part(8), blue: part(0))
    }

    static let normal = Palette([
        0x1c1a17, 0x5a554b, 0xfffdf7, 0xf3efe6, 0xd9d2c3, 0x1b6e3c, 0x1f4e9e, 0xb3261e, 0x7a4b00, 0x8a5a00,
        0x5b3a8c, 0x5a554b, 0xfffdf7, 0xe9f3ec, 0xffd94a,
    ])
    static let dark = Palette([
        0xf3efe6, 0xbdb6a6, 0x24221e, 0x191814, 0x5a554b, 0x7fd09b, 0x9dc0ff, 0xff9d94, 0xe3b36a, 0xf0c069,
        0xc9aef2, 0xbdb6a6, 0x191814, 0x1f3327, 0x5c4a00,
    ])
    static let high = Palette([
        0x000000, 0x000000, 0xffffff, 0xffffff, 0x000000, 0x00401c, 0x00296b, 0x7a0c06, 0x4a2d00, 0x553700,
        0x3b1d6b, 0x333333, 0xffffff, 0xd5f0df, 0xffd94a,
    ])
}

/// The look of one screen: palette and text sizes, in points.
struct Look {
    let palette: Palette
    let body: CGFloat

    static let mainTarget: CGFloat = 60
    static let target: CGFloat = 48

    init(contrast: Contrast = .normal, body: Int = 20) {
        switch contrast {
        case .normal: palette = .normal
        case .dark: palette = .dark
        case .high: palette = .high
        }
        self.body = CGFloat(body)
    }

    var heading: CGFloat { min(body * 1.4, max(body, 34)) }
    var figure: CGFloat { min(body * 1.3, max(body, 34)) }
    var caption: CGFloat { max(18, body * 0.9) }

    /// The colour of a kind of record.
    func colour(kind: String) -> Color {
        switch kind {
        case "visit", "household": palette.green
        case "dispute": palette.blue
        case "warning", "warning_ack": palette.red
        default: palette.brown
        }
    }

    func colour(_ sign: Sign) -> Color {
        switch sign {
        case .draft: palette.grey
        case .waiting: palette.amber
        case .received: palette.green
        case .returned: palette.purple
        case .refused: palette.red
        }
    }
}

private struct LookKey: EnvironmentKey {
    static let defaultValue = Look()
}

extension EnvironmentValues {
    var look: Look {
        get { self[LookKey.self] }
        set { self[LookKey.self] = newValue }
    }
}
#endif
