// How far an interview is: one piece a screen, or one line where there are many.
package org.xunge.shell.ui

import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.RectF
import android.view.View
import org.xunge.shell.R

class ProgressLine(private val kit: Kit, private val step: Int, private val steps: Int) : View(kit.context) {
    private val paint = Paint(Paint.ANTI_ALIAS_FLAG)

    init {
        contentDescription = context.getString(R.string.step_of, step, maxOf(step, steps))
        spoken = contentDescription.toString()
    }

    override fun onDraw(canvas: Canvas) {
        val pieces = maxOf(step, steps, 1)
        val gap = if (pieces <= MANY) kit.look.dp(6).toFloat() else 0f
        val wide = (width - gap * (pieces - 1)) / pieces
        val round = height / 2f
        for (piece in 0 until pieces) {
            paint.color = if (piece < step) kit.palette.green else kit.palette.line
            val left = piece * (wide + gap)
            canvas.drawRoundRect(RectF(left, 0f, left + wide, height.toFloat()), round, round, paint)
        }
    }

    private companion object {
        const val MANY = 10
    }
}
