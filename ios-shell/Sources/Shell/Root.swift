// One thing a screen: a head with the speaker at its right, the thing itself, and the ways on at the bottom.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import XungeLogic

public struct RootView: View {
    private let shell: Shell
    @Environment(\.scenePhase) private var phase

    public init(_ shell: Shell) {
        self.shell = shell
    }

    public var body: some View {
        let look = Look(contrast: shell.settings.contrast, body: shell.settings.body)
        VStack(spacing: 0) {
            head(look)
            ScrollView {
                VStack(alignment: .leading, spacing: 12) {
                    if let said = shell.said {
                        Banner(words: said.text, picture: said.good ? "received" : "trouble", colour: said.good ? look.palette.green : look.palette.red)
                            .accessibilityLabel(said.speech)
                    }
                    content
                }
                .padding(14)
                .frame(maxWidth: .infinity, alignment: .leading)
            }
            .id(shell.stack.count)
            ways.padding(.horizontal, 14).padding(.vertical, 10).frame(maxWidth: .infinity).background(look.palette.ground)
        }
        .background(look.palette.paper.ignoresSafeArea())
        // Nobody reads over the shoulder of the app switcher.
        .overlay { if phase != .active { look.palette.ground.ignoresSafeArea() } }
        .environment(\.look, look)
        .environment(\.locale, Locale(identifier: shell.settings.language))
        .onChange(of: phase) { _, now in
            switch now {
            case .background: shell.left()
            case .active: shell.returned()
            default: break
            }
        }
        .onOpenURL { shell.takeFile($0) }
    }

    private func head(_ look: Look) -> some View {
        let red = shell.screen is Warnings || (shell.screen as? Interview)?.kind == "warning_ack"
        let ground = red ? look.palette.red : shell.practising ? look.palette.practice : look.palette.ground
        let ink = red ? look.palette.on : look.palette.ink
        return HStack(spacing: 10) {
            leading(ink)
            Words(shell.title, bold: true, colour: ink).frame(maxWidth: .infinity, alignment: .leading)
            Button(action: shell.speak) {
                Picture(name: "speaker", colour: ground, size: 34)
                    .frame(width: Look.mainTarget, height: Look.mainTarget)
                    .background(ink)
                    .clipShape(Circle())
            }
            .accessibilityLabel(shell.words("listen"))
        }
        .padding(.horizontal, 14)
        .padding(.vertical, 10)
        .background(ground.ignoresSafeArea(edges: .top))
    }

    @ViewBuilder private func leading(_ ink: Color) -> some View {
        switch shell.screen {
        case let home as HomeScreen: Portrait(name: home.title, photo: home.card?.photo)
        case let pin as Pin: Portrait(name: pin.title, photo: pin.card.photo)
        default: if let picture = shell.screen?.picture { Picture(name: picture, colour: ink) }
        }
    }

    @ViewBuilder private var content: some View {
        switch shell.screen {
        case let screen as HomeScreen: HomeView(shell: shell, home: screen)
        case let screen as Interview: InterviewView(shell: shell, interview: screen)
        case let screen as Records: RecordsView(shell: shell, records: screen)
        case let screen as RecordScreen: RecordDetailView(shell: shell, record: screen)
        case let screen as Warnings: WarningsView(shell: shell, warnings: screen)
        case let screen as Households: HouseholdsView(shell: shell, households: screen)
        case let screen as Workers: WorkersView(shell: shell, workers: screen)
        case let screen as Pin: PinView(shell: shell, pin: screen)
        case let screen as Code: CodeView(shell: shell, code: screen)
        case let screen as Enrol: EnrolView(shell: shell, enrol: screen)
        case let screen as ReadOut: ReadOutView(shell: shell, readOut: screen)
        case let screen as Sending: SendingView(shell: shell, sending: screen)
        case let screen as Courier: CourierView(shell: shell, courier: screen)
        case let screen as More: MoreView(shell: shell, more: screen)
        case let screen as Choosing: ChoosingView(shell: shell, choosing: screen)
        case let screen as MyPhoto: MyPhotoView(shell: shell, mine: screen)
        case let screen as Help: HelpView(shell: shell, help: screen)
        default: EmptyView()
        }
    }

    /// Buttons beside each other; where their words do not fit, the main one above the others.
    private var ways: some View {
        ViewThatFits(in: .horizontal) {
            HStack(spacing: 10) { WaysView(shell: shell) }
            VStack(spacing: 10) { WaysView(shell: shell) }
        }
    }
}

/// The ways on of each screen; the main one is the last.
private struct WaysView: View {
    @Environment(\.look) private var look
    let shell: Shell

    var body: some View {
        switch shell.screen {
        case let home as HomeScreen:
            BigButton(shell.words("my_records")) { home.records() }
            if shell.practising {
                main(shell.words("practice_end"), look.palette.brown) { home.endPractice() }
            } else {
                main(shell.words("send_now")) { home.sync() }
            }
        case is Workers:
            EmptyView()
        case let interview as Interview:
            back
            if interview.question?.optional == true { BigButton(shell.words("skip")) { interview.skip() } }
            if let words = interview.mainWay { main(words) { interview.next() } }
        case let records as Records:
            back
            main(shell.words("send_now")) { records.sync() }
        case let record as RecordScreen:
            back
            main(record.mainWay) { record.amend() }
        case let households as Households:
            back
            BigButton(shell.words("delete")) { households.erase() }
        case let pin as Pin:
            back
            main(shell.words("open")) { Task { await pin.unlock() } }
        case let code as Code:
            back
            main(code.mainWay) { Task { await code.next() } }
        case let enrol as Enrol:
            back
            if enrol.ticket != nil { main(shell.words("done")) { Task { await enrol.enrol() } } }
        case let readOut as ReadOut:
            back
            main(shell.words("done")) { Task { await readOut.redeem() } }
        case let sending as Sending:
            back
            if shell.syncing {
                BigButton(shell.words("stop")) { sending.stop() }
            } else {
                main(shell.words("send_now")) { Task { await sending.send() } }
            }
        default:
            back
        }
    }

    private var back: some View {
        BigButton(shell.words("back")) { shell.screen?.back() }
    }

    private func main(_ words: String, _ colour: Color? = nil, tap: @escaping () -> Void) -> some View {
        BigButton(words, main: colour ?? look.palette.green, tap: tap)
    }
}
#endif
