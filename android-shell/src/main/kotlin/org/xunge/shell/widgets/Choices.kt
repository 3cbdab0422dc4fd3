// Picture choices: one, several, yes or no, and a confirmation.
package org.xunge.shell.widgets

import android.view.Gravity
import android.widget.LinearLayout
import org.xunge.shell.Choice
import org.xunge.shell.R
import org.xunge.shell.codesOf
import org.xunge.shell.flag
import org.xunge.shell.flagOf
import org.xunge.shell.list
import org.xunge.shell.text
import org.xunge.shell.textOf

/** One of some: goes on by itself. */
class ChoiceWidget(ask: Ask) : Widget(ask) {
    private val proposed = textOf(question.value)

    override fun fill(into: LinearLayout) = cards(into, question.choices.orEmpty(), setOfNotNull(ask.half ?: proposed)) {
        choose(it.code, it.speech, text(it.code))
    }

    /** What is proposed needs no looking for. */
    override fun next() = proposed?.let { code -> words(R.string.next) to { ask.answer(text(code)) } }
}

/** Several: each tap marks or unmarks. */
class ChoicesWidget(ask: Ask) : Widget(ask) {
    private val chosen: Set<String>
        get() = ask.half?.split('\n')?.filter { it.isNotEmpty() }?.toSet() ?: codesOf(question.value).toSet()

    override fun fill(into: LinearLayout) = cards(into, question.choices.orEmpty(), chosen) { choice ->
        val now = if (choice.code in chosen) chosen - choice.code else chosen + choice.code
        ask.half = now.joinToString("\n")
        host.refresh(speak = false)
        host.say(words(if (choice.code in now) R.string.marked else R.string.unmarked, choice.speech))
    }

    override fun next() = words(R.string.next) to { ask.answer(list(question.choices.orEmpty().map { it.code }.filter { it in chosen })) }
}

/** Yes or no. */
class YesNoWidget(ask: Ask) : Widget(ask) {
    override fun fill(into: LinearLayout) {
        val choices = listOf(
            Choice("yes", words(R.string.yes), words(R.string.yes), "yes"),
            Choice("no", words(R.string.no), words(R.string.no), "no"),
        )
        val proposed = flagOf(question.value)?.let { if (it) "yes" else "no" }
        cards(into, choices, setOfNotNull(ask.half ?: proposed)) { choose(it.code, it.speech, flag(it.code == "yes")) }
    }
}

/** Something that was done, and is said to have been done by the main button. */
class ConfirmWidget(ask: Ask) : Widget(ask) {
    override fun fill(into: LinearLayout) {
        val picture = kit.picture(question.picture, palette.green, 96)
        (picture.layoutParams as LinearLayout.LayoutParams).gravity = Gravity.CENTER_HORIZONTAL
        into.addView(picture)
    }

    override fun next() = words(R.string.confirm) to { ask.answer(flag(true)) }
}

/** A kind of question that this version does not know. */
class UnknownWidget(ask: Ask) : Widget(ask) {
    override fun fill(into: LinearLayout) {
        into.addView(kit.text(words(R.string.app_too_old)))
    }

    override fun hint() = words(R.string.app_too_old)

    override fun next() = words(R.string.to_first_screen) to { host.home() }
}
