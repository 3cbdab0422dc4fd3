// Speaks: by the system's voice, where there is one.
package org.xunge.shell.device

import android.content.Context
import android.speech.tts.TextToSpeech
import java.util.Locale
import org.xunge.shell.Settings

interface Voice {
    /** Speaks, and stops whatever is being said. */
    fun say(words: String)

    fun stop()
}

class SystemVoice(context: Context, private val settings: Settings) : Voice {
    private var ready = false
    private var waiting: String? = null
    private lateinit var speech: TextToSpeech

    init {
        speech = TextToSpeech(context) { status ->
            ready = status == TextToSpeech.SUCCESS
            waiting?.takeIf { ready }?.let(::say)
            waiting = null
        }
    }

    override fun say(words: String) {
        if (!ready) {
            waiting = words
            return
        }
        speech.language = Locale.forLanguageTag(settings.language)
        speech.setSpeechRate(settings.speed)
        speech.speak(words, TextToSpeech.QUEUE_FLUSH, null, "screen")
    }

    override fun stop() {
        waiting = null
        if (ready) speech.stop()
    }
}
