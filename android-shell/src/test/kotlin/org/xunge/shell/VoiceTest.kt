package org.xunge.shell

import android.speech.tts.TextToSpeech
import java.io.File
import java.util.Locale
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowTextToSpeech
import org.robolectric.util.ReflectionHelpers
import org.xunge.shell.device.Clip
import org.xunge.shell.device.Clips
import org.xunge.shell.device.LayeredVoice
import org.xunge.shell.device.Utterance
import org.xunge.shell.device.plan
import org.xunge.town.Town

/** Nothing on a screen is mute: recordings of the county, else the system's voice, else what the app carries. */
@RunWith(ShellRunner::class)
class VoiceTest {
    private val parts = listOf(
        SpeechPart("李大山", emptyList(), emptyList()),
        SpeechPart("家，", listOf("home"), emptyList()),
        SpeechPart("该去了。", listOf("due"), listOf("/dialect/due.m4a")),
    )

    private fun say(speaks: Boolean, vararg carried: String) = plan(parts, speaks) { key -> Clip.Asset(key).takeIf { key in carried } }.map {
        when (it) {
            is Utterance.Recorded -> it.clips.joinToString { clip -> "$clip" }
            is Utterance.Spoken -> it.words
        }
    }

    @Test
    fun the_county_s_recording_comes_first_then_the_system_s_voice_then_what_the_app_carries() {
        val dialect = "File(path=/dialect/due.m4a)"
        assertEquals(listOf("李大山家，", dialect), say(speaks = true, "home", "due"))
        assertEquals(listOf("Asset(name=home)", dialect), say(speaks = false, "home", "due"))
        assertEquals(listOf(dialect), say(speaks = false))
    }

    @Test
    fun a_phone_with_a_chinese_voice_reads_the_whole_screen_with_it() {
        ShadowTextToSpeech.addLanguageAvailability(Locale.forLanguageTag("zh-CN"))
        Shell().unlock().use { shell ->
            val (voice, played) = real(shell)
            shell.activity.refresh()
            shell.idle()
            assertFalse(voice.isMakeshift)
            assertTrue(tts(voice).lastSpokenText, tts(voice).lastSpokenText.contains("镇里已收到0条，待发送0条。"))
            assertEquals(emptyList<Clip>(), played.said)
        }
    }

    @Test
    fun a_phone_without_a_chinese_voice_says_every_screen_by_the_recordings_that_the_app_carries() = carriedSayIt()

    @Test
    @Config(sdk = [26])
    fun the_same_on_android_8() = carriedSayIt()

    private fun carriedSayIt() {
        assumeTrue("no recordings were made here", File(System.getProperty("xunge.voices"), "voice/zh-CN").isDirectory)
        Shell().unlock().use { shell ->
            val (voice, played) = real(shell)
            shell.activity.refresh()
            shell.idle()
            assertTrue(voice.isMakeshift)
            assertTrue("${played.said}", Clip.Asset("voice/zh-CN/shell.received_by_town.mp3") in played.said)
            assertTrue("${played.said}", Clip.Asset("voice/zh-CN/number.0.mp3") in played.said)
            val mute = ArrayList<String>()
            val look = { screen: String ->
                if (played.said.isEmpty()) mute += screen
                for (clip in played.said) shell.app.assets.open((clip as Clip.Asset).name).close()
                played.said.clear()
            }
            Walk(shell) { look(it) }.all("visit", walks = 2) {
                played.said.clear()
                shell.tap("tile_visit")
            }
            for (screen in listOf("records", "more")) {
                played.said.clear()
                shell.tap(screen)
                look(screen)
                if (screen == "records") shell.tap("back")
            }
            shell.tap("settings")
            assertTrue("named as what they are: ${shell.words()}", shell.words().contains("临时录音"))
            shell.png("settings-makeshift-voice")
            assertEquals(emptyList<String>(), mute)
        }
    }

    @Test
    fun the_county_s_recordings_are_fetched_with_a_sync_and_played_instead_of_any_machine() {
        ShadowTextToSpeech.addLanguageAvailability(Locale.forLanguageTag("zh-CN"))
        checkNotNull(Town.seed) { "made before there is a dialect" }
        val folder = File(Town.work, "dialect").apply { mkdirs() }
        val spoken = File(folder, "shell.home_speech.wav")
        QuietRecorder().start(spoken)
        Town.run("admin", "voice", "import", folder.path)
        Shell().unlock().use { shell ->
            shell.tap("sync")
            shell.tap("send")
            val (_, played) = real(shell)
            shell.tap("back")
            val file = played.said.single() as Clip.File
            assertEquals(spoken.readBytes().toList(), File(file.path).readBytes().toList())
        }
        // The other tests' town has no dialect.
        spoken.delete()
        Town.run("admin", "voice", "import", folder.path)
    }

    private fun tts(voice: LayeredVoice): ShadowTextToSpeech = shadowOf(ReflectionHelpers.getField<TextToSpeech>(voice, "speech"))

    /** The app's own voice, on a system that answers as the shadow was told, with a player that remembers. */
    private fun real(shell: Shell): Pair<LayeredVoice, KeptClips> {
        val played = KeptClips()
        val voice = LayeredVoice(shell.app, shell.app.settings, played, shell.app::parts, shell.app::onMain)
        shell.app.voice = voice
        assertNotNull(tts(voice).onInitListener)
        tts(voice).onInitListener.onInit(TextToSpeech.SUCCESS)
        shell.idle()
        return voice to played
    }

    private class KeptClips : Clips {
        val said = ArrayList<Clip>()

        override fun play(clips: List<Clip>, done: () -> Unit) {
            said += clips
            done()
        }

        override fun stop() = Unit
    }
}
