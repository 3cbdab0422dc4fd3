package org.xunge.shell

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith

@RunWith(ShellRunner::class)
class VisitTest {
    @Test
    fun a_visit_takes_six_taps_and_waits_for_the_town() {
        Shell().unlock().use { shell ->
            shell.png("home")
            assertTrue(shell.voice.said.last().isNotEmpty())
            shell.taps = 0
            shell.tap("tile_visit")
            shell.png("visit-household")
            shell.tap("choice")
            shell.png("visit-purpose")
            shell.tap("choice", "VP08")
            shell.png("visit-met")
            shell.tap("choice", "MW01")
            shell.tap("choice", "yes")
            shell.png("visit-review")
            shell.tap("save")
            assertTrue("${shell.taps} taps", shell.taps <= 6)
            assertEquals(1L, shell.app.phone.home().progress.waiting.toLong())
            shell.png("home-saved")
        }
    }
}
