// Text, voice, photo and signature.
package org.xunge.shell.widgets

import android.Manifest
import android.annotation.SuppressLint
import android.content.Intent
import android.graphics.Bitmap
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.provider.MediaStore
import android.text.Editable
import android.text.InputType
import android.text.TextWatcher
import android.util.Log
import android.util.TypedValue
import android.view.Gravity
import android.view.MotionEvent
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.TextView
import java.io.File
import java.io.IOException
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.device.Pictures
import org.xunge.shell.device.Playback
import org.xunge.shell.device.Recorder
import org.xunge.shell.text
import org.xunge.shell.textOf
import org.xunge.shell.ui.Role
import org.xunge.shell.ui.SignaturePad
import org.xunge.shell.ui.Waveform
import org.xunge.shell.ui.action
import org.xunge.shell.ui.spoken

/** Words, typed or by the keyboard's own voice input. */
class TextWidget(ask: Ask) : Widget(ask) {
    override fun fill(into: LinearLayout) {
        into.addView(EditText(kit.context).apply {
            setText(ask.half ?: textOf(question.value) ?: "")
            setSelection(text.length)
            setTextSize(TypedValue.COMPLEX_UNIT_PX, look.body)
            setTextColor(palette.ink)
            setLineSpacing(look.dp(6).toFloat(), 1f)
            inputType = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_MULTI_LINE
            minLines = 3
            gravity = Gravity.TOP
            setPadding(look.dp(12), look.dp(10), look.dp(12), look.dp(10))
            background = kit.box(palette.paper, palette.ink, 3)
            contentDescription = question.text
            spoken = question.speech
            action = "text"
            addTextChangedListener(object : TextWatcher {
                override fun beforeTextChanged(s: CharSequence?, start: Int, count: Int, after: Int) = Unit
                override fun onTextChanged(s: CharSequence?, start: Int, before: Int, count: Int) = Unit
                override fun afterTextChanged(s: Editable?) {
                    ask.half = s?.toString()
                }
            })
        })
    }

    override fun next() = words(R.string.next) to {
        val typed = (ask.half ?: textOf(question.value) ?: "").trim()
        if (typed.isEmpty()) host.tell(Said(words(R.string.write_words), good = false)) else ask.answer(text(typed))
    }
}

/** A recording: tap or hold to speak, hear it again, take it anew. */
class VoiceWidget(ask: Ask) : Widget(ask) {
    private val main = Handler(Looper.getMainLooper())
    private var recorder: Recorder? = null
    private val player = Playback()
    private var began = 0L
    private val wave = Waveform(kit)

    private val recorded: File? get() = ask.half?.let(::File)?.takeIf { it.length() > 0 }

    override fun fill(into: LinearLayout) {
        val file = recorded
        into.gravity = Gravity.CENTER_HORIZONTAL
        val button = kit.column(4).apply {
            gravity = Gravity.CENTER
            addView(kit.picture("microphone", palette.on, 64))
        }
        val size = look.dp(132)
        val label = kit.text(words(if (file == null) R.string.tap_to_speak else R.string.speak_again), bold = true).apply { gravity = Gravity.CENTER }
        kit.touchable(button, kit.box(palette.red, radiusDp = 66), label.text.toString(), label.text.toString(), "record") {
            if (recorder == null) begin(label) else end()
        }
        holdable(button, label)
        into.addView(button, LinearLayout.LayoutParams(size, size))
        into.addView(label)
        into.addView(wave, LinearLayout.LayoutParams(MATCH_PARENT, look.dp(56)))
        if (file != null) {
            wave.show(host.scratch.getFloatArray(WAVE) ?: floatArrayOf())
            into.addView(kit.text(words(R.string.recorded), look.body, palette.green, bold = true).apply { gravity = Gravity.CENTER })
            into.addView(kit.button(words(R.string.hear), "hear", picture = "speaker") { play(file) }, LinearLayout.LayoutParams(MATCH_PARENT, -2))
        }
    }

    /** Who holds the button stops by letting go; who only tapped it, by tapping again. */
    @SuppressLint("ClickableViewAccessibility") // A click, as screen readers send it, does the same by tapping twice.
    private fun holdable(button: View, label: TextView) {
        var startedNow = false
        button.setOnTouchListener { _, event ->
            when (event.action) {
                MotionEvent.ACTION_DOWN -> {
                    startedNow = recorder == null
                    if (startedNow) begin(label)
                }
                MotionEvent.ACTION_UP -> if (!startedNow || event.eventTime - event.downTime > HOLD_MS) end()
            }
            true
        }
    }

    private fun begin(label: TextView) = host.permit(Manifest.permission.RECORD_AUDIO) { allowed ->
        if (!allowed) return@permit host.tell(Said(words(R.string.no_microphone), good = false))
        host.app.voice.stop()
        val file = File(kit.context.noBackupFilesDir, "recording.m4a")
        val made = host.app.recorder()
        try {
            made.start(file)
        } catch (failed: Exception) {
            // The platform throws RuntimeException and IOException alike when another app holds the microphone.
            return@permit host.tell(Said(words(R.string.no_microphone), good = false))
        }
        recorder = made
        began = SystemClock.elapsedRealtime()
        label.text = words(R.string.tap_to_stop)
        listen()
    }

