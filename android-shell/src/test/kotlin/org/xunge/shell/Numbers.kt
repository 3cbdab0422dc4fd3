// The numbers that bind the phone, asked of whatever is on the screen: target sizes, text sizes, line spacing, nothing cut
// or torn, contrast, nothing outside, words and speech for everything that can be tapped.
package org.xunge.shell

import android.graphics.Color
import android.graphics.drawable.ColorDrawable
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.graphics.Rect
import android.view.View
import android.view.ViewGroup
import android.widget.EditText
import android.widget.TextView
import kotlin.math.pow
import org.xunge.shell.ui.action
import org.xunge.shell.ui.spoken

class Numbers(private val shell: Shell) {
    private val density = shell.activity.resources.displayMetrics.density
    private val wrong = ArrayList<String>()

    /** Everything that is wrong with the present screen, in words; nothing if all is well. */
    fun wrong(): List<String> {
        wrong.clear()
        shell.lay()
        val views = shell.views().filter { it.isShown }
        views.forEach(::place)
        views.filter { it.isClickable }.forEach(::target)
        views.filterIsInstance<TextView>().filter { it.text.isNotBlank() }.forEach(::text)
        val scroll = shell.root.findViewById<View>(R.id.scroll)
        if (scroll.height < 100 * density) wrong += "only ${dp(scroll.height)} dp are left for the content"
        if (shell.voice.said.isEmpty() || shell.voice.said.last().isBlank()) wrong += "the screen is mute"
        if (shell.find("speak") == null) wrong += "no button reads the screen again"
        return wrong.toList()
    }

    private fun dp(pixels: Int) = (pixels / density * 10).toInt() / 10.0

    private fun name(view: View) = view.action ?: (view as? TextView)?.text?.take(20) ?: view.javaClass.simpleName

    private fun place(view: View) {
        if (view.width == 0 || view.height == 0) return
        val at = Rect(0, 0, view.width, view.height)
        (shell.root as ViewGroup).offsetDescendantRectToMyCoords(view, at)
        if (at.left < 0 || at.right > shell.root.width) wrong += "${name(view)} stands outside: ${at.left}..${at.right} of ${shell.root.width}"
        val inScroll = generateSequence(view.parent) { it.parent }.any { (it as? View)?.id == R.id.scroll }
        if (!inScroll && (at.top < 0 || at.bottom > shell.root.height)) wrong += "${name(view)} stands below the screen"
    }

    private fun target(view: View) {
        val least = if (view is EditText) 48 else 60
        if (view.width < least * density - 1 || view.height < least * density - 1) {
            wrong += "${name(view)} is ${dp(view.width)} × ${dp(view.height)} dp, less than $least"
        }
        if (view.contentDescription.isNullOrBlank()) wrong += "${name(view)} has no description"
        if (view.spoken.isNullOrBlank()) wrong += "${name(view)} is mute"
        if (view.action == null) wrong += "${name(view)} does nothing that has a name"
    }

    private fun text(view: TextView) {
        val decoration = view.importantForAccessibility == View.IMPORTANT_FOR_ACCESSIBILITY_NO
        if (!decoration) {
            if (view.textSize < 18 * density - 0.5f) wrong += "${name(view)} is only ${dp(view.textSize.toInt())} dp high"
            if (view.lineHeight < 1.3f * view.textSize - 1) wrong += "${name(view)} has lines ${view.lineHeight / view.textSize} apart"
        }
        whole(view)
        contrast(view)
    }

    private fun whole(view: TextView) {
        val layout = view.layout ?: return wrong.plusAssign("${name(view)} was never laid out")
        val room = view.width - view.totalPaddingLeft - view.totalPaddingRight
        val high = view.height - view.totalPaddingTop - view.totalPaddingBottom
        if (layout.height > high + 1) wrong += "${name(view)} is cut: ${layout.height} of $high"
        val text = view.text
        for (line in 0 until layout.lineCount) {
            if (layout.getLineMax(line) > room + 1) wrong += "${name(view)} is wider than its place"
            if (layout.getEllipsisCount(line) > 0) wrong += "${name(view)} is shortened"
            val end = layout.getLineEnd(line)
            if (end in 1 until text.length && latin(text[end - 1]) && latin(text[end])) wrong += "${name(view)} tears the word at $end in \"$text\""
        }
    }

    private fun latin(char: Char) = char in 'a'..'z' || char in 'A'..'Z' || char in '0'..'9'

    private fun contrast(view: TextView) {
        val ground = generateSequence(view as View) { it.parent as? View }.firstNotNullOfOrNull { fill(it.background) } ?: return
        val ratio = ratio(view.currentTextColor, ground)
        if (ratio < 4.5) wrong += "${name(view)} has a contrast of ${(ratio * 10).toInt() / 10.0}"
    }

    private fun fill(drawable: Drawable?): Int? = when (drawable) {
        is RippleDrawable -> (0 until drawable.numberOfLayers).firstNotNullOfOrNull { fill(drawable.getDrawable(it)) }
        is GradientDrawable -> drawable.color?.defaultColor
        is ColorDrawable -> drawable.color
        else -> null
    }?.takeIf { Color.alpha(it) == 255 }

    companion object {
        fun ratio(one: Int, two: Int): Double {
            val (light, dark) = listOf(luminance(one), luminance(two)).sortedDescending()
            return (light + 0.05) / (dark + 0.05)
        }

        private fun luminance(colour: Int): Double {
            fun channel(value: Int): Double = (value / 255.0).let { if (it <= 0.03928) it / 12.92 else ((it + 0.055) / 1.055).pow(2.4) }
            return 0.2126 * channel(Color.red(colour)) + 0.7152 * channel(Color.green(colour)) + 0.0722 * channel(Color.blue(colour))
        }
    }
}
