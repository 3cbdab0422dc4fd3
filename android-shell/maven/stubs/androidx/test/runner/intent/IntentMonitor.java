package androidx.test.runner.intent;

/** What Robolectric links against; the real class is only on Google's repository. */
public interface IntentMonitor {}
