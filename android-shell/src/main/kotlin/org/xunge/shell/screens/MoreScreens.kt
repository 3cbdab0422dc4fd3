// Everything that is not daily work: practice, courier, settings, help, another worker.
package org.xunge.shell.screens

import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.ui.Contrast
import org.xunge.shell.ui.Look

class MoreScreen(host: Host) : Screen(host) {
    override val title get() = text(R.string.more)
    override val picture get() = "more"

    override fun speech() = text(R.string.more_speech)

    override fun content(into: LinearLayout) {
        into.addView(entry("household", R.string.kind_household, "households") { host.go("households") })
        if (!host.app.practising) {
            into.addView(entry("school", R.string.practice, "practice") { practise() })
            into.addView(entry("letter", R.string.courier, "courier") { host.go("courier") })
            into.addView(entry("camera", R.string.my_photo, "my_photo") { host.go("my_photo") })
        }
        into.addView(entry("wrench", R.string.settings, "settings") { host.go("settings") })
        into.addView(entry("call", R.string.help, "help") { host.go("help") })
        into.addView(entry("lock", R.string.lock, "lock") { lock() })
    }

    private fun entry(picture: String, words: Int, does: String, tap: (View) -> Unit): View {
        val label = text(words)
        return kit.link(kit.picture(picture, palette.ink, 40), kit.text(label, bold = true), null, label, label, does, tap)
    }

    private fun practise() {
        host.attempt { host.app.phone.practice(true) } ?: return
        host.app.practising = true
        host.app.steps.clear()
        host.home(Said(text(R.string.practice_on), good = true))
    }

    private fun lock() {
        host.attempt { host.app.lock() } ?: return
        host.home()
    }
}

class SettingsScreen(host: Host) : Screen(host) {
    private val settings = host.app.settings

    override val title get() = text(R.string.settings)
    override val picture get() = "wrench"

    override fun speech() = text(R.string.settings_speech)

    override fun content(into: LinearLayout) {
        val sizes = listOf(R.string.size_normal, R.string.size_large, R.string.size_larger, R.string.size_largest)
        group(into, R.string.text_size, Look.BODIES.zip(sizes), settings.body) { settings.body = it }
        group(into, R.string.tapping, listOf(true to R.string.one_tap, false to R.string.two_taps), settings.oneTap) { settings.oneTap = it }
        group(into, R.string.speed, listOf(0.7f to R.string.slow, 0.85f to R.string.steady, 1.1f to R.string.fast), settings.speed) { settings.speed = it }
        if (host.app.voice.isMakeshift) into.addView(kit.text(text(R.string.makeshift_voice)))
        group(
            into,
            R.string.colours,
            listOf(Contrast.NORMAL to R.string.colours_normal, Contrast.HIGH to R.string.colours_high, Contrast.DARK to R.string.colours_dark),
            settings.contrast,
        ) { settings.contrast = it }
        group(into, R.string.language, listOf("zh-CN" to R.string.chinese, "en" to R.string.english), settings.language) {
            settings.language = it
            host.attempt { host.app.open() }
            (kit.context as android.app.Activity).recreate()
        }
    }

    private fun <T> group(into: LinearLayout, name: Int, values: List<Pair<T, Int>>, now: T, set: (T) -> Unit) {
        into.addView(kit.heading(text(name)))
        val words = values.map { text(it.second) }
        val buttons = values.mapIndexed { index, (value, _) ->
            val chosen = value == now
            val label = if (chosen) text(R.string.chosen, words[index]) else words[index]
            kit.button(words[index], "set_${text(name)}_$index", picture = if (chosen) "yes" else null, speech = label) {
                set(value)
                host.refresh(speak = false)
                host.say(words[index])
            }.apply {
                contentDescription = label
                isSelected = chosen
                if (chosen) background = kit.cardShape(true, palette.green)
            }
        }
        into.addView(kit.grid(kit.columnsFor(words, usedDp = 56), buttons))
    }
}

/** The library cannot be loaded: the package does not fit this device, or is broken. */
class UnusableScreen(host: Host) : Screen(host) {
    override val title get() = text(R.string.app_name)
    override val picture get() = "wrench"

    override fun speech() = text(R.string.unusable)

    override fun content(into: LinearLayout) {
        into.addView(kit.heading(text(R.string.unusable)))
        val number = host.app.settings.help
        if (number.isNotEmpty()) into.addView(kit.button(text(R.string.call_supervisor), "call", picture = "call") { dial(host, number) })
    }

    override fun ways(): List<View> = listOf(
        mainButton(text(R.string.try_again), "retry") {
            host.app.load()
            if (host.app.unusable == null) host.attempt { host.app.open() }
            host.refresh()
        },
    )
}

class HelpScreen(host: Host) : Screen(host) {
    override val title get() = text(R.string.help)
    override val picture get() = "call"

    override fun speech() = text(R.string.help_speech)

    override fun content(into: LinearLayout) {
        into.addView(kit.text(text(R.string.help_speech)))
        val number = host.app.settings.help
        if (number.isNotEmpty()) {
            into.addView(mainButton(text(R.string.call_supervisor), "call", palette.blue) { dial(host, number) })
        }
        into.addView(kit.heading(text(R.string.supervisor_number)))
        into.addView(kit.text(number.ifEmpty { text(R.string.no_number) }, look.figure, bold = true))
        // The town's own number needs no typing.
        if (host.app.settings.town.isEmpty()) {
            into.addView(org.xunge.shell.ui.Keypad(kit).numbers(null, { set(number + it) }, { set(number.dropLast(1)) }))
        }
    }

    private fun set(now: String) {
        host.app.settings.supervisor = now
        host.refresh(speak = false)
    }
}
