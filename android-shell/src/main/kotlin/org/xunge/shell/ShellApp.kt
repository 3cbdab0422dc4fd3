// What lives as long as the process: the phone of the library, the settings, the voice, and work that takes long.
package org.xunge.shell

import android.app.Application
import android.os.Handler
import android.os.Looper
import android.util.Log
import java.io.File
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch
import org.xunge.shell.device.Keys
import org.xunge.shell.device.MediaRecording
import org.xunge.shell.device.Recorder
import org.xunge.shell.device.SystemVoice
import org.xunge.shell.device.Voice

class ShellApp : Application() {
    lateinit var settings: Settings
        private set
    lateinit var phone: Phone
        private set
    lateinit var voice: Voice
    var recorder: () -> Recorder = { MediaRecording(this) }

    /** Who has unlocked; none while locked. */
    var worker: Enrolled? = null
    var practising = false

    /** Whether "send now" runs, and how it ended last. */
    var syncing = false
    var lastSync: String? = null

    /** The activity that is to be seen; none while there is none. */
    var shown: Host? = null

    /** Screens of interviews under way, and what each is about. Gone with the process; the core has them on disk. */
    val steps = HashMap<String, Step>()
    val kinds = HashMap<String, String>()

    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val main = Handler(Looper.getMainLooper())
    private val working = AtomicInteger()

    /** Whether something runs beside the main thread. */
    val busy get() = working.get() > 0

    override fun onCreate() {
        super.onCreate()
        settings = Settings(this)
        voice = SystemVoice(this, settings)
        logTo { level, target, text -> Log.println(priority(level), "xunge", "$target $text") }
        val folder = File(noBackupFilesDir, "phone").apply { mkdirs() }
        phone = phoneIn(folder, Keys(noBackupFilesDir))
    }

    /** Opens the folder, in the language of the settings. Again is fine. */
    fun open() = phone.open(settings.language)

    fun unlocked(who: Enrolled) {
        worker = who
        practising = false
        steps.clear()
    }

    /** Forgets the key. What waits is sealed, so that it can still be sent. */
    fun lock() {
        worker = null
        practising = false
        steps.clear()
        phone.lock()
    }

    /** Runs `work` beside the main thread and hands its result to `done` on it. */
    fun <T> background(work: suspend () -> T, done: (Result<T>) -> Unit) {
        working.incrementAndGet()
        scope.launch {
            val result = runCatching { work() }
            main.post {
                working.decrementAndGet()
                done(result)
            }
        }
    }

    /** Runs `work` on the main thread. */
    fun onMain(work: () -> Unit) {
        main.post(work)
    }

    private fun priority(level: String) = when (level) {
        "error" -> Log.ERROR
        "warn" -> Log.WARN
        "info" -> Log.INFO
        else -> Log.DEBUG
    }
}
