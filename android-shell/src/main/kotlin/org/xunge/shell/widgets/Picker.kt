// A household or a person: the likeliest, or any that search finds by pinyin initials, door number or voice.
package org.xunge.shell.widgets

import android.content.Intent
import android.speech.RecognizerIntent
import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.R
import org.xunge.shell.text
import org.xunge.shell.ui.Keypad

class PickerWidget(ask: Ask) : Widget(ask) {
    private val typed: String? get() = ask.half("search")

    override fun fill(into: LinearLayout) {
        val sought = typed
        if (sought == null) likeliest(into) else search(into, sought)
    }

    private fun likeliest(into: LinearLayout) {
        for (choice in question.choices.orEmpty()) {
            into.addView(entry(choice.code, choice.text, choice.speech))
        }
        into.addView(kit.button(words(R.string.search), "search", picture = "search") { sought("") })
    }

    private fun entry(code: String, name: String, speech: String): View {
        val marked = ask.half == code || (ask.half == null && org.xunge.shell.textOf(question.value) == code)
        return kit.card(kit.disc(name, palette.green), name, speech, "choice", true, marked, palette.green) {
            choose(code, speech, text(code))
        }.also { it.setTag(R.id.code, code) }
    }

    private fun search(into: LinearLayout, sought: String) {
        into.addView(kit.sought(sought.ifEmpty { words(R.string.search_hint) }, sought.isEmpty()))
        if (sought.isNotEmpty()) {
            val hits = host.attempt { host.app.phone.search(sought, HITS.toUInt()) }.orEmpty().filter { it.kind == "household" }
            for (hit in hits) into.addView(entry(hit.id, listOf(hit.title, hit.door).filter { it.isNotEmpty() }.joinToString(" · "), hit.speech))
            if (hits.isEmpty()) into.addView(kit.text(words(R.string.nothing_found)))
        }
        val digits = ask.half("digits") != null
        val keys = if (digits) ('0'..'9').map { "$it" } else ('A'..'Z').map { "$it" }
        into.addView(Keypad(kit).keys(keys) { sought((typed ?: "") + it) })
        into.addView(
            kit.grid(
                2,
                listOf(
                    kit.button(words(if (digits) R.string.keys_letters else R.string.keys_digits), "keys") {
                        ask.half("digits", if (digits) null else "1")
                        host.refresh(speak = false)
                    },
                    kit.button(words(R.string.delete), "delete", picture = "back") { sought(sought.dropLast(1)) },
                    kit.button(words(R.string.say_name), "say_name", picture = "microphone") { listen() },
                    kit.button(words(R.string.to_list), "list", picture = "people") { sought(null) },
                ),
            ),
        )
    }

    private fun sought(now: String?) {
        ask.half("search", now)
        host.refresh(speak = false)
    }

    /** The system's speech recognition, where there is one. */
    private fun listen() {
        val intent = Intent(RecognizerIntent.ACTION_RECOGNIZE_SPEECH)
            .putExtra(RecognizerIntent.EXTRA_LANGUAGE_MODEL, RecognizerIntent.LANGUAGE_MODEL_FREE_FORM)
            .putExtra(RecognizerIntent.EXTRA_LANGUAGE, host.app.settings.language)
        val there = host.ask(intent) { answer ->
            val heard = answer?.getStringArrayListExtra(RecognizerIntent.EXTRA_RESULTS)?.firstOrNull()
            if (heard != null) sought(heard.trim())
        }
        if (!there) host.tell(org.xunge.shell.Said(words(R.string.no_listening), good = false))
    }

    private companion object {
        const val HITS = 8
    }
}
