// The first screen: the two numbers, what the town said, what to tap, who is next.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import XungeLogic

struct HomeView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let home: HomeScreen

    var body: some View {
        if home.nearlyFull { Banner(words: shell.words("disk_nearly_full"), picture: "trouble", colour: look.palette.red) }
        if let now = home.home {
            ViewThatFits(in: .horizontal) {
                HStack(spacing: 10) { numbers(now) }
                VStack(spacing: 10) { numbers(now) }
            }
            ForEach(home.notices, id: \.record) { notice in
                let (picture, colour) = sign(notice.kind)
                LinkRow(says: notice.text, tap: { home.tap(notice) }) {
                    Picture(name: picture, colour: colour)
                } inside: {
                    Words(notice.text, bold: true, colour: colour)
                }
            }
            ForEach(now.tiles, id: \.kind) { tile in tileView(tile) }
            if !home.nextVisits.isEmpty {
                Words(shell.words("next_visits"), .heading)
                ForEach(home.nextVisits, id: \.household) { visit in
                    LinkRow(says: visit.text, tap: { home.tap(visit) }) {
                        Portrait(name: visit.title)
                    } inside: {
                        Words(visit.text)
                    }
                }
            }
        }
        BigButton(shell.words("more"), picture: "more") { home.more() }
    }

    @ViewBuilder private func numbers(_ now: Home) -> some View {
        number(.received, shell.words("received_by_town"), now.progress.acknowledged)
        number(.waiting, shell.words("state_waiting"), now.progress.waiting)
    }

    private func number(_ sign: Sign, _ words: String, _ count: UInt64) -> some View {
        LinkRow(says: "\(words) \(count)", tap: { home.records(sign) }) {
            Picture(name: sign.picture, colour: look.colour(sign), size: 32)
        } inside: {
            VStack(alignment: .leading) {
                Words(words, .caption, colour: look.colour(sign))
                Words("\(count)", .figure, bold: true, colour: look.colour(sign))
            }
        }
    }

    private func tileView(_ tile: Tile) -> some View {
        let parts = tile.text.components(separatedBy: " · ")
        return Button { home.tap(tile) } label: {
            HStack(spacing: 14) {
                Picture(name: tile.picture, colour: look.palette.on, size: 60)
                VStack(alignment: .leading) {
                    Words(parts[0], .heading, colour: look.palette.on)
                    if parts.count > 1 { Words(parts[1], .caption, colour: look.palette.on) }
                }
                Spacer(minLength: 0)
            }
            .padding(.horizontal, 18)
            .padding(.vertical, 8)
            .frame(maxWidth: .infinity, minHeight: 88)
            .background(look.colour(kind: tile.kind))
            .clipShape(RoundedRectangle(cornerRadius: 12))
        }
        .buttonStyle(.plain)
        .accessibilityLabel(tile.text)
    }

    private func sign(_ kind: NoticeKind) -> (String, Color) {
        switch kind {
        case .returned: ("returned", look.palette.purple)
        case .refused: ("refused", look.palette.red)
        case .warning: ("warning", look.palette.red)
        case .settled: ("received", look.palette.green)
        }
    }
}
#endif
