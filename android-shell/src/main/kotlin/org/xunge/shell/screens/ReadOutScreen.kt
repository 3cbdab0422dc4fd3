// Ten digits that the town reads out over the telephone, for an app that has its relay built in.
package org.xunge.shell.screens

import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.Host
import org.xunge.shell.R

class ReadOutScreen(host: Host) : DigitsScreen(host, "enrol/read_out") {
    override val title get() = text(R.string.enrol)
    override val picture get() = "add_phone"
    override val groups = listOf(3, 3, 4)
    override val hidden = false
    override val aloud = true

    override fun speech() = text(R.string.read_out_speech)

    override fun content(into: LinearLayout) {
        into.addView(kit.heading(text(R.string.read_out)))
        digits(into)
        if (host.app.busy) into.addView(kit.text(text(R.string.wait)))
    }

    override fun ways(): List<View> = listOf(
        kit.button(text(R.string.back), "back") { forget(); host.back() },
        mainButton(text(R.string.done), "redeem") { redeem() },
    )

    override fun onBack(): Boolean {
        forget()
        return false
    }

    /** Asks the town what the number stands for. What was typed stays until it was right. */
    private fun redeem() {
        val code = typed
        if (host.app.busy) return
        host.app.background({
            host.app.open()
            host.app.phone.redeem(host.app.relay, code).ticket
        }) { result ->
            result.fold(
                onSuccess = {
                    forget()
                    host.scratch.putString(TICKET, it)
                    host.back()
                },
                onFailure = { host.trouble(it) },
            )
        }
        host.refresh(speak = false)
    }
}
