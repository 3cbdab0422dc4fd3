// Speaks a screen, part by part: by the county's recordings in its dialect, else by the system's voice, else by the
// recordings that come with the app. What none of them can say, a name for instance, stands on the screen alone.
package org.xunge.shell.device

import android.content.Context
import android.speech.tts.TextToSpeech
import android.speech.tts.UtteranceProgressListener
import java.util.Locale
import org.xunge.shell.Settings
import org.xunge.shell.SpeechPart

interface Voice {
    /** Speaks, and stops whatever is being said. */
    fun say(words: String)

    fun stop()

    /** Whether all that this phone can say are the recordings that come with the app. */
    val isMakeshift: Boolean get() = false
}

/** One thing to be said. */
sealed interface Utterance {
    class Recorded(val clips: List<Clip>) : Utterance

    class Spoken(val words: String) : Utterance
}

/** What says each part, in order; `speaks` is whether the system has a voice, `carried` whether the app carries a recording. */
fun plan(parts: List<SpeechPart>, speaks: Boolean, carried: (String) -> Clip?): List<Utterance> {
    val plan = ArrayList<Utterance>()
    for (part in parts) {
        val last = plan.lastOrNull()
        val own = part.keys.mapNotNull(carried)
        when {
            part.recordings.isNotEmpty() -> plan += Utterance.Recorded(part.recordings.map { Clip.File(it) })
            // One after the other in one breath: a voice finds its melody by the whole sentence.
            speaks && last is Utterance.Spoken -> plan[plan.size - 1] = Utterance.Spoken(last.words + part.text)
            speaks -> plan += Utterance.Spoken(part.text)
            part.keys.isNotEmpty() && own.size == part.keys.size -> plan += Utterance.Recorded(own)
        }
    }
    return plan
}

class LayeredVoice(
    private val context: Context,
    private val settings: Settings,
    private val clips: Clips,
    private val parts: (String) -> List<SpeechPart>,
    private val onMain: (() -> Unit) -> Unit,
) : Voice {
    private enum class System { COMING, THERE, MISSING }

    private var system = System.COMING
    private var waiting: String? = null
    private var left: List<Utterance> = emptyList()
    /** Counts what is said, so that what was stopped does not go on. */
    private var turn = 0
    private var carried: Pair<String, Set<String>>? = null

    private val speech: TextToSpeech = TextToSpeech(context) { status -> onMain { came(status) } }

    private fun came(status: Int) {
        system = if (status == TextToSpeech.SUCCESS) System.THERE else System.MISSING
        if (system == System.THERE) speech.setOnUtteranceProgressListener(Ends())
        waiting?.let(::say)
    }

    /** Old phones often have a voice, and not one for Chinese. */
    private val speaks get() =
        system == System.THERE && speech.isLanguageAvailable(language) >= TextToSpeech.LANG_AVAILABLE

    private val language get() = Locale.forLanguageTag(settings.language)

    override val isMakeshift get() = system == System.MISSING || (system == System.THERE && !speaks)

    override fun say(words: String) {
        stop()
        if (system == System.COMING) {
            waiting = words
            return
        }
        left = plan(parts(words), speaks, ::carried)
        next(turn)
    }

    private fun next(of: Int) {
        if (of != turn) return
        val now = left.firstOrNull() ?: return
        left = left.drop(1)
        when (now) {
            is Utterance.Recorded -> clips.play(now.clips) { next(of) }
            is Utterance.Spoken -> {
                speech.language = language
                speech.setSpeechRate(settings.speed)
                speech.speak(now.words, TextToSpeech.QUEUE_FLUSH, null, "$of")
            }
        }
    }

    private fun carried(key: String): Clip? {
        val folder = "voice/${settings.language}"
        val names = carried?.takeIf { it.first == folder }?.second
            ?: context.assets.list(folder).orEmpty().toSet().also { carried = folder to it }
        return "$key.mp3".takeIf { it in names }?.let { Clip.Asset("$folder/$it") }
    }

    override fun stop() {
        turn += 1
        waiting = null
        left = emptyList()
        clips.stop()
        if (system == System.THERE) speech.stop()
    }

    /** The system tells it on a thread of its own. */
    private inner class Ends : UtteranceProgressListener() {
        override fun onStart(id: String?) = Unit

        override fun onDone(id: String?) = onMain { id?.toIntOrNull()?.let(::next) }

        @Deprecated("Still the only one that old systems call")
        override fun onError(id: String?) = onDone(id)
    }
}
