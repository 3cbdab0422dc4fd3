// What lives as long as the process: the phone of the library, the settings, the voice, and work that takes long.
package org.xunge.shell

import android.app.Application
import android.content.pm.PackageManager
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
import org.xunge.shell.device.LayeredVoice
import org.xunge.shell.device.MediaRecording
import org.xunge.shell.device.PlayedClips
import org.xunge.shell.device.Recorder
import org.xunge.shell.device.Voice

class ShellApp : Application() {
    lateinit var settings: Settings
        private set
    lateinit var phone: Phone
        private set

    /** Why the library cannot be used at all on this device; none where it can. */
    var unusable: Throwable? = null
        internal set
    lateinit var voice: Voice
    var recorder: () -> Recorder = { MediaRecording(this) }

    /** The relay that this package was built for, as `xunge admin relay-address` prints it; empty where it was built for none. */
    @Suppress("DEPRECATION") // The typed flags came with API 33.
    val relay: String get() = packageManager.getApplicationInfo(packageName, PackageManager.GET_META_DATA).metaData?.getString("org.xunge.relay").orEmpty()

    /** Bytes that are free where the phone's folder is. */
    var room: () -> Long = { File(noBackupFilesDir, "phone").usableSpace }

    /** Too little for a visit with its recording and pictures: said before anything is recorded. */
    val isFull get() = room() < LEAST_ROOM

    /** Enough for some days, and to be said. */
    val isNearlyFull get() = room() < LITTLE_ROOM

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
        voice = LayeredVoice(this, settings, PlayedClips(this), ::parts, ::onMain)
        load()
    }

    /** Loads the library. Again is fine, and may help where a first try failed for want of memory. */
    fun load() {
        unusable = try {
            logTo { level, target, text -> Log.println(priority(level), "xunge", "$target $text") }
            if (!::phone.isInitialized) phone = made()
            null
        } catch (missing: LinkageError) {
            // A package for another processor, or one that was copied in part.
            missing
        }
        unusable?.let { Log.e("xunge", "the library cannot be loaded", it) }
    }

    /** What recordings say of `words`; where the library does not answer, all of it is for the system's voice. */
    fun parts(words: String): List<SpeechPart> = try {
        phone.speech(words)
    } catch (failed: Exception) {
        Log.w("xunge", "the library does not say how to speak", failed)
        listOf(SpeechPart(words, emptyList(), emptyList()))
    }

    private fun made(): Phone {
        val folder = File(noBackupFilesDir, "phone").apply { mkdirs() }
        return phoneIn(folder, Keys(noBackupFilesDir))
    }

    /** After a fault: a phone anew on the same folder, locked. What was saved is on disk. */
    fun renew() {
        worker = null
        practising = false
        steps.clear()
        try {
            phone.closePhone()
        } catch (failed: Exception) {
            Log.w("xunge", "the old phone does not close", failed)
        }
        phone = made()
    }

    /** Opens the folder, in the language of the settings. Again is fine. */
    fun open() = phone.open(settings.language)

    fun unlocked(who: Enrolled) {
        worker = who
        // Kept, because a forgotten PIN is when it is needed.
        who.helpPhone?.let { settings.town = it }
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

    private companion object {
        const val LEAST_ROOM = 16_000_000L
        const val LITTLE_ROOM = 100_000_000L
    }

    private fun priority(level: String) = when (level) {
        "error" -> Log.ERROR
        "warn" -> Log.WARN
        "info" -> Log.INFO
        else -> Log.DEBUG
    }
}
