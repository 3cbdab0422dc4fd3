package org.xunge.shell

import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.junit.runner.RunWith

/** What is out of order: the library itself, or the device's storage. It is said in words, nothing is lost, and there is a way on. */
@RunWith(ShellRunner::class)
class FaultTest {
    @Test
    fun a_fault_of_the_library_is_said_and_after_the_pin_the_same_question_stands_there() {
        Shell().unlock().use { shell ->
            shell.tap("tile_visit")
            shell.tap("choice")
            // What the bindings throw of an object that is gone is no answer of the library's.
            shell.app.phone.destroy()
            shell.tap("choice", "VP06")
            assertTrue(shell.words(), shell.words().contains("软件出了点问题"))
            assertTrue(shell.voice.said.last().contains("记下的都还在"))
            shell.png("fault")
            shell.unlock()
            shell.tap("choice", "VP06")
            shell.tap("choice", "MW01")
            shell.tap("choice", "yes")
            shell.tap("save")
            assertEquals(1uL, shell.app.phone.home().progress.saved)
        }
    }

    @Test
    fun a_library_that_does_not_fit_the_device_is_said_in_words_and_tried_again() {
        Shell().use { shell ->
            shell.app.unusable = UnsatisfiedLinkError("no xunge_ffi for this processor")
            shell.activity.refresh()
            shell.idle()
            assertTrue(shell.words(), shell.words().contains("不要卸载"))
            assertTrue(shell.voice.said.last().contains("打电话给镇里"))
            assertEquals("", Numbers(shell).wrong().joinToString())
            shell.png("unusable")
            shell.tap("retry")
            shell.unlock()
            assertNotNull(shell.find("tile_visit"))
        }
    }

    @Test
    fun a_phone_without_room_says_so_before_the_work_is_done() {
        Shell().unlock().use { shell ->
            shell.app.room = { 1_000_000 }
            shell.activity.refresh()
            shell.idle()
            assertTrue(shell.words().contains("手机快满了"))
            assertTrue(shell.voice.said.last().contains("手机快满了"))
            shell.png("nearly-full")
            assertEquals("", Numbers(shell).wrong().joinToString())
            shell.tap("tile_visit")
            assertTrue(shell.words(), shell.words().contains("现在记了存不下"))
            assertTrue(shell.app.steps.isEmpty())
            shell.app.room = { 1_000_000_000 }
            shell.tap("tile_visit")
            assertNotNull(shell.find("choice"))
        }
    }

    @Test
    fun a_disk_that_fills_in_the_middle_says_so_and_what_was_answered_is_there_once_there_is_room() {
        val small = System.getProperty("xunge.small").orEmpty()
        assumeTrue("no small file system could be mounted here", small.isNotEmpty())
        val place = File(small, "phone").apply { deleteRecursively(); mkdirs() }
        Shell(place = place).unlock().use { shell ->
            shell.tap("tile_dispute")
            shell.tap("skip")
            shell.type("两家为田埂吵，".repeat(200))
            val rest = File(small, "rest")
            val full = runCatching { rest.outputStream().use { out -> while (true) out.write(ByteArray(4096)) } }
            assertTrue("${full.exceptionOrNull()}", full.isFailure)
            shell.tap("next")
            assertTrue(shell.words(), shell.words().contains("手机满了"))
            assertNotNull("the same question, with what was written", shell.find("text"))
            assertTrue(shell.words().contains("两家为田埂吵"))
            shell.png("disk-full")
            shell.kill()
            rest.delete()
            shell.unlock()
            shell.tap("next")
            assertNull(shell.words(), shell.find("text"))
            Walk(shell) {}.rest("dispute")
            assertEquals(1uL, shell.app.phone.home().progress.saved)
        }
    }
}
