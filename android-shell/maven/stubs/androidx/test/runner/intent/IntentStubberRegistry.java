package androidx.test.runner.intent;

/** What Robolectric links against; the real class is only on Google's repository. */
public final class IntentStubberRegistry {
    private IntentStubberRegistry() {}

    public static boolean isLoaded() {
        return false;
    }

    public static IntentStubber getInstance() {
        throw new IllegalStateException("no stubber is loaded");
    }
}
