// When something was, in words of a farmer: today, yesterday, the day.
package org.xunge.shell.screens

import java.text.ParseException
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone
import org.xunge.shell.R
import org.xunge.shell.ui.Kit

private val CHINA = TimeZone.getTimeZone("Asia/Shanghai")

/** `when` is ISO 8601 in UTC; days are China's. */
fun dayOf(kit: Kit, iso: String, now: Date = Date()): String {
    val at = try {
        SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss", Locale.ROOT).apply { timeZone = TimeZone.getTimeZone("UTC") }.parse(iso)
    } catch (other: ParseException) {
        null
    } ?: return iso
    val days = dayNumber(now) - dayNumber(at)
    return when (days) {
        0L -> kit.context.getString(R.string.today)
        1L -> kit.context.getString(R.string.yesterday)
        else -> SimpleDateFormat(kit.context.getString(R.string.day_pattern), Locale.ROOT).apply { timeZone = CHINA }.format(at)
    }
}

private fun dayNumber(at: Date): Long = Math.floorDiv(at.time + CHINA.getOffset(at.time), 86_400_000L)
