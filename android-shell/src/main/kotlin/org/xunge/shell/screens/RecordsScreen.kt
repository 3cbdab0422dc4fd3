// My records, the latest first, each with its state; and one record: what it says, what the town says, what to do.
package org.xunge.shell.screens

import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.RecordSummary
import org.xunge.shell.RecordView
import org.xunge.shell.Said
import org.xunge.shell.device.Playback
import org.xunge.shell.recordsOf
import org.xunge.shell.ui.Role

class RecordsScreen(host: Host) : Screen(host) {
    private val state = host.scratch.getString("records/state")
    private val shown = host.scratch.getInt("records/shown", PAGE)
    private val rows: List<RecordSummary> =
        host.attempt { recordsOf(host.app.phone, state = state, limit = shown + 1) }.orEmpty()

    override val title get() = if (state == null) text(R.string.my_records) else stateWord(kit, state)

    override fun speech(): String = when {
        rows.isEmpty() -> text(R.string.no_records)
        else -> title + "。" + rows.take(3).joinToString("") { "${it.title}，${stateWord(kit, it.syncState)}。" }
    }

    override fun content(into: LinearLayout) {
        if (rows.isEmpty()) into.addView(kit.text(text(R.string.no_records)))
        for (row in rows.take(shown)) into.addView(entry(row))
        if (rows.size > shown) {
            into.addView(kit.button(text(R.string.older), "older") {
                host.scratch.putInt("records/shown", shown + PAGE)
                host.refresh(speak = false)
            })
        }
        if (state != null) {
            into.addView(kit.button(text(R.string.all_records), "all") {
                host.scratch.remove("records/state")
                host.refresh()
            })
        }
    }

    private fun entry(row: RecordSummary): View {
        val words = kit.column().apply {
            addView(kit.text(row.title, bold = true))
            addView(kit.text(dayOf(kit, row.`when`), look.caption, palette.soft))
        }
        val word = stateWord(kit, row.syncState)
        val picture = kit.picture(pictureOf(row.kind), look.of(row.kind), 40)
        val narrow = look.body > look.dp(24)
        val badge = stateBadge(kit, row.syncState, beside = narrow)
        if (narrow) words.addView(badge)
        return kit.link(picture, words, if (narrow) null else badge, "${row.title} $word", "${row.title}，$word。", "record") {
            if (row.syncState == "draft") host.go("interview:${row.record}") else host.go("record:${row.record}")
        }.also {
            it.setTag(R.id.record, row.record)
            it.setTag(R.id.code, row.syncState)
        }
    }

    override fun ways() = listOf(
        backButton(),
        mainButton(text(R.string.send_now), "sync") { host.go("sync") },
    )

    override fun onBack(): Boolean {
        host.scratch.remove("records/state")
        host.scratch.remove("records/shown")
        return false
    }

    private companion object {
        const val PAGE = 30
    }
}

class RecordScreen(host: Host, private val record: String) : Screen(host) {
    private val view: RecordView? = host.attempt { host.app.phone.record(record) }
    private val player = Playback()

    override val title get() = view?.let { nameOf(kit, it.kind) } ?: text(R.string.my_records)
    override val picture get() = view?.let { pictureOf(it.kind) }

    override fun pictureColour() = view?.let { look.of(it.kind) } ?: palette.ink

    override fun speech(): String {
        val view = view ?: return title
        val why = listOfNotNull(view.reason?.let { "$it。" }, view.remedySpeech)
        return "${view.title}。${view.syncText}。" + (view.notes.map { it.speech } + why).joinToString("")
    }

    override fun content(into: LinearLayout) {
        val view = view ?: return
        val sign = signOf(view.syncState)
        val colour = sign.colour(palette)
        into.addView(kit.heading(view.title))
        into.addView(kit.banner(view.syncText, sign.picture, colour))
        view.reason?.let { into.addView(kit.text(it, look.body, colour, bold = true)) }
        view.remedy?.let { into.addView(kit.text(it, look.body, bold = true)) }
        for (note in view.notes) {
            into.addView(kit.column(6).apply {
                setPadding(look.dp(12), look.dp(8), look.dp(12), look.dp(8))
                background = kit.box(palette.paper, palette.purple, 3)
                addView(kit.text(note.text))
                val audio = note.audio
                if (audio != null) addView(kit.button(text(R.string.hear_town), "hear", picture = "speaker") { play(audio) })
            })
        }
        view.numberText?.let { into.addView(kit.text(it, look.body, palette.soft)) }
        for (field in view.fields) {
            into.addView(kit.column().apply {
                addView(kit.text(field.label, look.caption, palette.soft))
                addView(kit.text(field.text, bold = true))
                if (field.others.isNotEmpty()) {
                    addView(kit.text(text(R.string.others_say, field.others.joinToString("、")), look.body, palette.amber))
                }
            })
        }
        if (view.timeline.isNotEmpty()) {
            into.addView(kit.heading(text(R.string.what_happened)))
            for (event in view.timeline) into.addView(kit.text(event.text))
        }
    }

    override fun ways(): List<View> {
        val words = if (view?.syncState in setOf("returned", "refused")) R.string.mend else R.string.change
        return listOf(backButton(), kit.button(text(words), "amend", Role.MAIN) { amend() })
    }

    private fun amend() {
        val started = host.attempt { host.app.phone.amend(record) } ?: return
        host.app.steps[started.interview] = started.step
        host.app.kinds[started.interview] = view?.kind.orEmpty()
        host.replace("interview:${started.interview}")
    }

    private fun play(path: String) {
        host.app.voice.stop()
        if (!player.play(path)) host.tell(Said(text(R.string.unplayable), good = false))
    }

    override fun onGone() = player.stop()
}
