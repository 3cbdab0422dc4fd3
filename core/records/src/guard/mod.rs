//! The one gate for bytes from outside, on relay and phone.
//!
//! [`check_change`] judges bytes alone, before Automerge applies them; [`check_in`] judges their place in a document;
//! [`rules::check_role`] judges whether that writer may do this there. None of them changes anything.

pub mod check;
pub mod error;
pub mod rules;

mod operations;
mod scan;

pub use check::{check_change, check_in};
pub use error::GuardError;
