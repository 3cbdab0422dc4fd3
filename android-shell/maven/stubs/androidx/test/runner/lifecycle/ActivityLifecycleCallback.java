package androidx.test.runner.lifecycle;

import android.app.Activity;

/** What Robolectric links against; the real class is only on Google's repository. */
public interface ActivityLifecycleCallback {
    void onActivityLifecycleChanged(Activity activity, Stage stage);
}
