// A number by large keys, a day by large steps.
package org.xunge.shell.widgets

import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.LinearLayout
import java.text.SimpleDateFormat
import java.util.Calendar
import java.util.Date
import java.util.Locale
import org.xunge.shell.R
import org.xunge.shell.number
import org.xunge.shell.numberOf
import org.xunge.shell.text
import org.xunge.shell.textOf
import org.xunge.shell.ui.Keypad

class NumberWidget(ask: Ask) : Widget(ask) {
    private val digits: String
        get() = ask.half ?: numberOf(question.value)?.let { if (it % 1.0 == 0.0) it.toLong().toString() else it.toString() } ?: ""

    override fun fill(into: LinearLayout) {
        into.addView(
            kit.text(digits.ifEmpty { "0" }, look.figure, if (digits.isEmpty()) palette.soft else palette.ink, bold = true).apply {
                gravity = Gravity.END
                setPadding(look.dp(14), look.dp(6), look.dp(14), look.dp(6))
                background = kit.box(palette.paper, palette.ink, 3)
            },
        )
        val point = Keypad(kit).key(".", words(R.string.point), "key_point") { if ('.' !in digits) set(digits.ifEmpty { "0" } + ".") }
        into.addView(Keypad(kit).numbers(point, { type(it) }, { set(digits.dropLast(1)) }))
    }

    /** The first digit takes the place of a number that was only proposed, or answered before. */
    private fun type(digit: String) {
        val before = ask.half ?: ""
        if (before.length < LONGEST) set((if (before == "0") "" else before) + digit)
    }

    private fun set(now: String) {
        ask.half = now
        host.refresh(speak = false)
        host.say(now)
    }

    override fun next() = words(R.string.next) to {
        val value = digits.trimEnd('.').toDoubleOrNull()
        if (value == null) host.tell(org.xunge.shell.Said(words(R.string.tap_number), good = false)) else ask.answer(number(value))
    }

    private companion object {
        const val LONGEST = 12
    }
}

class DateWidget(ask: Ask) : Widget(ask) {
    private val iso = SimpleDateFormat("yyyy-MM-dd", Locale.ROOT)
    private val day: Calendar = Calendar.getInstance().apply {
        val known = ask.half ?: textOf(question.value)
        if (known != null) iso.parse(known)?.let { time = it }
    }

    private val shown get() = SimpleDateFormat(words(R.string.date_pattern), Locale.forLanguageTag(host.app.settings.language)).format(day.time)

    override fun fill(into: LinearLayout) {
        into.addView(kit.heading(shown).apply { gravity = Gravity.CENTER })
        val near = listOf(0 to R.string.today, -1 to R.string.yesterday, 1 to R.string.tomorrow, 7 to R.string.in_a_week)
        into.addView(
            kit.grid(
                kit.columnsFor(near.map { words(it.second) }),
                near.map { (days, name) ->
                    kit.button(words(name), "day_$days") {
                        day.time = Date()
                        step(Calendar.DATE, days)
                    }
                },
            ),
        )
        for ((field, name) in listOf(Calendar.DATE to R.string.day, Calendar.MONTH to R.string.month, Calendar.YEAR to R.string.year)) {
            into.addView(steps(field, words(name)))
        }
    }

    private fun steps(field: Int, name: String): View = kit.row(10).apply {
        val value = day.get(field) + if (field == Calendar.MONTH) 1 else 0
        addView(kit.button("−", "less_$field", speech = words(R.string.less, name)) { step(field, -1) }.named(words(R.string.less, name)))
        addView(
            kit.text("$value $name", look.body, bold = true).apply { gravity = Gravity.CENTER },
            LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f),
        )
        addView(kit.button("＋", "more_$field", speech = words(R.string.plus, name)) { step(field, 1) }.named(words(R.string.plus, name)))
    }

    private fun View.named(words: String): View = apply { contentDescription = words }

    private fun step(field: Int, by: Int) {
        day.add(field, by)
        ask.half = iso.format(day.time)
        host.refresh(speak = false)
        host.say(shown)
    }

    override fun hint() = shown

    override fun next() = words(R.string.next) to { ask.answer(text(iso.format(day.time))) }
}
