// The few building blocks of every screen: text, button, card, row, picture. Each has a description for screen readers
// and a text to be spoken.
package org.xunge.shell.ui

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Paint
import android.graphics.Typeface
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.os.Build
import android.text.Layout
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.Space
import android.widget.TextView
import kotlin.math.ceil
import org.xunge.shell.R

/** What is said when this view is touched first, or read out. */
var View.spoken: String?
    get() = getTag(R.id.spoken) as? String
    set(value) = setTag(R.id.spoken, value)

/** Stable name of what a view does, for tests and for nothing else. */
var View.action: String?
    get() = getTag(R.id.action) as? String
    set(value) = setTag(R.id.action, value)

/** How a button looks. */
enum class Role { MAIN, PLAIN, DANGER }

class Kit(val look: Look) {
    val context: Context get() = look.context
    val palette get() = look.palette

    fun text(words: CharSequence, size: Float = look.body, colour: Int = palette.ink, bold: Boolean = false): TextView =
        TextView(context).apply {
            text = words
            setTextSize(TypedValue.COMPLEX_UNIT_PX, size)
            setTextColor(colour)
            if (bold) typeface = Typeface.DEFAULT_BOLD
            includeFontPadding = true
            airy(bold)
        }

    fun heading(words: CharSequence) = text(words, look.heading, bold = true).apply {
        if (Build.VERSION.SDK_INT >= 28) isAccessibilityHeading = true
    }

    /** What is sought, framed; softly while it is only a hint. */
    fun sought(words: String, hint: Boolean) = text(words, look.heading, if (hint) palette.soft else palette.ink, bold = true).apply {
        setPadding(look.dp(12), look.dp(6), look.dp(12), look.dp(6))
        background = box(palette.paper, palette.ink, 3)
    }

    /** Lines stand 1.35 times the text size apart, whatever the font says; words are not torn, and of what is short (headings,
     *  names of buttons) no single character is left over on a line. */
    private fun TextView.airy(even: Boolean) {
        val natural = paint.fontMetrics.run { descent - ascent }
        setLineSpacing(maxOf(0f, ceil(textSize * 1.35f - natural)), 1f)
        if (Build.VERSION.SDK_INT >= 23) {
            breakStrategy = if (even) Layout.BREAK_STRATEGY_BALANCED else Layout.BREAK_STRATEGY_SIMPLE
            hyphenationFrequency = Layout.HYPHENATION_FREQUENCY_NONE
        }
    }

    fun picture(name: String, colour: Int, sizeDp: Number = 44): ImageView = ImageView(context).apply {
        setImageDrawable(look.picture(name, colour))
        layoutParams = LinearLayout.LayoutParams(look.dp(sizeDp), look.dp(sizeDp))
        importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    fun column(gapDp: Int = 0) = LinearLayout(context).apply {
        orientation = LinearLayout.VERTICAL
        gap(this, 1, gapDp)
    }

    fun row(gapDp: Int = 0) = LinearLayout(context).apply {
        orientation = LinearLayout.HORIZONTAL
        gravity = Gravity.CENTER_VERTICAL
        gap(this, gapDp, 1)
    }

    private fun gap(layout: LinearLayout, wDp: Int, hDp: Int) {
        val gap = GradientDrawable().apply { setSize(look.dp(wDp), look.dp(hDp)) }
        gap.setColor(0)
        layout.dividerDrawable = gap
        layout.showDividers = LinearLayout.SHOW_DIVIDER_MIDDLE
    }

    /** A box with round corners. */
    fun box(fill: Int, border: Int? = null, borderDp: Number = 2, radiusDp: Number = 10): Drawable = GradientDrawable().apply {
        setColor(fill)
        cornerRadius = look.dp(radiusDp).toFloat()
        if (border != null) setStroke(look.dp(borderDp), border)
    }

    fun touchable(view: View, shape: Drawable, words: String, speech: String, does: String, tap: (View) -> Unit) {
        val wave = ColorStateList.valueOf((palette.ink and 0x00ffffff) or 0x33000000)
        view.background = RippleDrawable(wave, shape, null)
        view.isClickable = true
        view.isFocusable = true
        view.contentDescription = words
        view.spoken = speech
        view.action = does
        view.setOnClickListener(tap)
    }

    /** A button of words, with a picture where there is one. */
    fun button(
        words: String,
        does: String,
        role: Role = Role.PLAIN,
        picture: String? = null,
        speech: String = words,
        colour: Int = palette.green,
        tap: (View) -> Unit,
    ): LinearLayout {
        val fill = when (role) {
            Role.MAIN -> colour
            Role.DANGER -> palette.red
            Role.PLAIN -> palette.paper
        }
        val ink = if (role == Role.PLAIN) palette.ink else palette.on
        val label = text(words, look.body, ink, bold = true).apply { gravity = Gravity.CENTER }
        return row(8).apply {
            gravity = Gravity.CENTER
            minimumHeight = look.dp(Look.MAIN_TARGET)
            minimumWidth = look.dp(Look.MAIN_TARGET)
            setPadding(look.dp(8), look.dp(6), look.dp(8), look.dp(6))
            if (picture != null) addView(picture(picture, ink, 30))
            addView(label, LinearLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT, if (picture != null) 0f else 1f))
            touchable(this, box(fill, if (role == Role.PLAIN) palette.ink else null, 3), words, speech, does, tap)
        }
    }

