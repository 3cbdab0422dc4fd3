//! Tasks whose subject is not in the project yet: they say what is missing, and fail.

use xunge_tests::{Outcome, fail};

/// `cargo xtask bindings`
pub(crate) fn bindings() -> Outcome {
    fail!(
        "bindings: the FFI is there (crate xunge-ffi), the generator is not: a crate for uniffi-bindgen and the shells \
         that would use its Kotlin and Swift are missing from this version"
    )
}

/// `cargo xtask android`
pub(crate) fn android() -> Outcome {
    fail!(
        "android: the folder android-shell is missing from this version; building it will need the Android SDK and NDK, \
         JDK 17 and cargo-ndk"
    )
}

/// `cargo xtask ios`
pub(crate) fn ios() -> Outcome {
    fail!(
        "ios: the folder ios-shell is missing from this version; building it will need macOS with Xcode"
    )
}
