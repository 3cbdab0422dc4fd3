// The first screen: who I am, the two numbers, what to tap, what the town said, who is next.
package org.xunge.shell.screens

import android.graphics.BitmapFactory
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.ImageView
import android.widget.LinearLayout
import org.xunge.shell.Home
import org.xunge.shell.Host
import org.xunge.shell.Notice
import org.xunge.shell.NoticeKind
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.ui.Kit
import org.xunge.shell.ui.Look

class HomeScreen(host: Host) : Screen(host) {
    private val home: Home? = host.attempt { host.app.phone.home() }
    private val name = host.app.worker?.name.orEmpty()

    override val title get() = name.ifEmpty { text(R.string.app_name) }

    override fun leading(): View {
        val card = host.attempt { host.app.open().workers.firstOrNull { it.id == host.app.worker?.worker } }
        return portrait(kit, name, card?.photo)
    }

    override fun speech(): String {
        val home = home ?: return title
        val numbers = text(R.string.two_numbers, home.progress.acknowledged.toLong(), home.progress.waiting.toLong())
        val notices = home.notices.take(2).joinToString("") { it.speech }
        val room = if (host.app.isNearlyFull) text(R.string.disk_nearly_full) else ""
        return room + numbers + notices + text(R.string.home_speech)
    }

    override fun content(into: LinearLayout) {
        val home = home ?: return
        if (host.app.isNearlyFull) into.addView(kit.banner(text(R.string.disk_nearly_full), "trouble", palette.red))
        into.addView(numbers(home))
        for (notice in home.notices.filter { it.kind != NoticeKind.WARNING }.take(2)) into.addView(noticeRow(notice))
        val colours = home.tiles.associate { it.kind to look.of(it.kind) }
        for (tile in home.tiles) {
            into.addView(tile(tile.kind, tile.picture, tile.text, tile.speech, colours.getValue(tile.kind)))
        }
        if (home.nextVisits.isNotEmpty()) {
            into.addView(kit.heading(text(R.string.next_visits)))
            for (visit in home.nextVisits.take(5)) {
                val words = kit.text(visit.text)
                into.addView(
                    kit.link(kit.disc(visit.title, palette.green), words, null, visit.text, visit.speech, "next_visit") {
                        start("visit", visit.household)
                    }.also { it.setTag(R.id.record, visit.household) },
                )
            }
        }
        into.addView(kit.button(text(R.string.more), "more", picture = "more") { host.go("more") })
    }

    override fun ways(): List<View> = if (host.app.practising) {
        listOf(
            kit.button(text(R.string.my_records), "records") { host.go("records") },
            mainButton(text(R.string.practice_end), "practice_end", palette.brown) { endPractice() },
        )
    } else {
        listOf(
            kit.button(text(R.string.my_records), "records") { host.go("records") },
            mainButton(text(R.string.send_now), "sync") { host.go("sync") },
        )
    }

    private fun endPractice() {
        host.attempt { host.app.phone.practice(false) } ?: return
        host.app.practising = false
        host.app.steps.clear()
        host.home()
    }

    private fun numbers(home: Home): View {
        val progress = home.progress
        val words = listOf(text(R.string.received_by_town), text(R.string.state_waiting))
        val columns = kit.columnsFor(words, look.caption, usedDp = 58)
        val boxes = listOf(
            number("received", words[0], progress.acknowledged.toLong(), wide = columns == 1),
            number("waiting", words[1], progress.waiting.toLong(), wide = columns == 1),
        )
        return kit.grid(columns, boxes)
    }

    private fun number(state: String, words: String, count: Long, wide: Boolean): View {
        val colour = signOf(state).colour(palette)
        return kit.row(8).apply {
            minimumHeight = look.dp(Look.MAIN_TARGET)
            setPadding(look.dp(10), look.dp(6), look.dp(6), look.dp(6))
            addView(kit.picture(state, colour, 32))
            addView(
                (if (wide) kit.row(8) else kit.column()).apply {
                    val room = LinearLayout.LayoutParams(if (wide) 0 else WRAP_CONTENT, WRAP_CONTENT, if (wide) 1f else 0f)
                    addView(kit.text(words, look.caption, colour), room)
                    addView(kit.text("$count", look.figure, colour, bold = true))
                },
                LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f),
            )
            val says = "$words $count"
            kit.touchable(this, kit.box(palette.paper, palette.line), says, says, "number_$state") {
                host.scratch.putString("records/state", state)
                host.go("records")
            }
        }
    }

    private fun tile(kind: String, picture: String, words: String, speech: String, colour: Int): View = kit.row(14).apply {
        // All four are seen at once on a phone of 640 dp.
        minimumHeight = look.dp(72)
        setPadding(look.dp(18), look.dp(4), look.dp(14), look.dp(4))
        addView(kit.picture(picture, palette.on, 56))
        val (name, rest) = words.split(" · ", limit = 2).let { it[0] to it.getOrNull(1) }
        addView(
            kit.column().apply {
                addView(kit.text(name, look.heading, palette.on, bold = true))
                if (rest != null) addView(kit.text(rest, look.caption, palette.on))
            },
            LinearLayout.LayoutParams(0, WRAP_CONTENT, 1f),
        )
        kit.touchable(this, kit.box(colour), words, speech, "tile_$kind") {
            if (kind == "warning_ack") host.go("warnings") else start(kind, null)
        }
        layoutParams = LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT)
    }

    private fun noticeRow(notice: Notice): View {
        val (sign, colour) = when (notice.kind) {
            NoticeKind.RETURNED -> "returned" to palette.purple
            NoticeKind.REFUSED -> "refused" to palette.red
            NoticeKind.WARNING -> "warning" to palette.red
            NoticeKind.SETTLED -> "received" to palette.green
        }
        val words = kit.text(notice.text, look.body, colour, bold = true)
        return kit.link(kit.picture(sign, colour, 40), words, null, notice.text, notice.speech, "notice") {
            host.go("record:${notice.record}")
        }.also { it.setTag(R.id.record, notice.record) }
    }

    private fun start(kind: String, subject: String?) = begin(host, kind, subject)
}

/** Begins an interview and shows its first question; where the device is full, says so before anything is answered. */
fun begin(host: Host, kind: String, subject: String?) {
    if (host.app.isFull) return host.tell(Said(host.kit.context.getString(R.string.disk_full_first), good = false))
    val started = host.attempt { host.app.phone.start(kind, subject) } ?: return
    host.app.steps[started.interview] = started.step
    host.app.kinds[started.interview] = kind
    host.go("interview:${started.interview}")
}

/** A worker's photo, else the first character of the name. */
fun portrait(kit: Kit, name: String, photo: String?, sizeDp: Int = 48): View {
    val picture = photo?.let(BitmapFactory::decodeFile) ?: return kit.disc(name.ifEmpty { "·" }, kit.palette.brown, sizeDp)
    return ImageView(kit.context).apply {
        setImageBitmap(picture)
        scaleType = ImageView.ScaleType.CENTER_CROP
        layoutParams = LinearLayout.LayoutParams(kit.look.dp(sizeDp), kit.look.dp(sizeDp))
        importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    }
}
