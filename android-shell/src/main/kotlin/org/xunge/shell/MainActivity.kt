// The one activity: a stack of screens by name, which rotation and the death of the process leave whole.
package org.xunge.shell

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.content.res.Configuration
import android.os.Build
import android.os.Bundle
import android.os.SystemClock
import android.util.Log
import android.view.View
import android.view.WindowManager
import java.util.Locale
import org.xunge.shell.screens.Screen
import org.xunge.shell.screens.TICKET
import org.xunge.shell.screens.screenFor
import org.xunge.shell.ui.Kit
import org.xunge.shell.ui.Look

class MainActivity : Activity(), Host {
    override val app get() = application as ShellApp
    override lateinit var kit: Kit
        private set
    override val scratch = Bundle()

    private val stack = ArrayList<String>()
    private var screen: Screen? = null
    private var said: Said? = null
    private var leftAt = 0L
    /** While trouble is being told, what fails in drawing the screen beneath is not told on top of it. */
    private var telling = false
    private var asked: ((Intent?) -> Unit)? = null
    private var permitted: ((Boolean) -> Unit)? = null

    override fun attachBaseContext(base: Context) {
        val language = Settings(base).language
        val configuration = Configuration(base.resources.configuration)
        configuration.setLocale(Locale.forLanguageTag(language))
        super.attachBaseContext(base.createConfigurationContext(configuration))
    }

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        // Screens show what people said at home: not in screenshots, not in the list of recent apps.
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        kit = Kit(Look(this, app.settings.contrast, app.settings.body))
        app.shown = this
        state?.getStringArrayList(STACK)?.let { stack.addAll(it) }
        state?.getBundle(SCRATCH)?.let { scratch.putAll(it) }
        if (app.unusable == null) attempt { app.open() }
        takeIntent(intent)
        refresh(speak = state == null)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        takeIntent(intent)
        refresh()
    }

    /** A file or a ticket that another app hands over. */
    private fun takeIntent(intent: Intent?) {
        val ticket = intent?.takeIf { it.action == Intent.ACTION_SEND }?.getStringExtra(Intent.EXTRA_TEXT)
        val file = intent?.let { it.data ?: streamOf(it) }
        if (ticket != null) {
            scratch.putString(TICKET, ticket)
            stack.add("enrol")
        } else if (file != null && intent.action != Intent.ACTION_MAIN) {
            stack.add("courier:$file")
        }
        intent?.action = Intent.ACTION_MAIN
    }

    @Suppress("DEPRECATION") // The typed getter came with API 33.
    private fun streamOf(intent: Intent) = intent.getParcelableExtra(Intent.EXTRA_STREAM) as? android.net.Uri

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putStringArrayList(STACK, ArrayList(stack))
        state.putBundle(SCRATCH, scratch)
    }

    override fun onStop() {
        super.onStop()
        leftAt = SystemClock.elapsedRealtime()
        app.voice.stop()
    }

    override fun onStart() {
        super.onStart()
        if (leftAt > 0 && app.worker != null && SystemClock.elapsedRealtime() - leftAt > LOCK_AFTER_MS) {
            attempt { app.lock() }
            refresh()
        }
    }

    override fun onDestroy() {
        if (app.shown === this) app.shown = null
        screen?.onGone()
        super.onDestroy()
    }

    override fun go(route: String) {
        stack.add(route)
        refresh()
    }

    override fun replace(route: String) {
        if (stack.isNotEmpty()) stack.removeAt(stack.size - 1)
        go(route)
    }

    override fun back() {
        if (stack.isNotEmpty()) stack.removeAt(stack.size - 1)
        refresh()
    }

    override fun home(said: Said?) {
        stack.clear()
        this.said = said
        refresh()
    }

    @Deprecated("The predictive back gesture needs API 33")
    override fun onBackPressed() {
        when {
            screen?.onBack() == true -> {}
            stack.isEmpty() -> @Suppress("DEPRECATION") super.onBackPressed()
            else -> back()
        }
    }

    /** The name of the screen that is to be seen: while locked, the one that unlocks. */
    private fun route(): String {
        if (app.unusable != null) return "unusable"
        val wanted = stack.lastOrNull() ?: "home"
        val open = wanted.substringBefore(':') in OPEN_WHILE_LOCKED
        return if (app.worker == null && !open) "workers" else wanted
    }

    override fun refresh(speak: Boolean) {
        screen?.onGone()
        kit = Kit(Look(this, app.settings.contrast, app.settings.body))
        val scrolled = if (!speak) findViewById<View>(R.id.scroll)?.scrollY else null
        val said = said
        this.said = null
        val next = screenFor(route(), this)
        screen = next
        val view = next.view(said)
        setContentView(view)
        title = next.title
        if (scrolled != null) view.findViewById<View>(R.id.scroll)?.let { it.post { it.scrollTo(0, scrolled) } }
        if (speak) say(listOfNotNull(said?.speech, next.speech()).joinToString(" "))
    }

    override fun say(words: String) = app.voice.say(words)

    override fun tell(said: Said) {
        this.said = said
        refresh(speak = false)
        findViewById<View>(R.id.scroll)?.scrollTo(0, 0)
        say(said.speech)
    }

    override fun trouble(failure: Throwable) {
        telling = true
        if (failure is Failure) {
            if (failure.code == "locked") app.worker = null
            tell(Said(failure.text, good = false, speech = failure.speech))
        } else {
            if (!isFault(failure)) throw failure
            Log.e("xunge", "a call of the library ended with what is no answer", failure)
            if (app.unusable == null) app.renew()
            tell(Said(getString(R.string.fault), good = false))
        }
        telling = false
    }

    override fun <T> attempt(call: () -> T): T? = try {
        call()
    } catch (failure: Exception) {
        later(failure)
    } catch (failure: LinkageError) {
        later(failure)
    }

    /** A screen that is only being made shows it once it stands. */
    private fun later(failure: Throwable): Nothing? {
        if (!telling) window.decorView.post { if (!isDestroyed) trouble(failure) }
        return null
    }

    override fun ask(intent: Intent, done: (Intent?) -> Unit): Boolean = try {
        asked = done
        startActivityForResult(intent, ASKED)
        true
    } catch (none: ActivityNotFoundException) {
        asked = null
        false
    } catch (forbidden: SecurityException) {
        asked = null
        false
    }

    @Deprecated("The replacement is not part of the platform")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val done = asked
        asked = null
        when {
            done != null -> done(if (result == RESULT_OK) data ?: Intent() else null)
            // The system ended the app while the camera was open: what it took is where the question left word.
            result == RESULT_OK -> refresh(speak = false)
        }
    }

    override fun permit(permission: String, done: (Boolean) -> Unit) {
        if (Build.VERSION.SDK_INT < 23 || checkSelfPermission(permission) == PackageManager.PERMISSION_GRANTED) {
            done(true)
        } else {
            permitted = done
            requestPermissions(arrayOf(permission), ASKED)
        }
    }

    override fun onRequestPermissionsResult(request: Int, permissions: Array<String>, results: IntArray) {
        val done = permitted
        permitted = null
        done?.invoke(results.firstOrNull() == PackageManager.PERMISSION_GRANTED)
    }

    private companion object {
        const val STACK = "stack"
        const val SCRATCH = "scratch"
        const val ASKED = 1
        const val LOCK_AFTER_MS = 10 * 60_000L
        val OPEN_WHILE_LOCKED = setOf("workers", "pin", "code", "enrol", "read_out", "settings", "help", "sync")
    }
}
