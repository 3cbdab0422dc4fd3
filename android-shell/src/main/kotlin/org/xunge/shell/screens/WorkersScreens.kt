// Who works with this phone: chosen by photo, opened by PIN on large keys, or by the code that the supervisor reads out.
package org.xunge.shell.screens

import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import org.xunge.shell.Enrolled
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.WorkerCard
import org.xunge.shell.ui.Keypad
import org.xunge.shell.ui.Role

class WorkersScreen(host: Host) : Screen(host) {
    private val workers: List<WorkerCard> = host.attempt { host.app.open().workers }.orEmpty()

    override val title get() = text(R.string.app_name)

    override fun speech() = text(if (workers.isEmpty()) R.string.welcome_speech else R.string.who_are_you)

    override fun content(into: LinearLayout) {
        into.addView(kit.heading(text(if (workers.isEmpty()) R.string.welcome else R.string.who_are_you)))
        for (worker in workers) {
            into.addView(
                kit.link(portrait(kit, worker.name, worker.photo, 64), kit.text(worker.name, look.heading, bold = true), null, worker.name, worker.name, "worker") {
                    host.go("pin:${worker.id}")
                }.also { it.setTag(R.id.record, worker.id) },
            )
        }
        // On a new phone it is the one thing to do.
        val role = if (workers.isEmpty()) Role.MAIN else Role.PLAIN
        into.addView(kit.button(text(R.string.enrol), "enrol", role, "add_phone") { host.go("enrol") })
        into.addView(kit.button(text(R.string.settings), "settings", picture = "wrench") { host.go("settings") })
        if (workers.isNotEmpty()) into.addView(kit.button(text(R.string.send_now), "sync", picture = "send") { host.go("sync") })
        into.addView(kit.button(text(R.string.help), "help", picture = "call") { host.go("help") })
    }

    override fun ways(): List<View> = emptyList()
}

/** Digits on large keys; what is typed shows as discs. */
abstract class DigitsScreen(host: Host, private val key: String) : Screen(host) {
    protected var typed: String
        get() = host.scratch.getString(key) ?: ""
        set(value) = host.scratch.putString(key, value)

    /** How many digits stand together; no more than these are taken. */
    protected open val groups = listOf(4, 4, 4)
    protected open val hidden = true

    /** Whether each digit is spoken: what is no secret to who stands beside. */
    protected open val aloud = false

    private fun grouped(): String {
        val ends = groups.runningReduce(Int::plus)
        return typed.withIndex().joinToString("") { (at, digit) -> if (at in ends) " $digit" else "$digit" }
    }

    protected fun digits(into: LinearLayout) {
        val shown = if (hidden) "●".repeat(typed.length) else grouped()
        into.addView(kit.text(shown.ifEmpty { " " }, look.figure, bold = true).apply {
            gravity = Gravity.CENTER
            setPadding(look.dp(10), look.dp(6), look.dp(10), look.dp(6))
            background = kit.box(palette.paper, palette.ink, 3)
            contentDescription = text(R.string.digits_typed, typed.length)
        })
        into.addView(
            Keypad(kit).numbers(null, { digit ->
                val taken = typed.length < groups.sum()
                if (taken) typed += digit
                host.refresh(speak = false)
                if (taken && aloud) host.say(digit)
            }, {
                typed = typed.dropLast(1)
                host.refresh(speak = false)
            }),
        )
    }

    /** PINs are not kept when the screen goes. */
    protected fun forget() = host.scratch.remove(key)
}

class PinScreen(host: Host, private val worker: String) : DigitsScreen(host, "pin") {
    private val card = host.attempt { host.app.open().workers.firstOrNull { it.id == worker } }

    override val title get() = card?.name ?: text(R.string.app_name)

    override fun leading() = portrait(kit, title, card?.photo)

    override fun speech() = text(R.string.pin_speech)

    override fun content(into: LinearLayout) {
        into.addView(kit.heading(text(R.string.pin)))
        digits(into)
        into.addView(kit.button(text(R.string.forgot_pin), "forgot", picture = "call") {
            forget()
            host.replace("code:$worker")
        })
    }

    override fun ways(): List<View> = listOf(
        kit.button(text(R.string.back), "back") { forget(); host.back() },
        mainButton(text(R.string.open), "unlock") { unlock() },
    )

    private fun unlock() {
        val pin = typed
        forget()
        host.app.background({ host.app.phone.unlock(worker, pin) }) { unlocked(host, it) }
    }
}

class CodeScreen(host: Host, private val worker: String) : DigitsScreen(host, "code") {
    private val code get() = host.scratch.getString("code/first")
    override val title get() = text(R.string.forgot_pin)
    override val hidden = false

    override fun speech() = text(if (code == null) R.string.code_speech else R.string.new_pin)

    override fun content(into: LinearLayout) {
        into.addView(kit.heading(text(if (code == null) R.string.code else R.string.new_pin)))
        digits(into)
    }

    override fun ways(): List<View> = listOf(
        kit.button(text(R.string.back), "back") { clear(); host.back() },
        mainButton(text(if (code == null) R.string.next else R.string.open), "next") { next() },
    )

    private fun next() {
        val first = code
        if (first == null) {
            host.scratch.putString("code/first", typed)
            forget()
            host.refresh()
        } else {
            val pin = typed
            clear()
            host.app.background({ host.app.phone.unlockWithCode(worker, first, pin) }) { unlocked(host, it) }
        }
    }

    private fun clear() {
        forget()
        host.scratch.remove("code/first")
    }
}

/** Goes on where the worker was, or says why not. */
internal fun unlocked(host: Host, result: Result<Enrolled>) = result.fold(
    onSuccess = {
        host.app.unlocked(it)
        org.xunge.shell.device.SyncJob.always(host.app)
        // What stands on the stack is the screens of whoever was here before.
        val same = host.scratch.getString("worker").let { before -> before == null || before == it.worker }
        host.scratch.putString("worker", it.worker)
        if (same) host.back() else host.home()
    },
    onFailure = { host.trouble(it) },
)
