// Records a voice as AAC in MP4, which old phones write and browsers play.
package org.xunge.shell.device

import android.content.Context
import android.media.MediaRecorder
import android.os.Build
import java.io.File

interface Recorder {
    /** Begins; throws where there is no microphone to be had. */
    fun start(into: File)

    /** How loud it is now, 0 to 1. */
    fun loudness(): Float

    /** Ends; false if nothing was heard. */
    fun stop(): Boolean
}

class MediaRecording(private val context: Context) : Recorder {
    private var recorder: MediaRecorder? = null

    override fun start(into: File) {
        @Suppress("DEPRECATION") // The one with a context came with API 31.
        val made = if (Build.VERSION.SDK_INT >= 31) MediaRecorder(context) else MediaRecorder()
        recorder = made
        made.setAudioSource(MediaRecorder.AudioSource.MIC)
        made.setOutputFormat(MediaRecorder.OutputFormat.MPEG_4)
        made.setAudioEncoder(MediaRecorder.AudioEncoder.AAC)
        made.setAudioChannels(1)
        made.setAudioSamplingRate(16_000)
        made.setAudioEncodingBitRate(24_000)
        made.setMaxDuration(LONGEST_MS)
        made.setOutputFile(into.path)
        made.prepare()
        made.start()
    }

    override fun loudness(): Float = (recorder?.maxAmplitude ?: 0) / 32_767f

    override fun stop(): Boolean {
        val made = recorder ?: return false
        recorder = null
        // Stopping at once, before anything was written, is an error of the platform's.
        return runCatching { made.stop() }.isSuccess.also { made.release() }
    }

    private companion object {
        const val LONGEST_MS = 5 * 60_000
    }
}
