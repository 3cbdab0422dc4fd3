// Keeps the app alive while it sends because somebody asked for it, and says so in the list of notifications; only then.
package org.xunge.shell.device

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.Service
import android.content.Context
import android.content.Intent
import android.os.Build
import android.os.IBinder
import android.util.Log
import org.xunge.shell.MainActivity
import org.xunge.shell.R

class SendingService : Service() {
    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(intent: Intent?, flags: Int, startId: Int): Int {
        startForeground(SHOWN, notification())
        return START_NOT_STICKY
    }

    /** It tells what happens, and nothing of anybody. */
    private fun notification(): Notification {
        val builder = if (Build.VERSION.SDK_INT >= 26) {
            val manager = getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
            val name = getString(R.string.send_now)
            manager.createNotificationChannel(NotificationChannel(CHANNEL, name, NotificationManager.IMPORTANCE_LOW))
            Notification.Builder(this, CHANNEL)
        } else {
            @Suppress("DEPRECATION") // The one with a channel came with API 26.
            Notification.Builder(this)
        }
        val flags = if (Build.VERSION.SDK_INT >= 23) PendingIntent.FLAG_IMMUTABLE else 0
        return builder
            .setSmallIcon(R.drawable.pic_send)
            .setContentTitle(getString(R.string.sending))
            .setContentIntent(PendingIntent.getActivity(this, 0, Intent(this, MainActivity::class.java), flags))
            .setOngoing(true)
            .build()
    }

    companion object {
        private const val CHANNEL = "sending"
        private const val SHOWN = 1

        /** Sending goes on without it, where the system does not allow it. */
        fun start(context: Context) {
            val intent = Intent(context, SendingService::class.java)
            try {
                if (Build.VERSION.SDK_INT >= 26) context.startForegroundService(intent) else context.startService(intent)
            } catch (refused: RuntimeException) {
                Log.w("xunge", "the system does not let a service run", refused)
            }
        }

        fun stop(context: Context) {
            context.stopService(Intent(context, SendingService::class.java))
        }
    }
}
