// A picture that the camera app takes for a screen. It also arrives where the system ended this app meanwhile.
package org.xunge.shell.screens

import android.content.Intent
import android.provider.MediaStore
import android.view.View
import java.io.File
import java.io.IOException
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.device.Pictures

/** `key` names the picture among those of other screens; `taken` gets the file, and may keep or delete it. */
class Shot(private val host: Host, private val key: String, private val taken: (File) -> Unit) {
    private val context = host.kit.context

    /** Called by the content of the screen: takes what came while it was not there. */
    fun late(content: View) {
        val asked = host.scratch.getString(key)?.let(::File) ?: return
        if (asked.length() > 0) content.post { arrived() }
    }

    fun ask() {
        val file = try {
            Pictures.fresh(context)
        } catch (full: IOException) {
            return host.tell(Said(context.getString(R.string.disk_full), good = false))
        }
        val intent = Intent(MediaStore.ACTION_IMAGE_CAPTURE)
            .putExtra(MediaStore.EXTRA_OUTPUT, Pictures.uri(context, file))
            .addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION or Intent.FLAG_GRANT_READ_URI_PERMISSION)
        host.scratch.putString(key, file.path)
        val there = host.ask(intent) { answer -> if (answer != null) arrived() else host.scratch.remove(key) }
        if (!there) host.tell(Said(context.getString(R.string.no_camera), good = false))
    }

    private fun arrived() {
        val file = host.scratch.getString(key)?.let(::File) ?: return
        host.scratch.remove(key)
        taken(file)
    }
}
