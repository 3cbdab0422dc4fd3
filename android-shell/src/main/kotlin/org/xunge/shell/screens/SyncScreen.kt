// Sending now, with what has really gone through so far; and the same things by hand where there is no network.
package org.xunge.shell.screens

import android.view.View
import android.widget.LinearLayout
import android.widget.TextView
import org.xunge.shell.Failure
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.SyncReport
import org.xunge.shell.device.SendingService
import org.xunge.shell.listening

class SyncScreen(host: Host) : Screen(host) {
    private val progress get() = if (host.app.worker == null) null else host.attempt { host.app.phone.home().progress }
    private var subscription: AutoCloseable? = null
    private lateinit var line: TextView

    override val title get() = text(R.string.send_now)
    override val picture get() = "send"

    override fun speech(): String = when {
        host.app.syncing -> text(R.string.sending)
        else -> host.app.lastSync ?: text(R.string.sync_speech)
    }

    override fun content(into: LinearLayout) {
        progress?.let {
            into.addView(kit.banner("${text(R.string.received_by_town)} ${it.acknowledged}", "received", palette.green))
            into.addView(kit.banner("${text(R.string.state_waiting)} ${it.waiting}", "waiting", palette.amber))
        }
        line = kit.heading(speech())
        into.addView(line)
        if (host.app.syncing) {
            subscription = host.attempt { listening(host.app.phone) { report -> host.app.onMain { line.text = soFar(report) } } }
        }
        into.addView(kit.text(text(R.string.sync_by_itself)))
        into.addView(kit.button(text(R.string.courier), "courier", picture = "letter") { host.go("courier") })
    }

    override fun ways(): List<View> = listOf(
        backButton(),
        if (host.app.syncing) {
            kit.button(text(R.string.stop), "cancel") { host.attempt { host.app.phone.cancelSync() } }
        } else {
            mainButton(text(R.string.send_now), "send") { send() }
        },
    )

    private fun soFar(report: SyncReport) = text(R.string.sent_so_far, report.acknowledged.toLong(), report.received.toLong())

    private fun send() {
        val app = host.app
        app.syncing = true
        SendingService.start(app)
        app.background({ app.open(); app.phone.sync() }) { result ->
            app.syncing = false
            SendingService.stop(app)
            result.fold(
                onSuccess = { report ->
                    app.lastSync = if (app.worker == null) text(R.string.sent_sealed) else soFar(report)
                    app.shown?.refresh()
                },
                onFailure = { failure ->
                    app.lastSync = (failure as? Failure)?.text
                    app.shown?.trouble(failure)
                },
            )
        }
        host.refresh()
    }

    override fun onGone() {
        subscription?.close()
        subscription = null
    }
}
