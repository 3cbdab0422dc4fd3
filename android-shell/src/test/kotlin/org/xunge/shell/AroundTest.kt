package org.xunge.shell

import android.app.Activity
import android.app.job.JobScheduler
import android.content.ContentResolver
import android.content.Context
import android.content.Intent
import android.graphics.drawable.BitmapDrawable
import android.net.Uri
import android.os.Parcelable
import android.view.WindowManager
import android.widget.ImageView
import android.widget.TextView
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.xunge.shell.device.Pictures
import org.xunge.shell.device.SendingService
import org.xunge.shell.device.SyncJob
import org.xunge.town.Town

/** What goes on around the work: settings, background sync, courier, several workers, and what nobody else may see. */
@RunWith(ShellRunner::class)
class AroundTest {
    @Test
    fun one_tap_makes_the_text_larger_and_one_more_changes_the_language() {
        Shell().unlock().use { shell ->
            shell.tap("more")
            shell.tap("settings")
            val before = shell.views().filterIsInstance<TextView>().first().textSize
            shell.tap("set_字的大小_2")
            assertTrue(shell.views().filterIsInstance<TextView>().first().textSize > before * 1.4)
            shell.tap("set_语言_1")
            assertTrue(shell.words(), shell.words().contains("Text size"))
        }
    }

    @Test
    fun the_window_is_secure_and_nothing_is_backed_up() {
        Shell().use { shell ->
            val flags = shell.activity.window.attributes.flags
            assertTrue(flags and WindowManager.LayoutParams.FLAG_SECURE != 0)
            assertEquals(0, shell.app.applicationInfo.flags and android.content.pm.ApplicationInfo.FLAG_ALLOW_BACKUP)
        }
    }

    @Test
    fun what_was_saved_is_sent_in_the_background_when_there_is_a_network_though_the_phone_is_locked() {
        Shell(enrolled = false).use { shell ->
            enrol(shell, "陈有田")
            visit(shell)
            val visited = recordsOf(shell.app.phone, kind = "visit", state = "waiting").single().record
            val scheduler = shell.app.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            val jobs = scheduler.allPendingJobs.associateBy { it.id }
            assertEquals(setOf(SyncJob.SOON, SyncJob.HOURLY, SyncJob.CHARGING), jobs.keys)
            assertTrue(checkNotNull(jobs[SyncJob.CHARGING]).isRequireCharging)
            shell.tap("more")
            shell.tap("lock")
            assertNotNull("locked", shell.find("worker"))
            shell.backgroundSync()
            shell.tap("worker")
            "1357".forEach { shell.tap("key_$it") }
            shell.tap("unlock")
            // The receipt that the background got is read at unlock, or comes with the next exchange.
            assertTrue(Town.records("visit").contains(visited))
            shell.tap("sync")
            shell.tap("send")
            assertEquals(1uL, shell.app.phone.home().progress.acknowledged)
        }
    }

    @Test
    fun while_it_sends_a_notification_says_so_and_goes_with_the_end() {
        Shell().unlock().use { shell ->
            shell.tap("sync")
            shell.tap("send")
            val asked = shadowOf(shell.app).nextStartedService
            assertEquals(SendingService::class.java.name, asked.component?.className)
            val ended = shadowOf(shell.app).nextStoppedService
            assertEquals(asked.component, ended.component)
            val service = Robolectric.buildService(SendingService::class.java, asked).create().startCommand(0, 1)
            assertNotNull(shadowOf(service.get()).lastForegroundNotification)
            service.destroy()
        }
    }

    @Test
    fun help_calls_the_number_that_the_town_gave_also_while_the_phone_is_locked() {
        Shell().unlock().use { shell ->
            val worker = checkNotNull(shell.app.worker)
            shell.app.unlocked(worker.copy(helpPhone = "05551234567"))
            shell.tap("more")
            shell.tap("lock")
            shell.tap("help")
            assertTrue(shell.words(), shell.words().contains("05551234567"))
            assertNull("nothing to type", shell.find("key_1"))
            shell.png("help-town")
            shell.tap("call")
            val asked = shadowOf(shell.activity as Activity).nextStartedActivity
            assertEquals(Uri.parse("tel:05551234567"), asked.data)
        }
    }

