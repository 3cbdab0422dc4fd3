package org.xunge.shell

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.xunge.town.Supervisor
import org.xunge.town.Town

/** The whole way with a real relay, by taps alone. */
@RunWith(ShellRunner::class)
class RelayTest {
    @Test
    fun a_phone_is_enrolled_by_its_code_records_sends_is_told_what_is_missing_and_mends_it() {
        Shell(enrolled = false).use { shell ->
            shell.png("welcome")
            shell.tap("enrol")
            shell.png("enrol")
            shell.photograph("scan", qr(Town.ticket("王小梅")))
            "1357".forEach { shell.tap("key_$it") }
            shell.png("enrol-pin")
            shell.tap("enrol")
            assertTrue(shell.words(), shell.words().contains("王小梅"))
            send(shell)
            shell.tap("back")

            shell.tap("tile_dispute")
            val walk = Walk(shell) {}
            walk.rest("dispute")
            assertEquals(1uL, shell.app.phone.home().progress.waiting)
            send(shell)
            shell.png("sync-done")
            shell.tap("back")
            assertEquals(1uL, shell.app.phone.home().progress.acknowledged)

            val report = recordsOf(shell.app.phone, kind = "dispute").first { it.syncState == "received" }.record
            Supervisor().giveBack(report, "缺地点，请说一句在哪里")
            send(shell)
            shell.tap("back")
            shell.png("home-returned")
            shell.tap("notice", report)
            assertTrue(shell.words(), shell.words().contains("缺地点"))
            assertTrue(shell.voice.said.last().contains("缺地点"))
            shell.png("record-returned")

            shell.tap("amend")
            Walk(shell) { shell.png("mend-$it") }.rest("dispute")
            send(shell)
            shell.tap("back")
            shell.tap("records")
            shell.png("records-received")
            assertNotNull(shell.find("record", "received"))
            assertTrue(Town.records("dispute").contains("\"verb\":\"fix\""))
        }
    }

    @Test
    fun ten_digits_over_the_telephone_are_enough_where_the_app_knows_its_relay() {
        Shell(enrolled = false).use { shell ->
            shell.tap("enrol")
            assertNull("an app of no county", shell.find("read_out"))
            shell.builtForTheTown()
            assertTrue(shell.app.relay.startsWith("XUNGERELAY1:"))
            val code = Town.code("孙桂英")
            shell.tap("read_out")
            assertTrue(shell.voice.said.last().contains("十个数字"))
            type(shell, "12345")
            shell.tap("redeem")
            assertTrue(shell.words(), shell.words().contains("号码要十个数字"))
            repeat(5) { shell.tap("delete") }

            val last = code.last().digitToInt()
            type(shell, code.dropLast(1) + (last + 1) % 10)
            assertEquals("what is typed is spoken", "${(last + 1) % 10}", shell.voice.said.last())
            assertTrue(shell.words(), shell.words().contains("${code.take(3)} ${code.substring(3, 6)} ${code.substring(6, 9)}"))
            shell.tap("redeem")
            assertTrue(shell.words(), shell.words().contains("号码不对"))
            shell.tap("delete")
            type(shell, "$last")
            // Turned on its side between the last digit and the way on: nothing has to be typed again.
            shell.recreate()
            shell.tap("redeem")
            assertTrue(shell.words(), shell.words().contains("自己定一个密码"))
            type(shell, "1357")
            shell.tap("enrol")
            assertTrue(shell.words(), shell.words().contains("孙桂英"))
            send(shell)
        }
    }

    private fun type(shell: Shell, digits: String) = digits.forEach { shell.tap("key_$it") }

    private fun send(shell: Shell) {
        shell.tap("sync")
        shell.tap("send")
        assertTrue(shell.words(), shell.words().contains("镇里收到"))
    }
}
