//! What a phone holds, from first copies in memory to records that are past.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "linux")]
mod memory;
mod retention;
