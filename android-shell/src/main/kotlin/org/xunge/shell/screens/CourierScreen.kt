// Without a network: what waits goes as a sealed file by any other phone or memory card, and receipts come back as one.
package org.xunge.shell.screens

import android.content.ClipData
import android.content.Intent
import android.net.Uri
import android.view.View
import android.widget.LinearLayout
import java.io.File
import java.io.IOException
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.device.Pictures
import org.xunge.shell.ui.Role

class CourierScreen(host: Host, private val handed: String) : Screen(host) {
    override val title get() = text(R.string.courier)
    override val picture get() = "letter"

    override fun speech() = text(R.string.courier_speech)

    override fun content(into: LinearLayout) {
        into.addView(kit.text(text(R.string.courier_speech)))
        if (handed.isNotEmpty()) {
            into.addView(kit.button(text(R.string.courier_take_this), "take_this", Role.MAIN, "inbox") { take(Uri.parse(handed)) })
        }
        into.addView(kit.button(text(R.string.courier_give), "give", Role.MAIN, "send", colour = palette.blue) { give() })
        into.addView(kit.button(text(R.string.courier_take), "take", picture = "inbox") { choose() })
    }

    private fun give() {
        val context = kit.context
        val file = File(Pictures.folder(context), "xunge.bundle")
        val made = host.attempt { host.app.phone.bundleExport(file.path) } ?: return
        val uri = Pictures.uri(context, file)
        val send = Intent(Intent.ACTION_SEND).apply {
            type = "application/octet-stream"
            putExtra(Intent.EXTRA_STREAM, uri)
            clipData = ClipData.newRawUri(null, uri)
            addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        }
        val there = host.ask(Intent.createChooser(send, text(R.string.courier_give))) {}
        val words = if (made.left) R.string.courier_more_left else R.string.courier_given
        host.tell(if (there) Said(text(words), good = true) else Said(text(R.string.courier_nobody), good = false))
    }

    private fun choose() {
        val open = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")
        val there = host.ask(open) { answer -> answer?.data?.let { take(it) } }
        if (!there) host.tell(Said(text(R.string.courier_nobody), good = false))
    }

    private fun take(from: Uri) {
        val file = File(Pictures.folder(kit.context), "taken.bundle")
        try {
            val input = host.app.contentResolver.openInputStream(from) ?: throw IOException("nothing there")
            input.use { source -> file.outputStream().use { source.copyTo(it) } }
        } catch (failed: IOException) {
            return host.tell(Said(text(R.string.file_unreadable), good = false))
        } catch (forbidden: SecurityException) {
            return host.tell(Said(text(R.string.file_unreadable), good = false))
        }
        val taken = host.attempt { host.app.phone.bundleImport(file.path) }
        file.delete()
        if (taken != null) {
            host.tell(Said(text(R.string.courier_taken, taken.acknowledged.toLong(), taken.carried.toLong()), good = true))
        }
    }

    override fun ways(): List<View> = listOf(backButton())
}
