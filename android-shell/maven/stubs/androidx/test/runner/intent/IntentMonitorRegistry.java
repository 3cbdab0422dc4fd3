package androidx.test.runner.intent;

/** What Robolectric links against; the real class is only on Google's repository. */
public final class IntentMonitorRegistry {
    private IntentMonitorRegistry() {}

    public static void registerInstance(IntentMonitor monitor) {}
}
