// Sends in the background when there is a network: soon after something was saved, every hour, and oftener on the charger. With the app locked,
// what was sealed at lock still goes out; no PIN is needed.
package org.xunge.shell.device

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import org.xunge.shell.Failure
import org.xunge.shell.ShellApp

class SyncJob : JobService() {
    override fun onStartJob(parameters: JobParameters): Boolean {
        run(application as ShellApp) { again -> jobFinished(parameters, again && parameters.jobId == SOON) }
        return true
    }

    /** The network is gone. What went through is kept. */
    override fun onStopJob(parameters: JobParameters): Boolean {
        runCatching { (application as ShellApp).phone.cancelSync() }
        return true
    }

    companion object {
        const val SOON = 1
        const val HOURLY = 2
        const val CHARGING = 3
        private const val QUARTER_MS = 900_000L
        private const val HOUR_MS = 3_600_000L

        /** One exchange; `done` hears whether another try may help. */
        fun run(app: ShellApp, done: (again: Boolean) -> Unit) = app.background(
            work = {
                app.open()
                app.phone.sync()
            },
        ) { result -> done((result.exceptionOrNull() as? Failure)?.retry == true) }

        /** At the next network. */
        fun soon(context: Context) = schedule(context, SOON) { setOverrideDeadline(24 * HOUR_MS) }

        /** For as long as the app is installed: every hour, and oftener on the charger, where it costs nothing. */
        fun always(context: Context) {
            schedule(context, HOURLY) {
                setPeriodic(HOUR_MS)
                setPersisted(true)
            }
            schedule(context, CHARGING) {
                setPeriodic(QUARTER_MS)
                setPersisted(true)
                setRequiresCharging(true)
            }
        }

        private fun schedule(context: Context, id: Int, build: JobInfo.Builder.() -> Unit) {
            val scheduler = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            val job = JobInfo.Builder(id, ComponentName(context, SyncJob::class.java))
                .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
                .apply(build)
                .build()
            scheduler.schedule(job)
        }
    }
}
