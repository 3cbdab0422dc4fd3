//! A record as its Automerge document: the frozen skeleton of its kind, edits, and reading back with differing values.
//!
//! Knows Automerge and the model. Does not know who may do what: that is [`crate::guard`].

pub mod change;
pub mod edit;
pub mod genesis;

mod read;
mod replica;

pub use change::{Author, CheckedChange, NewChange, Open, Operations};
pub use edit::Edit;
pub use replica::{Document, DocumentError};
