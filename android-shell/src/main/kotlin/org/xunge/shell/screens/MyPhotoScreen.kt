// The worker's own picture, by which they find themselves among those who share the phone.
package org.xunge.shell.screens

import android.view.Gravity
import android.view.View
import android.widget.LinearLayout
import java.io.File
import java.io.IOException
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.device.Pictures
import org.xunge.shell.ui.Role

class MyPhotoScreen(host: Host) : Screen(host) {
    private val card = host.attempt { host.app.open().workers.firstOrNull { it.id == host.app.worker?.worker } }
    private val shot = Shot(host, "me/asked", ::take)

    override val title get() = text(R.string.my_photo)
    override val picture get() = "camera"

    override fun speech() = text(R.string.my_photo_speech)

    override fun content(into: LinearLayout) {
        shot.late(into)
        val size = look.dp(160)
        val face: View = portrait(kit, card?.name.orEmpty(), card?.photo, 160)
        into.addView(face, LinearLayout.LayoutParams(size, size).apply { gravity = Gravity.CENTER_HORIZONTAL })
        into.addView(kit.text(text(R.string.my_photo_speech)))
        val words = text(if (card?.photo == null) R.string.take_photo else R.string.take_again)
        into.addView(kit.button(words, "photo", Role.MAIN, "camera", colour = palette.blue) { shot.ask() })
    }

    private fun take(file: File) {
        val small = try {
            Pictures.shrink(file, SIDE)
        } catch (full: IOException) {
            return host.tell(Said(text(R.string.disk_full), good = false))
        }
        if (!small) return host.tell(Said(text(R.string.no_picture), good = false))
        val kept = host.attempt { host.app.phone.setPhoto(file.path) }
        file.delete()
        if (kept != null) host.tell(Said(text(R.string.my_photo_kept), good = true))
    }

    private companion object {
        /** Pixels that a card of 160 dp has on a sharp screen. */
        const val SIDE = 480
    }
}
