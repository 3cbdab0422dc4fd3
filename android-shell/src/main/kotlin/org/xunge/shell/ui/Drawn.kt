// Views that draw themselves: the waveform of a recording, and the pad to sign on.
package org.xunge.shell.ui

import android.annotation.SuppressLint
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Path
import android.view.MotionEvent
import android.view.View

/** The last seconds of a recording, loud is high. */
class Waveform(private val kit: Kit) : View(kit.context) {
    private val heard = ArrayDeque<Float>()
    private val paint = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = kit.palette.green
        strokeWidth = kit.look.dp(4).toFloat()
        strokeCap = Paint.Cap.ROUND
    }

    init {
        importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** How loud it was, to be shown again. */
    val levels get() = heard.toFloatArray()

    fun show(levels: FloatArray) {
        heard.clear()
        heard.addAll(levels.asIterable())
        invalidate()
    }

    fun add(loudness: Float) {
        heard.addLast(loudness)
        while (heard.size > SHOWN) heard.removeFirst()
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        val step = width / SHOWN.toFloat()
        heard.forEachIndexed { index, loud ->
            val half = maxOf(0.04f, minOf(1f, loud * 2)) * height / 2.2f
            canvas.drawLine((index + 0.5f) * step, height / 2f - half, (index + 0.5f) * step, height / 2f + half, paint)
        }
    }

    private companion object {
        const val SHOWN = 40
    }
}

/** Takes a signature. `kept` are its strokes as text, handed to `changed` after each. */
class SignaturePad(private val kit: Kit, kept: String?, private val changed: (String) -> Unit) : View(kit.context) {
    private val strokes = ArrayList<ArrayList<Pair<Int, Int>>>()
    private val paint = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = kit.palette.ink
        strokeWidth = kit.look.dp(4).toFloat()
        strokeCap = Paint.Cap.ROUND
        strokeJoin = Paint.Join.ROUND
        style = Paint.Style.STROKE
    }

    init {
        background = kit.box(kit.palette.paper, kit.palette.ink, 3)
        isClickable = true
        kept?.split(';')?.filter { it.isNotEmpty() }?.forEach { stroke ->
            strokes += ArrayList(stroke.split(' ').map { it.substringBefore(',').toInt() to it.substringAfter(',').toInt() })
        }
    }

    val isEmpty get() = strokes.isEmpty()

    @SuppressLint("ClickableViewAccessibility") // A signature is drawn; who cannot, skips or photographs a thumbprint.
    override fun onTouchEvent(event: MotionEvent): Boolean {
        val at = event.x.toInt() to event.y.toInt()
        when (event.action) {
            MotionEvent.ACTION_DOWN -> {
                parent.requestDisallowInterceptTouchEvent(true)
                strokes += arrayListOf(at)
            }
            MotionEvent.ACTION_MOVE -> strokes.lastOrNull()?.add(at)
            MotionEvent.ACTION_UP -> changed(strokes.joinToString(";") { stroke -> stroke.joinToString(" ") { "${it.first},${it.second}" } })
        }
        invalidate()
        return true
    }

    override fun onDraw(canvas: Canvas) = drawStrokes(canvas)

    private fun drawStrokes(canvas: Canvas) {
        for (stroke in strokes) {
            val path = Path()
            stroke.forEachIndexed { index, (x, y) -> if (index == 0) path.moveTo(x.toFloat(), y.toFloat()) else path.lineTo(x.toFloat(), y.toFloat()) }
            canvas.drawPath(path, paint)
        }
    }

    /** Black on white, whatever the screen's colours. */
    fun drawn(): Bitmap = Bitmap.createBitmap(maxOf(width, 1), maxOf(height, 1), Bitmap.Config.ARGB_8888).also {
        val canvas = Canvas(it)
        canvas.drawColor(Color.WHITE)
        val colour = paint.color
        paint.color = Color.BLACK
        drawStrokes(canvas)
        paint.color = colour
    }
}
