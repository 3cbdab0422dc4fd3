package org.xunge.shell

import android.content.Intent
import androidx.test.ext.junit.runners.AndroidJUnit4
import androidx.test.platform.app.InstrumentationRegistry
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Test
import org.junit.runner.RunWith

/** On a real Android: the library loads, the folder opens, the first screen stands. */
@RunWith(AndroidJUnit4::class)
class SmokeTest {
    @Test
    fun the_app_starts_and_asks_to_be_set_up() {
        val instrumentation = InstrumentationRegistry.getInstrumentation()
        val start = Intent(instrumentation.targetContext, MainActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK)
        val activity = instrumentation.startActivitySync(start) as MainActivity
        instrumentation.waitForIdleSync()
        assertNotNull(activity.findViewById(R.id.scroll))
        assertFalse(activity.app.open().enrolled)
    }
}
