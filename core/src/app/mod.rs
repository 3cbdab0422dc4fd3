//! The phone API: the door that the FFI opens. One file an area, all of them methods of [`Phone`].
//!
//! A call answers with plain values ([`view`]) in the phone's locale, or with an [`AppError`] of a stable code. Local
//! calls block and are fast; [`Phone::enrol`] and [`Phone::sync`] wait for the network. Nothing here knows UniFFI.

mod courier;
mod error;
mod home;
mod interview;
mod known;
mod phone;
mod practice;
mod receipts;
mod records;
mod search;
mod session;
mod speech;
mod status;
mod sync;
mod view;
mod words;

pub use error::{AppError, Explained, explain};
pub use phone::{Phone, only_worker};
pub use view::*;
