//! Containment of panics inside Automerge, which bytes from outside can provoke.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Result of `work`, or nothing if it panicked. What `work` borrowed mutably must be thrown away after a panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
