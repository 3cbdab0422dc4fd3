// Building blocks: words, pictures, large buttons, cards, rows, keys. Every one that can be tapped is large enough and says
// what it does.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import UIKit
import XungeLogic

/// Text of one of the four sizes.
struct Words: View {
    enum Size { case body, heading, figure, caption }

    @Environment(\.look) private var look
    let text: String
    var size = Size.body
    var bold = false
    var colour: Color?

    init(_ text: String, _ size: Size = .body, bold: Bool = false, colour: Color? = nil) {
        self.text = text
        self.size = size
        self.bold = bold || size == .heading
        self.colour = colour
    }

    private var points: CGFloat {
        switch size {
        case .body: look.body
        case .heading: look.heading
        case .figure: look.figure
        case .caption: look.caption
        }
    }

    var body: some View {
        Text(text)
            .font(.system(size: points, weight: bold ? .bold : .regular))
            .foregroundStyle(colour ?? look.palette.ink)
            .fixedSize(horizontal: false, vertical: true)
    }
}

/// The picture `name` in one colour. A name that this version does not have shows as "other".
struct Picture: View {
    let name: String
    let colour: Color
    var size: CGFloat = 40

    var body: some View {
        let known = UIImage(named: "pic_\(name)") != nil
        Image(known ? "pic_\(name)" : "pic_other")
            .resizable()
            .scaledToFit()
            .frame(width: size, height: size)
            .foregroundStyle(colour)
            .accessibilityHidden(true)
    }
}

/// A photo of a person, else the first character of the name.
struct Portrait: View {
    @Environment(\.look) private var look
    let name: String
    var photo: String?
    var size: CGFloat = 48

    var body: some View {
        Group {
            if let photo, let image = UIImage(contentsOfFile: photo) {
                Image(uiImage: image).resizable().scaledToFill()
            } else {
                Text(name.prefix(1)).font(.system(size: size * 0.5, weight: .bold)).foregroundStyle(look.palette.on)
                    .frame(width: size, height: size).background(look.palette.brown)
            }
        }
        .frame(width: size, height: size)
        .clipShape(Circle())
        .accessibilityHidden(true)
    }
}

/// A large button. The main way on is filled with its colour.
struct BigButton: View {
    @Environment(\.look) private var look
    let words: String
    var picture: String?
    var main: Color?
    var chosen = false
    let tap: () -> Void

    init(_ words: String, picture: String? = nil, main: Color? = nil, chosen: Bool = false, tap: @escaping () -> Void) {
        self.words = words
        self.picture = picture
        self.main = main
        self.chosen = chosen
        self.tap = tap
    }

    var body: some View {
        let ink = main == nil ? look.palette.ink : look.palette.on
        Button(action: tap) {
            HStack(spacing: 8) {
                if let picture { Picture(name: picture, colour: ink, size: 32) }
                Words(words, bold: main != nil, colour: ink).multilineTextAlignment(.center)
            }
            .padding(10)
            .frame(maxWidth: .infinity, minHeight: Look.mainTarget)
            .background(main ?? (chosen ? look.palette.chosen : look.palette.paper))
            .clipShape(RoundedRectangle(cornerRadius: 12))
            .overlay(RoundedRectangle(cornerRadius: 12).stroke(chosen ? look.palette.green : look.palette.line, lineWidth: chosen ? 4 : 2))
        }
        .buttonStyle(.plain)
        .accessibilityAddTraits(chosen ? .isSelected : [])
    }
}

/// A row that leads somewhere: a picture, words, and what stands at its end.
struct LinkRow<Leading: View, Inside: View>: View {
    @Environment(\.look) private var look
    let says: String
    let tap: () -> Void
    @ViewBuilder let leading: Leading
    @ViewBuilder let inside: Inside

    var body: some View {
        Button(action: tap) {
            HStack(spacing: 12) {
                leading
                inside.frame(maxWidth: .infinity, alignment: .leading)
            }
            .padding(12)
            .frame(minHeight: Look.mainTarget)
            .background(look.palette.paper)
            .clipShape(RoundedRectangle(cornerRadius: 12))
            .overlay(RoundedRectangle(cornerRadius: 12).stroke(look.palette.line, lineWidth: 2))
        }
        .buttonStyle(.plain)
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(says)
        .accessibilityAddTraits(.isButton)
    }
}

/// A line with a sign that is not to be tapped.
struct Banner: View {
    @Environment(\.look) private var look
    let words: String
    let picture: String
    let colour: Color

    var body: some View {
        HStack(spacing: 10) {
            Picture(name: picture, colour: colour, size: 32)
            Words(words, bold: true, colour: colour).frame(maxWidth: .infinity, alignment: .leading)
        }
        .framed(colour)
        .accessibilityElement(children: .combine)
    }
}

/// Shape above word.
struct Badge: View {
    @Environment(\.look) private var look
    let sign: Sign
    let word: String

    var body: some View {
        VStack(spacing: 2) {
            Picture(name: sign.picture, colour: look.colour(sign), size: 34)
            Words(word, .caption, bold: true, colour: look.colour(sign))
        }
    }
}

/// Two or more beside each other where the words allow it.
struct Cards<Item: Identifiable, Card: View>: View {
    @Environment(\.look) private var look
    let items: [Item]
    @ViewBuilder let card: (Item) -> Card

    var body: some View {
        LazyVGrid(columns: [GridItem(.adaptive(minimum: max(130, look.body * 6.5)), spacing: 10)], spacing: 10) {
            ForEach(items) { card($0) }
        }
    }
}

/// Large keys.
struct Keys: View {
    @Environment(\.look) private var look
    let keys: [String]
    let tap: (String) -> Void

    static let digits = (1...9).map(String.init) + ["0"]
    static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)

    var body: some View {
        LazyVGrid(columns: [GridItem(.adaptive(minimum: max(Look.mainTarget, look.body * 2)), spacing: 8)], spacing: 8) {
            ForEach(keys, id: \.self) { key in BigButton(key) { tap(key) } }
        }
    }
}

/// Three digits a row, zero in the middle of the last, and one to take back.
struct NumberKeys: View {
    let point: String?
    let erase: String
    let tap: (String) -> Void
    let back: () -> Void

    var body: some View {
        LazyVGrid(columns: Array(repeating: GridItem(.flexible(), spacing: 8), count: 3), spacing: 8) {
            ForEach(1..<10) { digit in BigButton("\(digit)") { tap("\(digit)") } }
            if let point { BigButton(".") { tap(".") }.accessibilityLabel(point) } else { Color.clear.frame(height: Look.mainTarget) }
            BigButton("0") { tap("0") }
            BigButton(erase, tap: back)
        }
    }
}

extension View {
    /// A box around what is read, not tapped.
    func framed(_ colour: Color, width: CGFloat = 2) -> some View {
        padding(12)
            .frame(maxWidth: .infinity, alignment: .leading)
            .overlay(RoundedRectangle(cornerRadius: 12).stroke(colour, lineWidth: width))
    }
}
#endif