    @Test
    fun a_courier_gets_a_sealed_file_and_a_foreign_file_is_refused_in_words() {
        Shell().unlock().use { shell ->
            visit(shell)
            shell.tap("more")
            shell.tap("courier")
            shell.tap("give")
            val chooser = shadowOf(shell.activity as Activity).nextStartedActivity
            val send = checkNotNull(held<Intent>(chooser, Intent.EXTRA_INTENT))
            val uri = checkNotNull(held<Uri>(send, Intent.EXTRA_STREAM))
            assertEquals(ContentResolver.SCHEME_CONTENT, uri.scheme)
            assertTrue(File(Pictures.folder(shell.app), "xunge.bundle").length() > 100)
            assertTrue(shell.words().contains("封好了"))

            val foreign = File(shell.app.cacheDir, "foreign").apply { writeText("not a bundle") }
            shell.tap("take")
            val asked = shadowOf(shell.activity as Activity).nextStartedActivityForResult.intent
            shadowOf(shell.activity as Activity).receiveResult(asked, Activity.RESULT_OK, Intent().setData(Uri.fromFile(foreign)))
            shell.idle()
            assertTrue(shell.words(), shell.words().contains("这不是捎带的文件"))
        }
    }

    @Test
    fun two_workers_share_a_phone_and_see_only_their_own() {
        Shell().unlock().use { shell ->
            visit(shell)
            shell.tap("more")
            shell.tap("lock")
            shell.tap("enrol")
            paste(shell, Town.ticket("赵德厚"))
            assertTrue(shell.words().contains("赵德厚"))
            assertEquals(0uL, shell.app.phone.home().progress.saved)
            shell.tap("more")
            shell.tap("lock")
            assertEquals(2, shell.views().count { it.getTag(R.id.action) == "worker" })
            shell.png("two-workers")
        }
    }

    @Test
    fun a_worker_s_own_picture_is_on_the_first_screen_and_where_the_phone_asks_who_it_is() {
        Shell().unlock().use { shell ->
            shell.tap("more")
            shell.tap("my_photo")
            assertNull(shell.app.open().workers.single().photo)
            shell.photograph("photo")
            assertTrue(shell.words(), shell.words().contains("照片换好了"))
            assertNotNull(shell.app.open().workers.single().photo)
            shell.png("my-photo")
            shell.tap("back")
            shell.tap("lock")
            assertTrue("a picture in place of the first character", shell.views().any { it is ImageView && it.drawable is BitmapDrawable })
            shell.png("workers-photo")
        }
    }

    @Test
    fun a_question_of_a_kind_that_this_app_does_not_know_asks_for_the_update_and_stays_a_draft() {
        Shell().unlock().use { shell ->
            shell.tap("tile_visit")
            val (interview, step) = shell.app.steps.entries.single()
            shell.app.steps[interview] = step.copy(question = checkNotNull(step.question).copy(kind = "hologram"))
            shell.activity.refresh()
            shell.idle()
            assertTrue(shell.words().contains("要更新软件"))
            assertTrue(shell.voice.said.last().contains("要更新软件"))
            shell.tap("next")
            shell.tap("records")
            assertNotNull(shell.find("record", "draft"))
        }
    }

    @Test
    fun a_phone_without_a_camera_says_so_and_the_question_stays_answerable() {
        Shell().unlock().use { shell ->
            shell.tap("tile_dispute")
            val (interview, step) = shell.app.steps.entries.single()
            shell.app.steps[interview] = step.copy(question = checkNotNull(step.question).copy(kind = "photo", optional = true))
            shell.activity.refresh()
            shell.idle()
            shadowOf(shell.app).checkActivities(true)
            shell.tap("photo")
            assertTrue(shell.words(), shell.words().contains("用不了相机"))
            assertNotNull(shell.find("skip"))
        }
    }

    @Suppress("DEPRECATION") // The typed getter came with API 33.
    private fun <T : Parcelable> held(intent: Intent, name: String): T? = intent.getParcelableExtra(name)

    private fun enrol(shell: Shell, name: String) {
        shell.tap("enrol")
        paste(shell, Town.ticket(name))
    }

    private fun paste(shell: Shell, ticket: String) {
        shell.copy(ticket)
        shell.tap("paste")
        "1357".forEach { shell.tap("key_$it") }
        shell.tap("enrol")
    }

    private fun visit(shell: Shell) {
        shell.app.steps.clear()
        if (shell.app.phone.home().nextVisits.isEmpty()) {
            shell.tap("sync")
            shell.tap("send")
            shell.tap("back")
        }
        shell.tap("tile_visit")
        shell.tap("choice")
        shell.tap("choice", "VP08")
        shell.tap("choice", "MW01")
        shell.tap("choice", "yes")
        shell.tap("save")
    }
}
