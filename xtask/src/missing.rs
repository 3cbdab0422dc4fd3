//! Tasks whose subject is not in the project yet: they say what is missing, and fail.

use xunge_tests::{Outcome, fail};

/// `cargo xtask ios`
pub(crate) fn ios() -> Outcome {
    fail!(
        "ios: the folder ios-shell is missing from this version; building it will need macOS with Xcode"
    )
}
