package org.xunge.shell

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.annotation.Config
import org.xunge.shell.ui.Contrast

/** Every screen of every interview, and every other screen, keeps the numbers that bind the phone. */
@RunWith(ShellRunner::class)
class EveryScreenTest {
    @Test
    fun every_screen_keeps_the_numbers_at_normal_size() = everything("zh", walks = 10, body = 20)

    @Test
    @Config(qualifiers = "zh-rCN-w320dp-h480dp-hdpi")
    fun every_screen_keeps_the_numbers_at_30_dp_on_the_smallest_screen() = everything("zh30", walks = 4, body = 30)

    @Test
    @Config(qualifiers = "zh-rCN-w320dp-h480dp-hdpi", sdk = [26])
    fun every_screen_keeps_the_numbers_at_36_dp_on_android_8() = everything("zh36", walks = 2, body = 36)

    @Test
    @Config(qualifiers = "en-rUS-w360dp-h640dp-hdpi")
    fun every_screen_keeps_the_numbers_in_english_at_normal_size() = everything("en", walks = 2, body = 20, language = "en")

    @Test
    @Config(qualifiers = "en-rUS-w320dp-h480dp-hdpi")
    fun every_screen_keeps_the_numbers_in_english_at_30_dp() = everything("en30", walks = 3, body = 30, language = "en")

    @Test
    @Config(qualifiers = "en-rUS-w320dp-h480dp-hdpi")
    fun every_screen_keeps_the_numbers_in_the_dark_and_in_high_contrast() {
        everything("dark", walks = 2, body = 24, language = "en") { it.app.settings.contrast = Contrast.DARK }
        everything("high", walks = 2, body = 24) { it.app.settings.contrast = Contrast.HIGH }
    }

    private fun everything(name: String, walks: Int, body: Int, language: String = "zh-CN", prepare: (Shell) -> Unit = {}) {
        val wrong = ArrayList<String>()
        Shell(body = body, language = language).use { shell ->
            prepare(shell)
            shell.activity.refresh()
            shell.idle()
            val look = { screen: String ->
                shell.png("$name-$screen")
                wrong += Numbers(shell).wrong().map { "$screen: $it" }
            }
            look("workers")
            shell.builtForTheTown()
            shell.tap("enrol")
            look("enrol")
            shell.tap("read_out")
            "9999999999".forEach { shell.tap("key_$it") }
            look("read-out")
            shell.tap("redeem")
            look("read-out-wrong")
            shell.tap("back")
            shell.copy("XUNGE1:00")
            shell.tap("paste")
            look("enrol-pin")
            shell.tap("back")
            shell.tap("back")
            shell.tap("worker")
            look("pin")
            shell.tap("forgot")
            look("code")
            shell.tap("back")
            shell.unlock()
            look("home")
            val walk = Walk(shell) { look(it) }
            walk.all("visit", walks) { shell.tap("tile_visit") }
            walk.all("request", walks) { shell.tap("tile_request") }
            walk.all("dispute", walks) { shell.tap("tile_dispute") }
            walk.all("household", minOf(walks, 4)) {
                shell.tap("more")
                shell.tap("households")
                while (shell.find("delete") != null && shell.app.steps.isEmpty() && shell.find("household") == null) shell.tap("key_1")
                look("households")
                shell.tap("household")
            }
            shell.tap("tile_visit")
            shell.tap("search")
            look("search")
            shell.tap("key_L")
            look("search-found")
            shell.tap("list")
            shell.tap("back")
            shell.tap("records")
            look("records")
            shell.tap("record")
            look("record")
            shell.tap("back")
            shell.tap("back")
            shell.tap("more")
            look("more")
            shell.tap("practice")
            look("practice-home")
            walk.all("warning_ack", minOf(walks, 6)) {
                shell.tap("tile_warning_ack")
                look("warnings")
                shell.tap("warning")
            }
            shell.tap("practice_end")
            shell.tap("more")
            for (screen in listOf("settings", "help", "courier", "my_photo")) {
                shell.tap(screen)
                look(screen)
                shell.tap("back")
            }
            shell.tap("back")
            shell.tap("sync")
            look("sync")
            shell.tap("back")
            assertTrue("only ${walk.screens} screens of interviews were seen", walk.screens > if (walks > 5) 40 else 25)
        }
        assertEquals("", wrong.distinct().joinToString("\n"))
    }
}
