// A new worker on this phone: the code of the town, photographed, as text or by telephone, and a PIN of one's own.
package org.xunge.shell.screens

import android.content.ClipboardManager
import android.content.Context
import android.graphics.BitmapFactory
import android.view.View
import android.widget.LinearLayout
import com.google.zxing.BinaryBitmap
import com.google.zxing.DecodeHintType
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.ReaderException
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader
import java.io.File
import java.io.IOException
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said
import org.xunge.shell.device.Pictures
import org.xunge.shell.ui.Role

/** Where the ticket stands until it is used. */
internal const val TICKET = "enrol/ticket"

class EnrolScreen(host: Host) : DigitsScreen(host, "enrol/pin") {
    private val knowsRelay = host.app.relay.isNotEmpty()
    private val shot = Shot(host, "enrol/asked", ::read)
    private var ticket: String?
        get() = host.scratch.getString(TICKET)
        set(value) = host.scratch.putString(TICKET, value)

    override val title get() = text(R.string.enrol)
    override val picture get() = "add_phone"
    override val hidden = false

    override fun speech() = text(
        when {
            ticket != null -> R.string.enrol_pin_speech
            knowsRelay -> R.string.enrol_or_call_speech
            else -> R.string.enrol_speech
        },
    )

    override fun content(into: LinearLayout) {
        if (ticket == null) {
            shot.late(into)
            into.addView(kit.heading(text(R.string.enrol_scan)))
            into.addView(kit.button(text(R.string.photograph_code), "scan", Role.MAIN, "camera", colour = palette.blue) { shot.ask() })
            if (knowsRelay) into.addView(kit.button(text(R.string.read_out_go), "read_out", picture = "call") { host.go("read_out") })
            into.addView(kit.text(text(R.string.enrol_text)))
            into.addView(kit.button(text(R.string.paste), "paste", picture = "paper") { paste() })
        } else {
            into.addView(kit.heading(text(R.string.enrol_pin)))
            digits(into)
            if (host.app.busy) into.addView(kit.text(text(R.string.wait)))
        }
    }

    override fun ways(): List<View> {
        val back = kit.button(text(R.string.back), "back") { leave() }
        if (ticket == null) return listOf(back)
        return listOf(back, mainButton(text(R.string.done), "enrol") { enrol() })
    }

    override fun onBack(): Boolean {
        leave()
        return true
    }

    private fun leave() {
        forget()
        if (ticket != null) {
            ticket = null
            host.refresh()
        } else {
            host.back()
        }
    }

    private fun read(file: File) {
        val read = readCode(file)
        file.delete()
        if (read == null) host.tell(Said(text(R.string.no_code), good = false)) else take(read)
    }

    private fun enrol() {
        val ticket = ticket ?: return
        val pin = typed
        if (host.app.busy) return
        host.app.background({
            host.app.open()
            host.app.phone.enrol(ticket, pin)
        }) { result ->
            if (result.isSuccess) {
                forget()
                this.ticket = null
            }
            unlocked(host, result)
        }
        host.refresh(speak = false)
    }

    private fun paste() {
        val clipboard = host.app.getSystemService(Context.CLIPBOARD_SERVICE) as ClipboardManager
        val text = clipboard.primaryClip?.takeIf { it.itemCount > 0 }?.getItemAt(0)?.coerceToText(host.app)?.toString()?.trim()
        if (text.isNullOrEmpty()) return host.tell(Said(text(R.string.nothing_to_paste), good = false))
        take(text)
    }

    /** What is plainly no ticket is named at once, before a PIN is thought up for it. */
    private fun take(code: String) {
        val foreign = foreign(code)
        if (foreign != null) return host.tell(Said(text(foreign), good = false))
        ticket = code
        host.refresh()
    }
}

/** What a code is that the town has not made, as a text's name; none if it may be a ticket. */
fun foreign(code: String): Int? = when {
    code.startsWith("XUNGE1:", ignoreCase = true) -> null
    PAYMENT.any { code.startsWith(it, ignoreCase = true) } -> R.string.code_of_payment
    code.startsWith("WIFI:", ignoreCase = true) -> R.string.code_of_wifi
    code.startsWith("http://", ignoreCase = true) || code.startsWith("https://", ignoreCase = true) -> R.string.code_of_page
    code.length in 6..14 && code.all { it in '0'..'9' } -> R.string.code_of_goods
    else -> R.string.code_foreign
}

/** How codes of the usual payment apps begin. */
private val PAYMENT = listOf("wxp://", "weixin://wxpay", "alipays://", "https://qr.alipay.com", "https://payapp.weixin.qq.com", "https://qr.95516.com")

/** The text of the QR code on a photo; none if there is none to be read. */
fun readCode(file: File): String? {
    try {
        if (!Pictures.shrink(file)) return null
    } catch (full: IOException) {
        // The picture as it was taken can still be read.
    }
    val picture = BitmapFactory.decodeFile(file.path) ?: return null
    val pixels = IntArray(picture.width * picture.height)
    picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
    val image = BinaryBitmap(HybridBinarizer(RGBLuminanceSource(picture.width, picture.height, pixels)))
    return try {
        QRCodeReader().decode(image, mapOf(DecodeHintType.TRY_HARDER to true)).text
    } catch (none: ReaderException) {
        null
    }
}
