// Plays short recordings one after another: of the county's dialect, or those that come with the app.
package org.xunge.shell.device

import android.content.Context
import android.media.MediaPlayer
import android.util.Log
import java.io.IOException

sealed interface Clip {
    data class File(val path: String) : Clip

    data class Asset(val name: String) : Clip
}

interface Clips {
    /** Plays them all, then calls `done`, unless it was stopped. */
    fun play(clips: List<Clip>, done: () -> Unit)

    fun stop()
}

class PlayedClips(private val context: Context) : Clips {
    private var player: MediaPlayer? = null

    override fun play(clips: List<Clip>, done: () -> Unit) {
        stop()
        val first = clips.firstOrNull() ?: return done()
        val rest = { play(clips.drop(1), done) }
        val made = MediaPlayer()
        player = made
        try {
            when (first) {
                is Clip.File -> made.setDataSource(first.path)
                is Clip.Asset -> context.assets.openFd(first.name).use { made.setDataSource(it.fileDescriptor, it.startOffset, it.length) }
            }
            made.setOnCompletionListener { if (player === made) rest() }
            made.prepare()
            made.start()
        } catch (unreadable: IOException) {
            skip(unreadable, rest)
        } catch (unreadable: RuntimeException) {
            // The platform's players differ in what they throw of a file they cannot read.
            skip(unreadable, rest)
        }
    }

    private fun skip(why: Exception, rest: () -> Unit) {
        Log.w("xunge", "a recording cannot be played", why)
        rest()
    }

    override fun stop() {
        player?.release()
        player = null
    }
}
