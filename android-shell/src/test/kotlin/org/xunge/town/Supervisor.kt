// A supervisor at the console: signs in with a one-time password, and sends the forms that the pages hold.
package org.xunge.town

import java.net.CookieManager
import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.ByteBuffer
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

class Supervisor {
    private val http = HttpClient.newBuilder().cookieHandler(CookieManager()).followRedirects(HttpClient.Redirect.NORMAL).build()

    init {
        val login = Town.admin
        val fields = mapOf("user" to login.getValue("user"), "password" to login.getValue("password"), "totp" to totp(login.getValue("totp_secret")))
        val page = submit("/login", "login", fields)
        check("data-action=\"logout\"" in page) { "signing in ends at: ${page.take(2000)}" }
    }

    /** Returns a report with a note. */
    fun giveBack(record: String, note: String) {
        submit("/records/$record", "return", mapOf("note" to note))
    }

    private fun submit(path: String, action: String, fields: Map<String, String>): String {
        val page = send(HttpRequest.newBuilder(URI(Town.url + path)))
        val form = page.split("<form").drop(1).map { it.substringBefore("</form>") }.firstOrNull { "data-action=\"$action\"" in it }
        checkNotNull(form) { "no form $action on $path" }
        // A button may lead elsewhere than its form.
        val button = Regex("<button[^>]*data-action=\"$action\"[^>]*>").find(form)?.value.orEmpty()
        val target = Regex("formaction=\"([^\"]*)\"").find(button)?.groupValues?.get(1) ?: Regex("\\saction=\"([^\"]*)\"").find(form.substringBefore(">"))?.groupValues?.get(1) ?: path
        val hidden = Regex("<input[^>]*>").findAll(form).map { it.value }.mapNotNull { tag ->
            val name = Regex("\\sname=\"([^\"]*)\"").find(tag)?.groupValues?.get(1)
            val value = Regex("\\svalue=\"([^\"]*)\"").find(tag)?.groupValues?.get(1)
            if (name != null && value != null && "type=\"file\"" !in tag) name to value else null
        }.toMap()
        val values = (hidden + fields).toList()
        val multipart = "multipart/form-data" in form.substringBefore(">")
        val (kind, body) = if (multipart) {
            "multipart/form-data; boundary=$BOUNDARY" to
                values.joinToString("") { (name, value) -> "--$BOUNDARY\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n" } + "--$BOUNDARY--\r\n"
        } else {
            "application/x-www-form-urlencoded" to values.joinToString("&") { (name, value) -> "$name=" + URLEncoder.encode(value, "UTF-8") }
        }
        return send(
            HttpRequest.newBuilder(URI(Town.url + path).resolve(target))
                .header("Content-Type", kind)
                .header("Origin", Town.url)
                .POST(HttpRequest.BodyPublishers.ofString(body)),
        )
    }

    private fun send(request: HttpRequest.Builder): String {
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() == 200) { "${answer.uri()}: ${answer.statusCode()}: ${answer.body().take(1000)}" }
        return answer.body()
    }

    private companion object {
        const val BOUNDARY = "xunge-shell-boundary-71b3"

        /** RFC 6238: SHA-1, six digits, 30 seconds. */
        fun totp(secret: String): String {
            val bits = secret.map { "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(it).toString(2).padStart(5, '0') }.joinToString("")
            val key = bits.chunked(8).filter { it.length == 8 }.map { it.toInt(2).toByte() }.toByteArray()
            val mac = Mac.getInstance("HmacSHA1").apply { init(SecretKeySpec(key, "HmacSHA1")) }
            val hash = mac.doFinal(ByteBuffer.allocate(8).putLong(System.currentTimeMillis() / 30_000).array())
            val code = ByteBuffer.wrap(hash, hash.last().toInt() and 15, 4).int and 0x7fffffff
            return (code % 1_000_000).toString().padStart(6, '0')
        }
    }
}
