// Files that other apps may write or read: the camera's picture and the courier's bundle. Nothing else is given away.
package org.xunge.shell.device

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException

object Pictures {
    private const val LONGEST_SIDE = 1600

    fun folder(context: Context) = File(context.cacheDir, "shared").apply { mkdirs() }

    /** An empty place for one picture. */
    fun fresh(context: Context) = File(folder(context), "picture.jpg").apply { writeBytes(ByteArray(0)) }

    fun uri(context: Context, file: File): Uri = Uri.parse("content://${context.packageName}.files/${file.name}")

    /** Makes it small enough for a slow network, or for a card; false if it is no picture. */
    fun shrink(file: File, longest: Int = LONGEST_SIDE): Boolean {
        val bounds = BitmapFactory.Options().apply { inJustDecodeBounds = true }
        BitmapFactory.decodeFile(file.path, bounds)
        if (bounds.outWidth <= 0) return false
        var sample = 1
        while (maxOf(bounds.outWidth, bounds.outHeight) / (sample * 2) >= longest) sample *= 2
        val picture = BitmapFactory.decodeFile(file.path, BitmapFactory.Options().apply { inSampleSize = sample }) ?: return false
        val small = File(file.path + ".small")
        small.outputStream().use { picture.compress(Bitmap.CompressFormat.JPEG, 80, it) }
        return small.length() > 0 && small.renameTo(file)
    }
}

class SharedFiles : ContentProvider() {
    override fun onCreate() = true

    private fun fileOf(uri: Uri): File {
        val context = context ?: throw FileNotFoundException()
        val name = uri.lastPathSegment ?: throw FileNotFoundException()
        val file = File(Pictures.folder(context), name)
        if (file.canonicalFile.parentFile != Pictures.folder(context).canonicalFile) throw FileNotFoundException(name)
        return file
    }

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor =
        ParcelFileDescriptor.open(fileOf(uri), ParcelFileDescriptor.parseMode(mode))

    override fun getType(uri: Uri) = if (uri.path?.endsWith(".jpg") == true) "image/jpeg" else "application/octet-stream"

    override fun query(uri: Uri, projection: Array<String>?, selection: String?, args: Array<String>?, order: String?): Cursor {
        val file = fileOf(uri)
        return MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)).apply { addRow(arrayOf<Any>(file.name, file.length())) }
    }

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, selection: String?, args: Array<String>?) = 0

    override fun delete(uri: Uri, selection: String?, args: Array<String>?) = 0
}
