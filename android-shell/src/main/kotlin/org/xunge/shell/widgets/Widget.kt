// A widget asks one kind of question. It knows what is on the screen and half answered, and nothing of what it means.
package org.xunge.shell.widgets

import android.graphics.BitmapFactory
import android.view.View
import android.widget.ImageView
import android.widget.LinearLayout
import java.io.File
import org.xunge.shell.Answer
import org.xunge.shell.Choice
import org.xunge.shell.Host
import org.xunge.shell.Question
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.ui.Role
import org.xunge.shell.ui.spoken

/** What a widget asks, where it keeps what is half answered, and to whom the answer goes. */
class Ask(val host: Host, val question: Question, private val key: String, val answer: (Answer) -> Unit) {
    /** Half an answer; survives rotation and the death of the process. */
    var half: String?
        get() = host.scratch.getString(key)
        set(value) = host.scratch.putString(key, value)

    /** A second place of the same kind. */
    fun half(name: String): String? = host.scratch.getString("$key/$name")

    fun half(name: String, value: String?) = host.scratch.putString("$key/$name", value)
}

abstract class Widget(protected val ask: Ask) {
    protected val host = ask.host
    protected val kit = ask.host.kit
    protected val look = kit.look
    protected val palette = kit.palette
    protected val question = ask.question

    abstract fun fill(into: LinearLayout)

    /** The main button, where tapping an answer does not go on by itself. */
    open fun next(): Pair<String, () -> Unit>? = null

    /** What is spoken after the question. */
    open fun hint(): String? = null

    open fun onGone() {}

    /** A picture that was taken. */
    protected fun preview(file: File): View = ImageView(kit.context).apply {
        setImageBitmap(BitmapFactory.decodeFile(file.path, BitmapFactory.Options().apply { inSampleSize = 2 }))
        adjustViewBounds = true
        maxHeight = look.dp(260)
        contentDescription = words(R.string.picture_taken)
        spoken = contentDescription.toString()
    }

    /** There is no camera, or it may not be used: the question stays answerable without. */
    internal fun noCamera() = host.tell(Said(words(R.string.no_camera), good = false))

    protected fun words(id: Int, vararg values: Any): String = kit.context.getString(id, *values)

    /** Cards of choices, two a row where the words allow it. */
    protected fun cards(into: LinearLayout, choices: List<Choice>, chosen: Set<String>, tap: (Choice) -> Unit) {
        val columns = kit.columnsFor(choices.map { it.text })
        val cards = ArrayList<View>()
        val lay = {
            if (cards.isNotEmpty()) into.addView(kit.grid(columns, cards.toList()))
            cards.clear()
        }
        for (choice in choices) {
            val marked = choice.code in chosen
            val calls = choice.picture == "call"
            if (calls && question.quote != null) {
                // What was just read out has happened already: nobody looks for this one among the others.
                lay()
                into.addView(urgent(choice, marked, tap))
                continue
            }
            val picture = kit.picture(choice.picture, if (calls) palette.red else palette.ink, 48)
            cards += kit.card(picture, choice.text, choice.speech, "choice", columns == 1, marked, if (calls) palette.red else palette.green) { tap(choice) }
                .also { it.setTag(R.id.code, choice.code) }
        }
        lay()
    }

    private fun urgent(choice: Choice, marked: Boolean, tap: (Choice) -> Unit): View =
        kit.button(choice.text, "choice", Role.DANGER, choice.picture, choice.speech) { tap(choice) }.apply {
            minimumHeight = look.dp(URGENT)
            if (marked) background = kit.box(palette.red, palette.ink, 5)
            isSelected = marked
            setTag(R.id.code, choice.code)
        }

    private companion object {
        const val URGENT = 76
    }

    /** Choosing by tap: at once, or, where the settings say so, spoken first and chosen by the second tap. */
    protected fun choose(code: String, speech: String, answer: Answer) {
        if (host.app.settings.oneTap || ask.half == code) {
            ask.answer(answer)
        } else {
            ask.half = code
            host.refresh(speak = false)
            host.say(speech + words(R.string.tap_again))
        }
    }
}

/** One of a handful, by the kind of question. */
fun widgetFor(ask: Ask): Widget = when (ask.question.kind) {
    "choice" -> ChoiceWidget(ask)
    "choices" -> ChoicesWidget(ask)
    "yes_no" -> YesNoWidget(ask)
    "household", "person" -> PickerWidget(ask)
    "number" -> NumberWidget(ask)
    "date" -> DateWidget(ask)
    "text" -> TextWidget(ask)
    "voice" -> VoiceWidget(ask)
    "photo" -> PhotoWidget(ask)
    "signature" -> SignatureWidget(ask)
    "confirm" -> ConfirmWidget(ask)
    else -> UnknownWidget(ask)
}