    private fun listen() {
        val made = recorder ?: return
        wave.add(made.loudness())
        main.postDelayed(::listen, 100)
    }

    private fun end() {
        val made = recorder ?: return
        recorder = null
        val heard = made.stop()
        if (heard) {
            ask.half = File(kit.context.noBackupFilesDir, "recording.m4a").path
            host.scratch.putFloatArray(WAVE, wave.levels)
        }
        host.refresh(speak = false)
        if (!heard) host.tell(Said(words(R.string.nothing_heard), good = false))
    }

    private fun play(file: File) {
        host.app.voice.stop()
        if (!player.play(file.path)) host.tell(Said(words(R.string.unplayable), good = false))
    }

    override fun onGone() {
        recorder?.stop()
        recorder = null
        player.stop()
        main.removeCallbacksAndMessages(null)
    }

    override fun next() = recorded?.let { file -> words(R.string.next) to { ask.answer(text(file.path)) } }

    private companion object {
        const val HOLD_MS = 600

        /** How loud the last recording was. */
        const val WAVE = "voice/wave"
    }
}

/** A picture from the camera. */
class PhotoWidget(ask: Ask) : Widget(ask) {
    private val taken: File? get() = arrived(ask)

    override fun fill(into: LinearLayout) {
        taken?.let { into.addView(preview(it)) }
        val words = words(if (taken == null) R.string.take_photo else R.string.take_again)
        into.addView(kit.button(words, "photo", Role.MAIN, "camera", colour = palette.blue) { take() })
    }

    private fun take() = photograph(this, ask)

    override fun next() = taken?.let { file -> words(R.string.next) to { ask.answer(text(file.path)) } }
}

/** A name with the finger, or a photographed thumbprint. */
class SignatureWidget(ask: Ask) : Widget(ask) {
    private val pad = SignaturePad(kit, ask.half("strokes")) { ask.half("strokes", it) }
    private val taken: File? get() = arrived(ask)

    override fun fill(into: LinearLayout) {
        val photo = taken
        if (photo != null) {
            into.addView(preview(photo))
            into.addView(kit.button(words(R.string.sign_instead), "clear", picture = "pen") { ask.half = null; host.refresh(speak = false) })
            return
        }
        pad.contentDescription = question.text
        pad.spoken = question.speech
        pad.action = "signature"
        into.addView(pad, LinearLayout.LayoutParams(MATCH_PARENT, look.dp(200)))
        into.addView(
            kit.grid(
                kit.columnsFor(listOf(words(R.string.clear), words(R.string.thumbprint))),
                listOf(
                    kit.button(words(R.string.clear), "clear", picture = "no") { ask.half("strokes", null); host.refresh(speak = false) },
                    kit.button(words(R.string.thumbprint), "thumbprint", picture = "camera") { photograph(this, ask) },
                ),
            ),
        )
    }

    override fun next() = words(R.string.next) to {
        val photo = taken
        when {
            photo != null -> ask.answer(text(photo.path))
            pad.isEmpty -> host.tell(Said(words(R.string.sign_here), good = false))
            else -> {
                val file = File(kit.context.noBackupFilesDir, "signature.png")
                val written = kept { file.outputStream().use { pad.drawn().compress(Bitmap.CompressFormat.PNG, 100, it) } }
                if (written == true) ask.answer(text(file.path)) else host.tell(Said(words(R.string.disk_full), good = false))
            }
        }
    }
}

/** None where the device has no room for the file. */
private fun <T> kept(write: () -> T): T? = try {
    write()
} catch (full: IOException) {
    Log.w("xunge", "a file cannot be written", full)
    null
}

/** Asks the camera app; the picture is made small enough for a slow network. */
private fun photograph(widget: Widget, ask: Ask) {
    val context = ask.host.kit.context
    val file = kept { Pictures.fresh(context) } ?: return ask.host.tell(Said(context.getString(R.string.disk_full), good = false))
    val intent = Intent(MediaStore.ACTION_IMAGE_CAPTURE)
        .putExtra(MediaStore.EXTRA_OUTPUT, Pictures.uri(context, file))
        .addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION or Intent.FLAG_GRANT_READ_URI_PERMISSION)
    // A camera app takes so much memory that old phones end this app meanwhile; then the widget finds the picture itself.
    ask.half(ASKED, file.path)
    val there = ask.host.ask(intent) { answer ->
        if (answer == null) {
            ask.half(ASKED, null)
        } else if (arrived(ask) != null) {
            ask.host.refresh(speak = false)
        } else {
            ask.host.tell(Said(context.getString(R.string.no_picture), good = false))
        }
    }
    if (!there) widget.noCamera()
}

/** The picture that answers, also one that came while this app was not there; none if there is none. */
private fun arrived(ask: Ask): File? {
    val asked = ask.half(ASKED)?.let(::File)
    if (asked != null && asked.length() > 0) {
        ask.half(ASKED, null)
        if (kept { Pictures.shrink(asked) } == true) ask.half = asked.path
    }
    return ask.half?.let(::File)?.takeIf { it.length() > 0 }
}

private const val ASKED = "asked"
