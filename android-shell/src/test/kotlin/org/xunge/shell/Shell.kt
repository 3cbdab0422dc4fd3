// Drives the app as a person does: by what is on the screen. Taps views, reads what is spoken, makes pictures.
package org.xunge.shell

import android.Manifest
import android.app.Activity
import android.content.ClipData
import android.content.ClipboardManager
import android.content.Context
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Paint
import android.os.Bundle
import android.os.Looper
import android.provider.MediaStore
import android.view.MotionEvent
import android.view.View
import android.view.ViewGroup
import android.widget.EditText
import android.widget.TextView
import com.google.zxing.BarcodeFormat
import com.google.zxing.qrcode.QRCodeWriter
import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.file.Files
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.internal.bytecode.InstrumentationConfiguration
import org.junit.runners.model.FrameworkMethod
import org.xunge.shell.device.Pictures
import org.xunge.shell.device.Recorder
import org.xunge.shell.device.SyncJob
import org.xunge.shell.device.Voice
import org.xunge.shell.ui.action
import org.xunge.town.Town

/** Loads bindings and town once a process: the library has one table of callbacks. */
class ShellRunner(tested: Class<*>) : RobolectricTestRunner(tested) {
    override fun createClassLoaderConfig(method: FrameworkMethod): InstrumentationConfiguration =
        InstrumentationConfiguration.Builder(super.createClassLoaderConfig(method))
            .doNotAcquirePackage("uniffi.")
            .doNotAcquirePackage("org.xunge.town.")
            .doNotAcquirePackage("kotlin.")
            .doNotAcquirePackage("kotlinx.")
            .doNotAcquirePackage("com.sun.jna.")
            .build()
}

/** Keeps what was said. */
class HeardVoice : Voice {
    val said = ArrayList<String>()

    override fun say(words: String) {
        said += words
    }

    override fun stop() = Unit
}

/** A microphone that hears one second of silence. */
class QuietRecorder : Recorder {
    override fun start(into: File) {
        val samples = 8_000
        val out = ByteArrayOutputStream()
        fun number(value: Int, bytes: Int) = repeat(bytes) { out.write(value shr (8 * it)) }
        out.write("RIFF".toByteArray())
        number(36 + samples * 2, 4)
        out.write("WAVEfmt ".toByteArray())
        number(16, 4)
        number(1, 2)
        number(1, 2)
        number(8_000, 4)
        number(16_000, 4)
        number(2, 2)
        number(16, 2)
        out.write("data".toByteArray())
        number(samples * 2, 4)
        out.write(ByteArray(samples * 2))
        into.writeBytes(out.toByteArray())
    }

    override fun loudness() = 0.3f

    override fun stop() = true
}

/** A photograph of a QR code. */
fun qr(text: String): ByteArray {
    val size = 600
    val matrix = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, size, size)
    val bitmap = Bitmap.createBitmap(size, size, Bitmap.Config.ARGB_8888)
    for (y in 0 until size) for (x in 0 until size) bitmap.setPixel(x, y, if (matrix[x, y]) 0xff000000.toInt() else 0xffffffff.toInt())
    return ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.JPEG, 92, it) }.toByteArray()
}

/** `place`, if given, is where the phone's folder lies. */
class Shell(enrolled: Boolean = true, private val body: Int = 20, language: String = "zh-CN", place: File? = null) : AutoCloseable {
    val app: ShellApp = RuntimeEnvironment.getApplication() as ShellApp
    val voice = HeardVoice()
    private lateinit var controller: ActivityController<MainActivity>
    val activity: MainActivity get() = controller.get()
    var taps = 0

    init {
        if (place != null) {
            val folder = File(app.noBackupFilesDir, "phone")
            folder.deleteRecursively()
            Files.createSymbolicLink(folder.toPath(), place.toPath())
        }
        if (enrolled) Town.copyTo(app.noBackupFilesDir)
        shadowOf(app).grantPermissions(Manifest.permission.RECORD_AUDIO)
        app.voice = voice
        app.recorder = { QuietRecorder() }
        app.settings.body = body
        app.settings.language = language
        start(null)
    }

    /** As if the package had been built for this town. */
    fun builtForTheTown(): Shell {
        val inside = shadowOf(app.packageManager).getInternalMutablePackageInfo(app.packageName).applicationInfo
        checkNotNull(inside?.metaData).putString("org.xunge.relay", Town.address)
        activity.refresh()
        idle()
        return this
    }

    private fun start(state: Bundle?) {
        controller = Robolectric.buildActivity(MainActivity::class.java).run { if (state == null) setup() else setup(state) }
        idle()
    }

    /** Unlocks as the worker does. */
    fun unlock(): Shell {
        tap("worker")
        enterPin()
        return this
    }

    /** Enters the PIN on the screen that asks for it. */
    fun enterPin() {
        Town.PIN.forEach { tap("key_$it") }
        tap("unlock")
    }

    /** What the background job does. */
    fun backgroundSync() {
        SyncJob.run(app) {}
        idle()
    }

    /** Says no to the permission that was asked for. */
    fun refusePermission() {
        activity.onRequestPermissionsResult(1, emptyArray(), intArrayOf(android.content.pm.PackageManager.PERMISSION_DENIED))
        idle()
    }

