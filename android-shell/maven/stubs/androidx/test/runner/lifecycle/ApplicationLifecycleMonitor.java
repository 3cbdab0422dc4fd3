package androidx.test.runner.lifecycle;

/** What Robolectric links against; the real class is only on Google's repository. */
public interface ApplicationLifecycleMonitor {}
