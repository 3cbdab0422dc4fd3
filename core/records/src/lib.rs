//! The records of Xunge, shared by phone and relay.
//!
//! [`model`] says what a household, a visit, a dispute is: plain values, events, and the one fold from events to state.
//! [`document`] maps a record to its Automerge document and back. [`guard`] is the one gate for bytes from outside.
//! [`lists`] holds code lists as versioned data. [`sealed_file`] is how both ends keep media on disk. This crate knows nothing of storage, sync, screens or HTTP.

pub mod caps;
pub mod document;
pub mod guard;
pub mod lists;
pub mod model;
pub mod sealed_file;

mod path;
mod unwind;

pub use document::{Author, CheckedChange, Document, DocumentError, Edit, NewChange, Open};
pub use guard::{GuardError, check_change};
pub use lists::{Calendar, CodeList, CodeLists, Locale};
pub use model::event::{EventBody, EventId, Verb};
pub use model::kind::Kind;
pub use model::media::MediaRef;
pub use model::record::{Alternative, FieldValue, Fields, FoldedEvent, FormRef, Record};
pub use model::state::{Effect, Review, State};
pub use model::value::Value;