    /** Until nothing runs beside the main thread. */
    fun idle() {
        val end = System.nanoTime() + 120_000_000_000
        do {
            shadowOf(Looper.getMainLooper()).idle()
            if (app.busy) Thread.sleep(5)
            check(System.nanoTime() < end) { "the work beside the main thread does not end" }
        } while (app.busy)
        shadowOf(Looper.getMainLooper()).idle()
        lay()
    }

    /** Measures and lays out at the size of the screen. */
    fun lay() {
        val metrics = activity.resources.displayMetrics
        val root = root
        root.measure(exactly(metrics.widthPixels), exactly(metrics.heightPixels))
        root.layout(0, 0, metrics.widthPixels, metrics.heightPixels)
    }

    private fun exactly(size: Int) = View.MeasureSpec.makeMeasureSpec(size, View.MeasureSpec.EXACTLY)

    /** What the app draws, without the system's bars. */
    val root: View get() = activity.findViewById<ViewGroup>(android.R.id.content).getChildAt(0)

    fun views(of: View = root): List<View> =
        listOf(of) + if (of is ViewGroup) (0 until of.childCount).flatMap { views(of.getChildAt(it)) } else emptyList()

    fun find(does: String, code: String? = null): View? = views().firstOrNull { view ->
        view.action == does && view.isShown && (code == null || view.getTag(R.id.code) == code || view.getTag(R.id.record) == code)
    }

    fun words(): String = views().filterIsInstance<TextView>().joinToString("\n") { it.text }

    fun tap(does: String, code: String? = null) {
        val view = checkNotNull(find(does, code)) { "nothing to tap for $does $code among ${views().mapNotNull { it.action }} on:\n${words()}" }
        taps += 1
        check(view.performClick()) { "$does takes no tap" }
        idle()
    }

    /** Puts a text where another app would. */
    fun copy(text: String) {
        val clipboard = app.getSystemService(Context.CLIPBOARD_SERVICE) as ClipboardManager
        clipboard.setPrimaryClip(ClipData.newPlainText("", text))
    }

    fun type(text: String) {
        (checkNotNull(find("text")) as EditText).setText(text)
        idle()
    }

    /** Taps the button that asks the camera, and is the camera. */
    fun photograph(does: String, jpeg: ByteArray = JPEG) {
        tap(does)
        val asked = shadowOf(activity as Activity).nextStartedActivityForResult.intent
        check(asked.action == MediaStore.ACTION_IMAGE_CAPTURE)
        File(Pictures.folder(app), "picture.jpg").writeBytes(jpeg)
        shadowOf(activity as Activity).receiveResult(asked, Activity.RESULT_OK, Intent())
        idle()
    }

    /** Draws a line with the finger. */
    fun sign() {
        val pad = checkNotNull(find("signature"))
        for ((index, kind) in listOf(MotionEvent.ACTION_DOWN, MotionEvent.ACTION_MOVE, MotionEvent.ACTION_UP).withIndex()) {
            val event = MotionEvent.obtain(0, index * 10L, kind, 40f + index * 90, 50f + index * 60, 0)
            pad.dispatchTouchEvent(event)
            event.recycle()
        }
        idle()
    }

    /** Turned on its side and back: the activity is made anew from what it saved. */
    fun recreate() {
        val state = Bundle()
        controller.pause().stop().saveInstanceState(state).destroy()
        start(state)
    }

    /** The system takes the memory back while the camera is open; the picture comes to an app that is made anew. */
    fun photographWhileTheAppIsEnded(does: String, jpeg: ByteArray = JPEG) {
        tap(does)
        File(Pictures.folder(app), "picture.jpg").writeBytes(jpeg)
        app.onLowMemory()
        kill()
        shadowOf(activity as Activity).callOnActivityResult(1, Activity.RESULT_OK, Intent())
        idle()
    }

    /** The process dies: only what is on disk and what the activity saved is left. */
    fun kill() {
        val state = Bundle()
        controller.pause().stop().saveInstanceState(state)
        app.steps.clear()
        app.kinds.clear()
        app.worker = null
        app.phone.closePhone()
        start(state)
    }

    fun picture(): Bitmap {
        lay()
        val root = root
        val bitmap = Bitmap.createBitmap(root.width, root.height, Bitmap.Config.ARGB_8888)
        root.draw(Canvas(bitmap))
        return bitmap
    }

    fun png(name: String) {
        val folder = File(System.getProperty("xunge.screens")).apply { mkdirs() }
        File(folder, "$name.png").outputStream().use { picture().compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    override fun close() {
        controller.pause().stop().destroy()
        app.phone.closePhone()
    }

    companion object {
        private val JPEG: ByteArray by lazy {
            val out = ByteArrayOutputStream()
            val picture = Bitmap.createBitmap(640, 480, Bitmap.Config.ARGB_8888)
            val canvas = Canvas(picture)
            canvas.drawColor(0xffa9cfe8.toInt())
            val paint = Paint().apply { color = 0xff6f8f4e.toInt() }
            canvas.drawRect(0f, 320f, 640f, 480f, paint)
            canvas.drawCircle(330f, 300f, 120f, paint)
            picture.compress(Bitmap.CompressFormat.JPEG, 90, out)
            out.toByteArray()
        }
    }
}
