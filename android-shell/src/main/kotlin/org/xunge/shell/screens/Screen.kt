// One thing a screen: a head with the speaker at its right, the thing itself, and the ways on at the bottom.
package org.xunge.shell.screens

import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.FrameLayout
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.TextView
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.ui.Look
import org.xunge.shell.ui.Role
import org.xunge.shell.ui.action
import org.xunge.shell.ui.spoken

abstract class Screen(protected val host: Host) {
    protected val kit = host.kit
    protected val look = kit.look
    protected val palette = kit.palette

    /** What stands in the head. */
    abstract val title: String

    /** Name of the picture before the title. */
    open val picture: String? = null
    open val headColour: Int? = null

    /** The whole screen in spoken words. */
    abstract fun speech(): String

    /** The thing itself. */
    abstract fun content(into: LinearLayout)

    /** Buttons at the bottom; the main way on is the last. */
    open fun ways(): List<View> = listOf(backButton())

    /** What the system's back key does; false leaves it to the activity. */
    open fun onBack(): Boolean = false

    /** Called when the screen goes away. */
    open fun onGone() {}

    protected open fun leading(): View? = picture?.let { kit.picture(it, headInk(), 40) }

    protected fun text(id: Int, vararg values: Any): String = kit.context.getString(id, *values)

    protected fun backButton(): View = kit.button(text(R.string.back), "back") { host.back() }

    private fun headInk(): Int = if (headColour == null) pictureColour() else palette.on

    protected open fun pictureColour(): Int = palette.ink

    /** The whole view; `said` stands above the content. */
    fun view(said: Said?): View {
        val frame = kit.column()
        frame.setBackgroundColor(palette.paper)
        frame.addView(head(), LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        val inside = kit.column(12)
        inside.setPadding(look.dp(14), look.dp(12), look.dp(14), look.dp(20))
        if (said != null) {
            val colour = if (said.good) palette.green else palette.red
            val line = kit.banner(said.text, if (said.good) "received" else "trouble", colour)
            line.spoken = said.speech
            inside.addView(line)
        }
        content(inside)
        val scroll = ScrollView(kit.context).apply {
            isFillViewport = true
            id = R.id.scroll
            addView(inside, FrameLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        }
        frame.addView(scroll, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
        val ways = ways()
        if (ways.isNotEmpty()) frame.addView(bar(ways), LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        return frame
    }

    private fun head(): View {
        val ground = headColour ?: if (host.app.practising) palette.practice else palette.ground
        val ink = if (headColour == null) palette.ink else palette.on
        val head = kit.row(10)
        head.setBackgroundColor(ground)
        head.setPadding(look.dp(14), look.dp(10), look.dp(14), look.dp(10))
        leading()?.let { head.addView(it) }
        head.addView(kit.text(headline(), look.body, ink, bold = true), LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f))
        head.addView(speaker(ground))
        return head
    }

    /** The title; while practising it says so, on a line of its own where a name would be torn. */
    private fun headline(): String {
        if (!host.app.practising) return title
        val words = text(R.string.practice_title, title)
        val room = look.width - look.dp(28) - look.dp(Look.MAIN_TARGET) - look.dp(10) - look.dp(60)
        val paint = kit.text(words, look.body, bold = true).paint
        return if (paint.measureText(words) <= room) words else words.replace(" · ", "\n")
    }

    /** At the same place on every screen. */
    private fun speaker(ground: Int): View {
        val disc = if (headColour == null) palette.ink else palette.on
        val sign = if (headColour == null) palette.ground else ground
        return kit.row().apply {
            gravity = Gravity.CENTER
            addView(kit.picture("speaker", sign, 34))
            layoutParams = LinearLayout.LayoutParams(look.dp(Look.MAIN_TARGET), look.dp(Look.MAIN_TARGET))
            kit.touchable(this, kit.box(disc, radiusDp = 30), text(R.string.listen), text(R.string.listen), "speak") {
                host.say(speech())
            }
        }
    }

    /** Buttons beside each other; where their words do not fit, the main one above the others. */
    private fun bar(ways: List<View>): View {
        val bar = kit.column(10)
        bar.setBackgroundColor(palette.ground)
        bar.setPadding(look.dp(14), look.dp(10), look.dp(14), look.dp(10))
        val room = look.width - look.dp(28) - look.dp(10) * (ways.size - 1)
        val wanted = ways.map { wordWidth(it) + look.dp(20) }
        val fits = wanted.sum() <= room
        val rows = if (fits) listOf(ways) else listOf(ways.takeLast(1), ways.dropLast(1)).filter { it.isNotEmpty() }
        for (line in rows) {
            val row = kit.row(10).apply { isBaselineAligned = false }
            for (way in line) {
                // Each has room for its words; the main one gets most of what is left.
                val share = if (way === ways.last() && ways.size > 1) 3f else 1f
                row.addView(way, LinearLayout.LayoutParams(if (fits) wanted[ways.indexOf(way)] else 0, MATCH_PARENT, share))
            }
            bar.addView(row, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        }
        return bar
    }

    private fun wordWidth(view: View): Int = when (view) {
        is TextView -> view.paint.measureText(view.text.toString()).toInt() + 1
        is LinearLayout -> (0 until view.childCount).sumOf { wordWidth(view.getChildAt(it)) } +
            if (view.childCount > 1) look.dp(8) else 0
        else -> view.layoutParams?.width?.takeIf { it > 0 } ?: 0
    }

    protected fun mainButton(words: String, does: String, colour: Int = palette.green, speech: String = words, tap: (View) -> Unit) =
        kit.button(words, does, Role.MAIN, speech = speech, colour = colour, tap = tap)
}
