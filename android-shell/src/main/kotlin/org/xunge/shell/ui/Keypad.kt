// Large keys: letters, digits, and the number pad.
package org.xunge.shell.ui

import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import android.widget.Space
import org.xunge.shell.R

class Keypad(private val kit: Kit) {
    private val look = kit.look

    /** As many keys in a row as keep the size of a main target. */
    fun keys(keys: List<String>, tap: (String) -> Unit): LinearLayout {
        val room = look.width - look.dp(28)
        val columns = (room + look.dp(10)) / (look.dp(Look.MAIN_TARGET) + look.dp(10))
        return kit.grid(columns.coerceIn(3, 6), keys.map { key -> key(key, key, "key_$key") { tap(key) } })
    }

    /** 1 to 9, then `left`, 0, and delete. */
    fun numbers(left: View?, tap: (String) -> Unit, delete: () -> Unit): LinearLayout {
        val digits = ('1'..'9').map { digit -> key("$digit", "$digit", "key_$digit") { tap("$digit") } }
        val zero = key("0", "0", "key_0") { tap("0") }
        val words = kit.context.getString(R.string.delete)
        val erase = kit.row().apply {
            gravity = Gravity.CENTER
            minimumHeight = look.dp(Look.MAIN_TARGET)
            addView(kit.picture("back", kit.palette.ink, 32))
            kit.touchable(this, kit.box(kit.palette.ground, kit.palette.line), words, words, "delete") { delete() }
        }
        return kit.grid(3, digits + listOf(left ?: Space(kit.context), zero, erase))
    }

    fun key(words: String, speech: String, does: String, tap: () -> Unit): View = kit.row().apply {
        gravity = Gravity.CENTER
        minimumHeight = look.dp(Look.MAIN_TARGET)
        addView(kit.text(words, look.figure, kit.palette.ink, bold = true))
        kit.touchable(this, kit.box(kit.palette.ground, kit.palette.line), words, speech, does) { tap() }
    }
}
