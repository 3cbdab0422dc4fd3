// What the person with the phone has chosen; nothing about what they recorded.
package org.xunge.shell

import android.content.Context
import org.xunge.shell.ui.Contrast
import org.xunge.shell.ui.Look

class Settings(context: Context) {
    private val kept = context.getSharedPreferences("settings", Context.MODE_PRIVATE)

    /** Body text in dp. */
    var body: Int
        get() = kept.getInt("body", Look.BODIES.first())
        set(value) = kept.edit().putInt("body", value).apply()

    var contrast: Contrast
        get() = Contrast.entries.firstOrNull { it.name == kept.getString("contrast", null) } ?: Contrast.NORMAL
        set(value) = kept.edit().putString("contrast", value.name).apply()

    /** `zh-CN` or `en`. */
    var language: String
        get() = kept.getString("language", null) ?: "zh-CN"
        set(value) = kept.edit().putString("language", value).apply()

    /** 1 is the system's own speed. */
    var speed: Float
        get() = kept.getFloat("speed", 0.85f)
        set(value) = kept.edit().putFloat("speed", value).apply()

    /** A single choice goes on at the first tap; else it is spoken first and chosen by the second. */
    var oneTap: Boolean
        get() = kept.getBoolean("one_tap", true)
        set(value) = kept.edit().putBoolean("one_tap", value).apply()

    /** The supervisor's number as the town gave it. */
    var town: String
        get() = kept.getString("town", null) ?: ""
        set(value) = kept.edit().putString("town", value).apply()

    /** Whom the help button calls; empty if nobody knows. */
    val help: String get() = supervisor.ifEmpty { town }

    /** The supervisor's number as somebody typed it here. */
    var supervisor: String
        get() = kept.getString("supervisor", null) ?: ""
        set(value) = kept.edit().putString("supervisor", value).apply()
}
