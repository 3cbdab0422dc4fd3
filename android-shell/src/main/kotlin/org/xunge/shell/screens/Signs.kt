// The sign of each sync state, the same on every screen: a colour, a shape and a word.
package org.xunge.shell.screens

import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.R
import org.xunge.shell.ui.Kit
import org.xunge.shell.ui.StateSign

private val SIGNS = mapOf(
    "draft" to StateSign("draft", R.string.state_draft) { it.grey },
    "waiting" to StateSign("waiting", R.string.state_waiting) { it.amber },
    "received" to StateSign("received", R.string.state_received) { it.green },
    "returned" to StateSign("returned", R.string.state_returned) { it.purple },
    "refused" to StateSign("refused", R.string.state_refused) { it.red },
)

fun signOf(state: String): StateSign = SIGNS[state] ?: SIGNS.getValue("draft")

fun stateWord(kit: Kit, state: String): String = kit.context.getString(signOf(state).word)

/** Shape above word; beside it where the badge stands under other words. */
fun stateBadge(kit: Kit, state: String, beside: Boolean = false): View {
    val sign = signOf(state)
    val colour = sign.colour(kit.palette)
    val word = kit.text(kit.context.getString(sign.word), kit.look.caption, colour, bold = true).apply { gravity = Gravity.CENTER }
    return (if (beside) kit.row(8) else kit.column(2).apply { gravity = Gravity.CENTER_HORIZONTAL }).apply {
        addView(kit.picture(sign.picture, colour, 34))
        addView(word, LinearLayout.LayoutParams(LinearLayout.LayoutParams.WRAP_CONTENT, LinearLayout.LayoutParams.WRAP_CONTENT))
    }
}

/** The picture of a kind of record. */
fun pictureOf(kind: String): String = when (kind) {
    "warning_ack" -> "warning"
    else -> kind
}

/** The short name of a kind of record. */
fun nameOf(kit: Kit, kind: String): String = kit.context.getString(
    when (kind) {
        "visit" -> R.string.kind_visit
        "dispute" -> R.string.kind_dispute
        "warning", "warning_ack" -> R.string.kind_warning
        "household" -> R.string.kind_household
        else -> R.string.kind_request
    },
)
