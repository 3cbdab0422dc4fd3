package org.xunge.shell

import android.os.Build
import android.widget.EditText
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Shadows.shadowOf

@RunWith(ShellRunner::class)
class NothingLostTest {
    @Test
    fun a_turned_phone_asks_the_same_question_with_what_was_half_answered() {
        Shell().unlock().use { shell ->
            shell.tap("tile_dispute")
            shell.tap("skip")
            shell.type("两家为田埂吵")
            shell.recreate()
            assertEquals("两家为田埂吵", (shell.find("text") as EditText).text.toString())
            shell.tap("next")
            assertNotNull(shell.find("choice", "02"))
        }
    }

    @Test
    fun a_picture_taken_while_the_camera_pushed_the_app_out_of_memory_is_there_after_the_pin() {
        Shell().unlock().use { shell ->
            shell.tap("tile_dispute")
            repeat(30) {
                when {
                    shell.find("photo") != null -> {}
                    shell.find("text") != null -> {
                        shell.type("村口")
                        shell.tap("next")
                    }
                    shell.find("choice") != null -> shell.tap("choice")
                    shell.find("skip") != null -> shell.tap("skip")
                    else -> shell.tap("next")
                }
            }
            shell.photographWhileTheAppIsEnded("photo")
            shell.unlock()
            assertTrue(shell.words(), shell.words().contains("重新拍"))
            shell.tap("next")
            assertNotNull(shell.find("save"))
        }
    }

    @Test
    fun a_process_that_dies_in_an_interview_goes_on_at_the_same_question_after_the_pin() {
        Shell().unlock().use { shell ->
            shell.tap("tile_visit")
            shell.tap("choice")
            shell.tap("choice", "VP06")
            shell.kill()
            shell.unlock()
            assertNotNull("asks who was met", shell.find("choice", "MW01"))
            shell.tap("choice", "MW01")
            shell.tap("choice", "yes")
            assertTrue(shell.words().contains("讲防骗"))
            shell.tap("save")
            assertEquals(1uL, shell.app.phone.home().progress.saved)
        }
    }

    @Test
    fun an_interview_that_is_left_stays_a_draft_under_my_records() {
        Shell().unlock().use { shell ->
            shell.tap("tile_visit")
            shell.tap("choice")
            shell.tap("back")
            shell.tap("back")
            shell.tap("records")
            assertNotNull(shell.find("record", "draft"))
            shell.tap("record", "draft")
            assertNotNull(shell.find("choice"))
        }
    }

    @Test
    fun back_undoes_an_answer_and_shows_it_marked() {
        Shell().unlock().use { shell ->
            shell.tap("tile_visit")
            shell.tap("choice")
            shell.tap("choice", "VP04")
            shell.tap("back")
            assertTrue(checkNotNull(shell.find("choice", "VP04")).isSelected)
            shell.tap("choice", "VP06")
            assertNotNull(shell.find("choice", "MW01"))
        }
    }

    @Test
    fun in_two_tap_mode_the_first_tap_speaks_and_the_second_chooses() {
        Shell().unlock().use { shell ->
            shell.app.settings.oneTap = false
            shell.tap("tile_visit")
            shell.tap("choice")
            assertNotNull("still asks for the household", shell.find("search"))
            assertTrue(shell.voice.said.last().endsWith("再点一次。"))
            shell.tap("choice")
            assertNotNull(shell.find("choice", "VP08"))
        }
    }

    @Test
    fun practice_looks_different_and_leaves_nothing_behind() {
        Shell().unlock().use { shell ->
            shell.tap("more")
            shell.tap("practice")
            assertTrue(shell.words().contains("练习"))
            shell.tap("tile_visit")
            shell.tap("choice")
            shell.tap("choice", "VP08")
            shell.tap("choice", "MW01")
            shell.tap("choice", "yes")
            shell.tap("save")
            shell.tap("practice_end")
            assertEquals(0uL, shell.app.phone.home().progress.saved)
        }
    }

    @Test
    fun a_wrong_pin_says_so_and_the_right_one_opens() {
        Shell().use { shell ->
            shell.tap("worker")
            repeat(4) { shell.tap("key_9") }
            shell.tap("unlock")
            assertTrue(shell.words().contains("密码不对"))
            shell.enterPin()
            assertNotNull(shell.find("tile_visit"))
        }
    }

    @Test
    fun a_refused_microphone_says_what_to_do_and_the_question_stays_answerable() {
        assumeTrue("asked for when the app is installed", Build.VERSION.SDK_INT >= 23)
        Shell().unlock().use { shell ->
            shell.tap("tile_dispute")
            shadowOf(shell.app).denyPermissions(android.Manifest.permission.RECORD_AUDIO)
            shell.tap("record")
            shell.refusePermission()
            assertTrue(shell.words().contains("用不了话筒"))
            shell.tap("skip")
            shell.type("两家为田埂吵")
            shell.tap("next")
            assertNotNull(shell.find("choice"))
        }
    }

    @Test
    fun a_broken_code_of_the_town_says_so() {
        Shell(enrolled = false).use { shell ->
            shell.tap("enrol")
            shell.photograph("scan")
            assertTrue(shell.words().contains("没有看清码"))
            shell.png("enrol-no-code")
            for ((code, words) in listOf(
                "https://example.org/shop" to "网页",
                "wxp://f2f0abc" to "收钱",
                "WIFI:S:cun;T:WPA;P:12345678;;" to "无线网",
                "6901234567892" to "商品",
                "王家的菜窖" to "不是镇里给的码",
            )) {
                shell.photograph("scan", qr(code))
                assertTrue("$code: ${shell.words()}", shell.words().contains(words))
                assertTrue(shell.voice.said.last().contains(words))
                assertNotNull("and asks for the right one", shell.find("scan"))
            }
            shell.png("enrol-foreign-code")
            shell.copy("XUNGE1:A9")
            shell.tap("paste")
            repeat(4) { shell.tap("key_1") }
            shell.tap("enrol")
            assertTrue(shell.words(), shell.words().contains("这个码不对"))
        }
    }
}
