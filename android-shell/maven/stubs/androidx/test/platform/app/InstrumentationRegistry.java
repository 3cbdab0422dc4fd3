package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** What Robolectric links against; the real class is only on Google's repository. */
public final class InstrumentationRegistry {
    private static Instrumentation instrumentation;
    private static Bundle arguments;

    private InstrumentationRegistry() {}

    public static void registerInstance(Instrumentation instance, Bundle bundle) {
        instrumentation = instance;
        arguments = bundle;
    }

    public static Instrumentation getInstrumentation() {
        return instrumentation;
    }

    public static Bundle getArguments() {
        return arguments;
    }
}
