// What a screen may ask of the activity that shows it.
package org.xunge.shell

import android.content.Intent
import android.os.Bundle
import org.xunge.shell.ui.Kit

interface Host {
    val app: ShellApp
    val kit: Kit

    /** Half-typed input by key; it survives rotation and the death of the process. */
    val scratch: Bundle

    fun go(route: String)

    /** Instead of the present screen. */
    fun replace(route: String)

    fun back()

    /** The first screen, with everything above it closed; `said` stands on it as a line. */
    fun home(said: Said? = null)

    /** Draws the present screen again; with its speech if `speak`. */
    fun refresh(speak: Boolean = true)

    fun say(words: String)

    /** Shows `said` above the present screen's content, and speaks it. */
    fun tell(said: Said)

    /**
     * Shows and speaks what a call answered; asks for the PIN if the phone is locked. What is no answer of the library's is
     * a fault: it is said so, and the phone is opened anew.
     */
    fun trouble(failure: Throwable)

    /** Runs a quick call; none if it failed, which is shown then. */
    fun <T> attempt(call: () -> T): T?

    /** Asks another app; its answer goes to `done`. False if there is none for it. */
    fun ask(intent: Intent, done: (Intent?) -> Unit): Boolean

    /** Asks for a permission, where the system wants that. */
    fun permit(permission: String, done: (Boolean) -> Unit)
}

/** A line about what happened. `good` is green, else red. */
class Said(val text: String, val good: Boolean, val speech: String = text)
