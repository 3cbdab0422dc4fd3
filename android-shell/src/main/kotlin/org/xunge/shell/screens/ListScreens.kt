// Lists to pick from: warnings to read out, and households whose facts are to be changed.
package org.xunge.shell.screens

import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.Host
import org.xunge.shell.Notice
import org.xunge.shell.NoticeKind
import org.xunge.shell.R
import org.xunge.shell.ui.Keypad

/** Warnings that households have not heard yet. */
class WarningsScreen(host: Host) : Screen(host) {
    private val open: List<Notice> =
        host.attempt { host.app.phone.home().notices.filter { it.kind == NoticeKind.WARNING } }.orEmpty()

    override val title get() = text(R.string.kind_warning)
    override val picture get() = "warning"
    override val headColour get() = palette.red

    override fun speech() = if (open.isEmpty()) text(R.string.no_warnings) else open.joinToString("") { it.speech } + text(R.string.warnings_speech)

    override fun content(into: LinearLayout) {
        if (open.isEmpty()) into.addView(kit.text(text(R.string.no_warnings)))
        for (notice in open) {
            val words = kit.text(notice.text, look.body, palette.red, bold = true)
            into.addView(
                kit.link(kit.picture("warning", palette.red, 44), words, null, notice.text, notice.speech, "warning") {
                    begin(host, "warning_ack", notice.record)
                }.also { it.setTag(R.id.record, notice.record) },
            )
        }
    }
}

/** Any household, to change what is known of it; and people whom another grid shares, to read. */
class HouseholdsScreen(host: Host) : Screen(host) {
    private val sought get() = host.scratch.getString("households") ?: ""

    override val title get() = text(R.string.kind_household)
    override val picture get() = "household"

    override fun speech() = text(R.string.search_hint)

    override fun content(into: LinearLayout) {
        into.addView(kit.sought(sought.ifEmpty { text(R.string.search_hint) }, sought.isEmpty()))
        if (sought.isNotEmpty()) {
            val hits = host.attempt { host.app.phone.search(sought, 12u) }.orEmpty()
            for (hit in hits) {
                // A person whom another grid shares is read, not changed.
                val shared = hit.kind == "person"
                val words = kit.text(if (shared) hit.text else "${hit.title} · ${hit.door}")
                into.addView(
                    kit.link(kit.disc(hit.title, palette.green), words, null, hit.text, hit.speech, "household") {
                        if (shared) host.go("record:${hit.id}") else begin(host, "household", hit.id)
                    }.also { it.setTag(R.id.record, hit.id) },
                )
            }
            if (hits.isEmpty()) into.addView(kit.text(text(R.string.nothing_found)))
        }
        into.addView(Keypad(kit).keys(('A'..'Z').map { "$it" } + ('0'..'9').map { "$it" }) { set(sought + it) })
    }

    override fun ways(): List<View> = listOf(backButton(), kit.button(text(R.string.delete), "delete") { set(sought.dropLast(1)) })

    private fun set(now: String) {
        host.scratch.putString("households", now)
        host.refresh(speak = false)
    }
}
