package androidx.test.runner.lifecycle;

/** What Robolectric links against; the real class is only on Google's repository. */
public enum Stage { PRE_ON_CREATE, CREATED, STARTED, RESUMED, PAUSED, STOPPED, RESTARTED, DESTROYED }
