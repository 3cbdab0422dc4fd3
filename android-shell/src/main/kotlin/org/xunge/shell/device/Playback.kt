// Plays one recording at a time.
package org.xunge.shell.device

import android.media.MediaPlayer
import android.util.Log
import java.io.IOException

class Playback {
    private var player: MediaPlayer? = null

    /** False if the file is not there, or is no recording. */
    fun play(path: String): Boolean {
        stop()
        val made = MediaPlayer()
        player = made
        return try {
            made.setDataSource(path)
            made.prepare()
            made.start()
            true
        } catch (unreadable: IOException) {
            failed(unreadable)
        } catch (unreadable: RuntimeException) {
            // The platform's players differ in what they throw of a file they cannot read.
            failed(unreadable)
        }
    }

    private fun failed(why: Exception): Boolean {
        Log.w("xunge", "a recording cannot be played", why)
        stop()
        return false
    }

    fun stop() {
        player?.release()
        player = null
    }
}
