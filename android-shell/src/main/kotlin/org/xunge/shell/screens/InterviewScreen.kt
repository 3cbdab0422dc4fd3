// One question a screen, then what will be saved. What is asked, and what comes next, is the core's.
package org.xunge.shell.screens

import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.LinearLayout
import org.xunge.shell.Answer
import org.xunge.shell.Host
import org.xunge.shell.Line
import org.xunge.shell.Question
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.Step
import org.xunge.shell.ui.ProgressLine
import org.xunge.shell.ui.Role
import org.xunge.shell.widgets.Ask
import org.xunge.shell.widgets.Widget
import org.xunge.shell.widgets.widgetFor

class InterviewScreen(host: Host, private val interview: String) : Screen(host) {
    private val step: Step? = known() ?: continued()
    private val kind = host.app.kinds[interview] ?: host.attempt {
        org.xunge.shell.recordsOf(host.app.phone, state = "draft").firstOrNull { it.record == interview }?.kind
    }.orEmpty().also { host.app.kinds[interview] = it }
    private val question: Question? = step?.question
    private val review: List<Line>? = step?.review
    private val widget: Widget? = question?.let { widgetFor(Ask(host, it, "$interview/${it.id}", ::answer)) }

    override val title get() = nameOf(kit, kind)
    override val picture get() = pictureOf(kind)
    override val headColour get() = if (kind == "warning_ack") palette.red else null

    override fun pictureColour(): Int = look.of(kind)

    private fun known() = host.app.steps[interview]

    /** After the process died: the draft is on disk, and goes on where it stood. */
    private fun continued(): Step? = host.attempt { host.app.phone.amend(interview) }?.step?.also { host.app.steps[interview] = it }

    override fun speech(): String = when {
        question != null -> listOfNotNull(question.quote?.speech, question.speech, widget?.hint()).joinToString(" ")
        review != null -> text(R.string.review_speech) + review.joinToString("") { it.speech }
        else -> title
    }

    override fun content(into: LinearLayout) {
        question?.let { ask(it, into) }
        review?.let { look(it, into) }
    }

    private fun ask(question: Question, into: LinearLayout) {
        into.addView(ProgressLine(kit, question.step.toInt(), question.steps.toInt()), LinearLayout.LayoutParams(MATCH_PARENT, look.dp(8)))
        question.quote?.let { quote ->
            into.addView(kit.column().apply {
                setPadding(look.dp(12), look.dp(8), look.dp(12), look.dp(8))
                background = kit.box(palette.paper, if (kind == "warning_ack") palette.red else palette.purple, 3)
                addView(kit.text(quote.text, look.heading, bold = true))
            })
        }
        into.addView(kit.heading(question.text))
        question.dial?.let { number ->
            into.addView(kit.button(text(R.string.dial, number), "dial", Role.DANGER, "call") { dial(host, number) })
        }
        widget?.fill(into)
    }

    private fun look(lines: List<Line>, into: LinearLayout) {
        into.addView(kit.heading(text(R.string.review)))
        for (line in lines) {
            into.addView(kit.column().apply {
                setPadding(look.dp(12), look.dp(8), look.dp(12), look.dp(8))
                background = kit.box(palette.paper, palette.line)
                addView(kit.text(line.text))
            })
        }
        into.addView(kit.button(text(R.string.discard), "discard", picture = "no") { discard() })
    }

    override fun ways(): List<View> {
        val ways = mutableListOf<View>(kit.button(text(R.string.back), "back") { stepBack() })
        if (review != null) ways += mainButton(text(R.string.save), "save") { save() }
        if (question?.optional == true) ways += kit.button(text(R.string.skip), "skip") { move { host.app.phone.skip(interview) } }
        widget?.next()?.let { (words, tap) -> ways += mainButton(words, "next") { tap() } }
        return ways
    }

    override fun onBack(): Boolean {
        stepBack()
        return true
    }

    override fun onGone() {
        widget?.onGone()
    }

    private fun answer(value: Answer) = move { host.app.phone.answer(interview, value) }

    private fun move(call: () -> Step) {
        val next = host.attempt(call) ?: return
        question?.let { host.scratch.remove("$interview/${it.id}") }
        host.app.steps[interview] = next
        host.refresh()
    }

    /** To the question before; from the first one out, where nothing but the beginning would be thrown away. */
    private fun stepBack() {
        val before = step ?: return host.back()
        val there = host.attempt { host.app.phone.back(interview) } ?: return
        if (there.question?.id == before.question?.id) {
            leave()
        } else {
            host.app.steps[interview] = there
            host.refresh()
        }
    }

    /** The draft stays where it was begun: under my records. */
    private fun leave() {
        host.app.steps.remove(interview)
        host.back()
    }

    private fun save() {
        val saved = host.attempt { host.app.phone.save(interview) } ?: return
        host.app.steps.remove(interview)
        org.xunge.shell.device.SyncJob.soon(host.app)
        val state = saved.syncState ?: "waiting"
        host.home(Said(text(R.string.saved, stateWord(kit, state)), good = true, speech = text(R.string.saved_speech)))
    }

    private fun discard() {
        host.attempt { host.app.phone.discard(interview) } ?: return
        host.app.steps.remove(interview)
        host.home(Said(text(R.string.discarded), good = true))
    }
}
