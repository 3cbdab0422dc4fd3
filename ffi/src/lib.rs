//! The border to the shells: every export converts, calls `xunge-core`, and maps the error. No logic of its own.
//!
//! Local calls block and are fast; `sync` and `enrol` are asynchronous and run on a runtime that this library owns.
//! A panic never crosses the border: it becomes the error `internal`. The types that cross are those of
//! `xunge_core::app`, mirrored in [`types`] for UniFFI, which the compiler compares with the originals.
// The scaffolding that UniFFI's macros write is unsafe by nature.
#![allow(unsafe_code)]

mod call;
mod env;
mod error;
mod key_store;
mod log;
mod observer;
mod phone;
mod types;

pub use env::SystemEnv;
pub use error::ApiError;
pub use key_store::{KeyStore, KeyStoreError, disclosed_key};
pub use log::{LogSink, log_to, log_to_stderr};
pub use observer::{Subscription, SyncObserver};
pub use phone::Phone;
pub use types::*;
pub use xunge_core::vault::FileKeyStore;

uniffi::setup_scaffolding!("xunge");
