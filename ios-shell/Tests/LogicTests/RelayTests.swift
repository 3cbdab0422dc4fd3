// The whole way with a real relay.
import Foundation
import Testing
@testable import XungeLogic

@MainActor
@Suite(.serialized)
struct RelayTests {
    @Test
    func a_phone_is_enrolled_by_its_code_records_a_visit_sends_it_and_sees_the_town_acknowledge_it() async throws {
        let stage = try await Stage(enrolled: false)
        let town = try await Town.shared()
        let before = try await town.records("visit")
        let workers = try stage.screen(Workers.self)
        #expect(workers.heading == stage.shell.words("welcome"))
        workers.enrol()
        let enrol = try stage.screen(Enrol.self)
        enrol.scanned(nil)
        #expect(stage.shell.said?.text == stage.shell.words("no_code"))
        enrol.scanned(try town.ticket("王小梅"))
        "1357".forEach { enrol.digits.type(String($0)) }
        await enrol.enrol()
        #expect(stage.shell.worker?.name == "王小梅", "\(stage.shell.said?.text ?? "")")
        try await stage.send()

        try stage.begin("visit")
        try await Walk(stage).rest("visit")
        #expect(stage.work.asked == 1)
        #expect(try stage.home().home?.progress.waiting == 1)
        try await stage.send()
        #expect(stage.shell.lastSync?.isEmpty == false)
        #expect(try stage.home().home?.progress.acknowledged == 1)
        #expect(try stage.home().home?.progress.waiting == 0)
        try stage.home().records(.received)
        #expect(try stage.screen(Records.self).rows.count == 1)
        let after = try await town.records("visit")
        #expect(after != before && after.contains("王小梅") || after.count > before.count, "the relay has no visit more")
    }

    @Test
    func a_report_that_the_town_gives_back_is_mended_and_the_town_has_it_again() async throws {
        let stage = try await Stage(enrolled: false)
        let town = try await Town.shared()
        try stage.screen(Workers.self).enrol()
        let enrol = try stage.screen(Enrol.self)
        enrol.scanned(try town.ticket("吴桂香"))
        "1357".forEach { enrol.digits.type(String($0)) }
        await enrol.enrol()
        try await stage.send()
        try stage.begin("dispute")
        try await Walk(stage).rest("dispute")
        try await stage.send()
        let filter = RecordFilter(kind: "dispute", syncState: "received", limit: 1, after: nil)
        let report = try #require(try stage.shell.phone.records(filter: filter).first?.record)
        try Supervisor(town).giveBack(report, "缺地点，请说一句在哪里")
        try await stage.send()

        let home = try stage.home()
        home.tap(try #require(home.notices.first { $0.record == report }, "\(home.notices)"))
        let record = try stage.screen(RecordScreen.self)
        #expect(record.view?.syncState == "returned" && record.mainWay == stage.shell.words("mend"))
        #expect(stage.voice.said.last?.contains("缺地点，请说一句在哪里") == true)
        record.amend()
        #expect(try stage.screen(Interview.self).question?.quote?.text == "缺地点，请说一句在哪里")
        try await Walk(stage).rest("dispute")
        #expect(try stage.home().home?.progress.waiting == 1)
        try await stage.send()
        #expect(try stage.home().home?.progress.waiting == 0)
        let after = try await town.records("dispute")
        #expect(after.contains("\"verb\":\"fix\""), "the town has no mended report")
    }

    @Test
    func what_was_recorded_before_the_lock_goes_out_while_nobody_is_there() async throws {
        let stage = try await Stage(enrolled: false)
        let town = try await Town.shared()
        try stage.screen(Workers.self).enrol()
        let enrol = try stage.screen(Enrol.self)
        enrol.paste("  \(try town.ticket("赵有田"))\n")
        "2468".forEach { enrol.digits.type(String($0)) }
        await enrol.enrol()
        try await stage.send()
        try stage.begin("visit")
        try await Walk(stage).rest("visit")
        stage.shell.lock()
        #expect(stage.shell.worker == nil && stage.shell.screen is Workers)
        #expect(await stage.shell.syncInBackground() == false)
        let workers = try stage.screen(Workers.self)
        workers.tap(try #require(workers.cards.first))
        try await stage.enterPin("2468")
        try await stage.send()
        #expect(try stage.home().home?.progress.acknowledged == 1)
    }

    @Test
    func a_foreign_code_says_what_it_is_and_the_next_one_can_be_shown() async throws {
        let stage = try await Stage(enrolled: false)
        try stage.screen(Workers.self).enrol()
        let enrol = try stage.screen(Enrol.self)
        for (code, words) in [
            ("https://example.org/a-shop", "网页"), ("WXP://f2f0abc", "收钱"), ("WIFI:S:cun;T:WPA;P:12345678;;", "无线网"),
            ("6901234567892", "商品"), ("王家的菜窖", "不是镇里给的码"),
        ] {
            enrol.scanned(code)
            #expect(stage.shell.said?.good == false && stage.shell.said?.text.contains(words) == true, "\(code)")
            #expect(enrol.ticket == nil, "\(code) is not asked a PIN for")
        }
        enrol.scanned("XUNGE1:A9")
        "1357".forEach { enrol.digits.type(String($0)) }
        await enrol.enrol()
        #expect(stage.shell.worker == nil)
        #expect(stage.shell.said?.good == false && stage.shell.said?.speech.isEmpty == false)
        enrol.back()
        #expect(enrol.ticket == nil && stage.shell.screen is Enrol)
        enrol.back()
        #expect(stage.shell.screen is Workers)
    }

    @Test
    func ten_digits_over_the_telephone_are_enough_where_the_app_knows_its_relay() async throws {
        let stage = try await Stage(enrolled: false, knowsRelay: true)
        let town = try await Town.shared()
        let code = try town.code("孙桂英")
        try stage.screen(Workers.self).enrol()
        let enrol = try stage.screen(Enrol.self)
        #expect(enrol.knowsRelay)
        enrol.type()
        let readOut = try stage.screen(ReadOut.self)
        let type = { (digits: String) in digits.forEach { readOut.digits.type(String($0)) } }
        type("12345")
        await readOut.redeem()
        #expect(stage.shell.said?.text.contains("十个数字") == true, "\(stage.shell.said?.text ?? "")")
        while !readOut.digits.typed.isEmpty { readOut.digits.erase() }

        let last = try #require(code.last?.wholeNumberValue)
        type(String(code.dropLast()) + "\((last + 1) % 10)0")
        #expect(readOut.digits.grouped.count == 12, "an eleventh digit is not taken")
        #expect(stage.voice.said.last == "\((last + 1) % 10)", "what is typed is spoken")
        await readOut.redeem()
        #expect(stage.shell.said?.good == false && stage.shell.said?.text.contains("号码不对") == true)
        readOut.digits.erase()
        type("\(last)")
        await readOut.redeem()
        #expect(try stage.screen(Enrol.self).ticket?.hasPrefix("XUNGE1:") == true)
        #expect(stage.voice.said.last == stage.shell.words("enrol_pin_speech"))
        "1357".forEach { enrol.digits.type(String($0)) }
        await enrol.enrol()
        #expect(stage.shell.worker?.name == "孙桂英", "\(stage.shell.said?.text ?? "")")
        try await stage.send()
    }

    @Test
    func an_app_of_no_county_offers_no_number_to_type() async throws {
        let stage = try await Stage(enrolled: false)
        try stage.screen(Workers.self).enrol()
        #expect(try stage.screen(Enrol.self).knowsRelay == false)
    }
}
