package androidx.test.runner.intent;

import android.app.Instrumentation;
import android.content.Intent;

/** What Robolectric links against; the real class is only on Google's repository. */
public interface IntentStubber {
    Instrumentation.ActivityResult getActivityResultForIntent(Intent intent);
}
