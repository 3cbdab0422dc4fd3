// Lists to pick from, and one record.
#if canImport(SwiftUI) && os(iOS)
import SwiftUI
import XungeLogic

struct RecordsView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let records: Records

    var body: some View {
        if records.rows.isEmpty { Words(shell.words("no_records")) }
        ForEach(records.rows, id: \.record) { row in
            let sign = Sign(state: row.syncState)
            LinkRow(says: "\(row.title) \(shell.words(sign.key))", tap: { records.tap(row) }) {
                Picture(name: pictureOf(kind: row.kind), colour: look.colour(kind: row.kind))
            } inside: {
                ViewThatFits(in: .horizontal) {
                    HStack { line(row, sign) }
                    VStack(alignment: .leading) { line(row, sign) }
                }
            }
        }
        if records.hasMore { BigButton(shell.words("older")) { records.older() } }
        if records.state != nil { BigButton(shell.words("all_records")) { records.all() } }
    }

    @ViewBuilder private func line(_ row: RecordSummary, _ sign: Sign) -> some View {
        VStack(alignment: .leading) {
            Words(row.title, bold: true)
            Words(records.day(row), .caption, colour: look.palette.soft)
        }
        Spacer(minLength: 0)
        Badge(sign: sign, word: shell.words(sign.key))
    }
}

struct RecordDetailView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let record: RecordScreen

    var body: some View {
        if let view = record.view {
            let sign = Sign(state: view.syncState)
            Words(view.title, .heading)
            Banner(words: view.syncText, picture: sign.picture, colour: look.colour(sign))
            if let reason = view.reason { Words(reason, bold: true, colour: look.colour(sign)) }
            if let remedy = view.remedy { Words(remedy, bold: true) }
            ForEach(view.notes, id: \.event) { note in
                VStack(alignment: .leading, spacing: 6) {
                    Words(note.text)
                    if note.audio != nil { BigButton(shell.words("hear_town"), picture: "speaker") { record.hear(note) } }
                }
                .framed(look.palette.purple, width: 3)
            }
            if let number = view.numberText { Words(number, colour: look.palette.soft) }
            ForEach(view.fields, id: \.path) { field in
                VStack(alignment: .leading) {
                    Words(field.label, .caption, colour: look.palette.soft)
                    Words(field.text, bold: true)
                    if !field.others.isEmpty {
                        Words(shell.words("others_say", field.others.joined(separator: "、")), colour: look.palette.amber)
                    }
                }
                .accessibilityElement(children: .combine)
            }
            if !view.timeline.isEmpty {
                Words(shell.words("what_happened"), .heading)
                ForEach(view.timeline, id: \.event) { event in Words(event.text) }
            }
        }
    }
}

struct WarningsView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let warnings: Warnings

    var body: some View {
        if warnings.open.isEmpty { Words(shell.words("no_warnings")) }
        ForEach(warnings.open, id: \.record) { notice in
            LinkRow(says: notice.text, tap: { warnings.tap(notice) }) {
                Picture(name: "warning", colour: look.palette.red, size: 44)
            } inside: {
                Words(notice.text, bold: true, colour: look.palette.red)
            }
        }
    }
}

struct HouseholdsView: View {
    @Environment(\.look) private var look
    let shell: Shell
    let households: Households

    var body: some View {
        let sought = households.sought
        Words(sought.isEmpty ? shell.words("search_hint") : sought, .heading, colour: sought.isEmpty ? look.palette.soft : nil)
        ForEach(households.hits, id: \.id) { hit in
            LinkRow(says: hit.text, tap: { households.tap(hit) }) { Portrait(name: hit.title) } inside: { Words(households.words(hit)) }
        }
        if !sought.isEmpty, households.hits.isEmpty { Words(shell.words("nothing_found")) }
        Keys(keys: Keys.letters + Keys.digits) { households.type($0) }
    }
}
#endif
