// Colours, sizes and pictures by their role. Nothing else names a colour or a size in dp.
package org.xunge.shell.ui

import android.content.Context
import android.graphics.Color
import android.graphics.drawable.Drawable
import kotlin.math.roundToInt

/** How the screen is coloured. */
enum class Contrast { NORMAL, DARK, HIGH }

/** Colours by role; each stands out from `paper` and `ground` by 4.5:1 or more. `on` is the colour of text on a role. */
class Palette(
    val ink: Int,
    val soft: Int,
    val paper: Int,
    val ground: Int,
    val line: Int,
    val green: Int,
    val blue: Int,
    val red: Int,
    val brown: Int,
    val amber: Int,
    val purple: Int,
    val grey: Int,
    val on: Int,
    val chosen: Int,
    val practice: Int,
)

private fun c(hex: String) = Color.parseColor(hex)

private val NORMAL = Palette(
    ink = c("#1c1a17"), soft = c("#5a554b"), paper = c("#fffdf7"), ground = c("#f3efe6"), line = c("#d9d2c3"),
    green = c("#1b6e3c"), blue = c("#1f4e9e"), red = c("#b3261e"), brown = c("#7a4b00"), amber = c("#8a5a00"),
    purple = c("#5b3a8c"), grey = c("#5a554b"), on = c("#fffdf7"), chosen = c("#e9f3ec"), practice = c("#ffd94a"),
)

private val DARK = Palette(
    ink = c("#f3efe6"), soft = c("#bdb6a6"), paper = c("#24221e"), ground = c("#191814"), line = c("#5a554b"),
    green = c("#7fd09b"), blue = c("#9dc0ff"), red = c("#ff9d94"), brown = c("#e3b36a"), amber = c("#f0c069"),
    purple = c("#c9aef2"), grey = c("#bdb6a6"), on = c("#191814"), chosen = c("#1f3327"), practice = c("#5c4a00"),
)

private val HIGH = Palette(
    ink = c("#000000"), soft = c("#000000"), paper = c("#ffffff"), ground = c("#ffffff"), line = c("#000000"),
    green = c("#00401c"), blue = c("#00296b"), red = c("#7a0c06"), brown = c("#4a2d00"), amber = c("#553700"),
    purple = c("#3b1d6b"), grey = c("#333333"), on = c("#ffffff"), chosen = c("#d5f0df"), practice = c("#ffd94a"),
)

/** The look of one screen: palette, text size and density. */
class Look(val context: Context, val contrast: Contrast, bodyDp: Int) {
    val palette = when (contrast) {
        Contrast.NORMAL -> NORMAL
        Contrast.DARK -> DARK
        Contrast.HIGH -> HIGH
    }
    private val metrics = context.resources.displayMetrics
    private val configuration = context.resources.configuration

    /** The system's own text size counts too: whoever enlarged everything gets it here without asking. */
    private val bodyInDp = maxOf(bodyDp.toFloat(), minOf(20f * configuration.fontScale, LARGEST_BODY.toFloat()))

    val body = bodyInDp * metrics.density
    val heading = minOf(bodyInDp * 1.4f, maxOf(bodyInDp, 34f)) * metrics.density
    val figure = minOf(bodyInDp * 1.3f, maxOf(bodyInDp, 34f)) * metrics.density
    val caption = maxOf(18f, bodyInDp * 0.9f) * metrics.density

    /** Width of the screen in pixels. */
    val width get() = dp(configuration.screenWidthDp)

    fun dp(value: Number): Int = (value.toFloat() * metrics.density).roundToInt()

    /** The picture `name`, in one colour. A name that this version does not have shows as "other". */
    fun picture(name: String, colour: Int): Drawable {
        val resources = context.resources
        val found = resources.getIdentifier("pic_$name", "drawable", context.packageName)
        val id = if (found != 0) found else resources.getIdentifier("pic_other", "drawable", context.packageName)
        val drawable = resources.getDrawable(id, context.theme).mutate()
        drawable.setTint(colour)
        return drawable
    }

    /** The colour of a kind of record. */
    fun of(kind: String): Int = when (kind) {
        "visit", "household" -> palette.green
        "dispute" -> palette.blue
        "warning", "warning_ack" -> palette.red
        else -> palette.brown
    }

    companion object {
        /** Sizes of body text that can be chosen, in dp. */
        val BODIES = listOf(20, 24, 30, 36)
        const val LARGEST_BODY = 36

        /** Target sizes in dp. */
        const val MAIN_TARGET = 60
        const val TARGET = 48
    }
}

/** The sign of a sync state: colour, shape, word. */
class StateSign(val picture: String, val word: Int, val colour: (Palette) -> Int)
