// A real relay with a made-up village, and a phone enrolled at it whose folder each test gets a copy of. Outside of
// Robolectric's sandbox, so that there is one of it in the process.
package org.xunge.town

import java.io.File
import java.net.HttpURLConnection
import java.net.URI
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import uniffi.xunge.KeyStore
import uniffi.xunge.Phone

object Town {
    const val PIN = "2580"
    const val NAME = "李大山"

    private val xunge = File(System.getProperty("xunge.bin"), "xunge").path
    val work = File(System.getProperty("xunge.work")).apply { deleteRecursively(); mkdirs() }
    private val data = File(work, "relay")
    val admin: Map<String, String>
    val url: String
    val token: String

    init {
        val made = run("init", "--county", "999999", "--name", "合成县", "--synthetic", "village", "--seed", "7")
        admin = listOf("user", "password", "totp_secret").associateWith { field(made, it) }
        val serve = ProcessBuilder(xunge, "serve", "--data", data.path, "--listen", "127.0.0.1:0")
            .redirectError(File(work, "serve.log"))
            .start()
        Runtime.getRuntime().addShutdownHook(Thread { serve.destroyForcibly() })
        url = serve.inputStream.bufferedReader().readLine().substringAfter("listening ").trim()
        token = field(run("admin", "token", "add", "--role", "export"), "token")
    }

    /** The scope of a grid with households. */
    val grid: String by lazy { field(records("household", 1), "scope") }

    /** A folder with an enrolled phone that has synced once, to be copied: `phone` and `secret`. */
    val seed: File by lazy {
        val folder = File(work, "seed")
        val phone = File(folder, "phone").apply { mkdirs() }
        val keys = Keys()
        val made = Phone(phone.path, keys)
        made.open("zh-CN")
        runBlocking {
            made.enrol(ticket(NAME), PIN)
            made.sync()
        }
        made.closePhone()
        File(folder, "secret").writeBytes(byteArrayOf(0) + checkNotNull(keys.kept))
        folder
    }

    fun ticket(worker: String): String = field(run("admin", "enrol", "--grid", grid, "--worker", worker, "--url", url), "ticket")

    /** Ten digits for a worker's phone. */
    fun code(worker: String): String = field(run("admin", "enrol", "--grid", grid, "--worker", worker, "--url", url, "--code"), "code")

    /** What an app of this town has built in. */
    val address: String by lazy { field(run("admin", "relay-address", "--url", url), "relay") }

    /** What the open API says. */
    fun records(kind: String, limit: Int = 500): String {
        val connection = URI("$url/api/v1/records?kind=$kind&limit=$limit").toURL().openConnection() as HttpURLConnection
        connection.setRequestProperty("Authorization", "Bearer $token")
        return connection.inputStream.bufferedReader().readText()
    }

    /** Runs `xunge` on the town's data and gives what it prints. */
    fun run(vararg args: String): String {
        val process = ProcessBuilder(listOf(xunge) + args + listOf("--data", data.path, "--json"))
            .redirectError(File(work, "xunge.log"))
            .start()
        val said = process.inputStream.bufferedReader().readText()
        check(process.waitFor(120, TimeUnit.SECONDS) && process.exitValue() == 0) { "xunge ${args.toList()}: $said ${File(work, "xunge.log").readText()}" }
        return said
    }

    /** The first string of this name in a JSON text. */
    fun field(json: String, name: String): String =
        checkNotNull(Regex("\"$name\"\\s*:\\s*\"([^\"]*)\"").find(json)) { "no $name in $json" }.groupValues[1]

    fun copyTo(folder: File) {
        seed.copyRecursively(folder, overwrite = true)
    }

    private class Keys : KeyStore {
        var kept: ByteArray? = null

        override fun load() = kept

        override fun save(secret: ByteArray) {
            kept = secret
        }
    }
}
