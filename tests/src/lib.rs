//! The harness: everything that a stranger's script needs to run the relay and phones from outside.
//!
//! It links neither program. [`programs`] finds the binaries; [`relay`] and [`phone`] are processes; [`proxy`] is the bad
//! network between them; [`interview`] answers whatever it is asked; [`console`] is a supervisor's browser without a
//! screen, [`api`] the export interface's client. Contract tests, demo and benchmarks all drive the product through
//! this, so it may know `docs/` and nothing of the inside.

pub mod api;
pub mod clock;
pub mod console;
pub mod files;
pub mod interview;
pub mod page;
pub mod phone;
pub mod postgres;
pub mod programs;
pub mod proxy;
pub mod relay;
pub mod rpc;
pub mod worker;

/// Whatever went wrong, for a person to read.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Result of anything in the harness.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Ends the function with a message as [`Failure`].
#[macro_export]
macro_rules! fail {
    ($($text:tt)*) => { return Err($crate::Failure::from(format!($($text)*))) };
}
