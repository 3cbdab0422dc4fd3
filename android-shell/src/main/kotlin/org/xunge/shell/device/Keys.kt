// Keeps the phone's secret wrapped by the Android Keystore, or, where a device's Keystore fails, plain in the app's own
// folder: weaker, but nothing that was recorded is ever lost.
package org.xunge.shell.device

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.Log
import java.io.File
import java.io.FileOutputStream
import java.security.GeneralSecurityException
import java.security.KeyStore as SystemKeyStore
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.xunge.shell.KeyStore
import org.xunge.shell.KeyStoreFailure

class Keys(private val folder: File) : KeyStore {
    private val file get() = File(folder, "secret")

    override fun load(): ByteArray? {
        if (!file.exists()) return null
        val kept = file.readBytes()
        if (kept.isEmpty()) throw KeyStoreFailure("the secret's file is empty")
        val body = kept.copyOfRange(1, kept.size)
        return when (kept[0]) {
            PLAIN -> body
            WRAPPED -> try {
                unwrap(body)
            } catch (error: GeneralSecurityException) {
                throw KeyStoreFailure("the system's key store does not give the secret back: $error")
            }
            else -> throw KeyStoreFailure("the secret was written by a newer version")
        }
    }

    override fun save(secret: ByteArray) {
        try {
            write(wrapped(secret) ?: (byteArrayOf(PLAIN) + secret))
        } catch (error: java.io.IOException) {
            throw KeyStoreFailure("the secret cannot be written: $error")
        }
    }

    /** None where the device's Keystore does not give back at once what it has taken. */
    private fun wrapped(secret: ByteArray): ByteArray? {
        if (Build.VERSION.SDK_INT < 23) return null
        return try {
            val cipher = Cipher.getInstance(CIPHER)
            cipher.init(Cipher.ENCRYPT_MODE, made())
            val body = byteArrayOf(cipher.iv.size.toByte()) + cipher.iv + cipher.doFinal(secret)
            if (unwrap(body).contentEquals(secret)) byteArrayOf(WRAPPED) + body else null
        } catch (error: GeneralSecurityException) {
            fallBack(error)
        } catch (error: RuntimeException) {
            // Some makers' Keystores throw what no interface names.
            fallBack(error)
        }
    }

    private fun fallBack(error: Exception): ByteArray? {
        Log.w("xunge", "the system's key store fails; the secret stays in the app's own folder", error)
        return null
    }

    private fun unwrap(body: ByteArray): ByteArray {
        val end = 1 + body[0]
        val key = keyStore().getKey(ALIAS, null) as? SecretKey ?: throw GeneralSecurityException("no key")
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(128, body, 1, end - 1))
        return cipher.doFinal(body, end, body.size - end)
    }

    private fun keyStore() = SystemKeyStore.getInstance(STORE).apply { load(null) }

    private fun made(): SecretKey {
        val known = keyStore().getKey(ALIAS, null) as? SecretKey
        if (known != null) return known
        if (Build.VERSION.SDK_INT < 23) throw GeneralSecurityException("no AES key before API 23")
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, STORE)
        generator.init(
            KeyGenParameterSpec.Builder(ALIAS, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .build(),
        )
        return generator.generateKey()
    }

    /** Durable when it returns: a new file, synced, in the place of the old. */
    private fun write(bytes: ByteArray) {
        val fresh = File(folder, "secret.new")
        FileOutputStream(fresh).use {
            it.write(bytes)
            it.fd.sync()
        }
        if (!fresh.renameTo(file)) throw KeyStoreFailure("the secret cannot be written")
    }

    private companion object {
        const val STORE = "AndroidKeyStore"
        const val ALIAS = "xunge"
        const val CIPHER = "AES/GCM/NoPadding"
        const val PLAIN: Byte = 0
        const val WRAPPED: Byte = 1
    }
}
