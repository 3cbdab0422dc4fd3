package androidx.test.runner.lifecycle;

/** What Robolectric links against; the real class is only on Google's repository. */
public final class ActivityLifecycleMonitorRegistry {
    private static ActivityLifecycleMonitor monitor;

    private ActivityLifecycleMonitorRegistry() {}

    public static void registerInstance(ActivityLifecycleMonitor instance) {
        monitor = instance;
    }

    public static ActivityLifecycleMonitor getInstance() {
        return monitor;
    }
}