    /** A row that leads somewhere: picture, words, and what stands at its end. */
    fun link(picture: View, words: View, end: View?, says: String, speech: String, does: String, tap: (View) -> Unit) =
        row(12).apply {
            minimumHeight = look.dp(Look.MAIN_TARGET + 4)
            setPadding(look.dp(10), look.dp(10), look.dp(10), look.dp(10))
            addView(picture)
            addView(words, LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f))
            if (end != null) addView(end)
            touchable(this, box(palette.paper, palette.line), says, speech, does, tap)
        }

    /** A round disc with the first character of a name: easier to find than a line of text. */
    fun disc(name: String, colour: Int, sizeDp: Int = 48): View = text(name.take(1), look.dp(sizeDp * 0.5f).toFloat(), palette.on, bold = true).apply {
        gravity = Gravity.CENTER
        setLineSpacing(0f, 1f)
        includeFontPadding = false
        background = GradientDrawable().apply {
            shape = GradientDrawable.OVAL
            setColor(colour)
        }
        layoutParams = LinearLayout.LayoutParams(look.dp(sizeDp), look.dp(sizeDp))
        importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** A coloured line of something that happened or went wrong. */
    fun banner(words: String, picture: String, colour: Int): View = row(10).apply {
        setPadding(look.dp(10), look.dp(8), look.dp(10), look.dp(8))
        background = box(palette.paper, colour, 3)
        addView(picture(picture, colour, 36))
        addView(text(words, look.body, colour, bold = true), LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f))
        contentDescription = words
        spoken = words
        action = "banner"
    }

    /** How many columns fit: two, unless a word or five characters would be torn, or words fill more than three lines; `usedDp` is
     *  what stands beside the words. */
    fun columnsFor(words: List<String>, size: Float = look.body, usedDp: Int = 24): Int {
        val paint = Paint().apply { textSize = size; typeface = Typeface.DEFAULT_BOLD }
        val room = (look.width - look.dp(14) * 2 - look.dp(10)) / 2 - look.dp(usedDp)
        val widest = words.flatMap { it.split(' ', '-', '/') }.maxOfOrNull { word ->
            if (word.any { it.code > 0x2e80 }) size * minOf(word.length, 5) else paint.measureText(word)
        } ?: 0f
        return if (widest <= room && words.all { paint.measureText(it) <= room * 2.4f }) 2 else 1
    }

    /** A card to choose: picture above words, or beside them where one stands a row. */
    fun card(
        picture: View,
        words: String,
        speech: String,
        does: String,
        wide: Boolean,
        chosen: Boolean,
        colour: Int,
        tap: (View) -> Unit,
    ): LinearLayout {
        val label = text(words, look.body, palette.ink, bold = true).apply {
            gravity = if (wide) Gravity.START or Gravity.CENTER_VERTICAL else Gravity.CENTER
        }
        val card = if (wide) row(12) else column(4).apply { gravity = Gravity.CENTER }
        card.minimumHeight = look.dp(if (wide) 76 else 116)
        card.setPadding(look.dp(12), look.dp(10), look.dp(12), look.dp(10))
        card.addView(picture)
        card.addView(label, if (wide) LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f) else LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        touchable(card, cardShape(chosen, colour), words, speech, does, tap)
        card.isSelected = chosen
        return card
    }

    fun cardShape(chosen: Boolean, colour: Int): Drawable =
        if (chosen) box(palette.chosen, colour, 5) else box(palette.paper, palette.line, 3)

    /** Views in rows of `columns`, all of one width; rows are as high as their highest. */
    fun grid(columns: Int, views: List<View>): LinearLayout = column(10).apply {
        for (chunk in views.chunked(columns)) {
            val line = row(10).apply { gravity = Gravity.FILL_VERTICAL; isBaselineAligned = false }
            for (view in chunk) line.addView(view, LinearLayout.LayoutParams(0, MATCH_PARENT, 1f))
            repeat(columns - chunk.size) { line.addView(Space(context), LinearLayout.LayoutParams(0, MATCH_PARENT, 1f)) }
            addView(line, ViewGroup.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        }
    }
}
