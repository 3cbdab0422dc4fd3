//! What a record is: kinds, fields, values, events and state. One file a kind; knows nothing of Automerge.

pub mod event;
pub mod field;
pub mod fold;
pub mod id_number;
pub mod kind;
pub mod media;
pub mod record;
pub mod schema;
pub mod state;
pub mod validate;
pub mod value;
pub mod warning_text;

mod dispute;
mod household;
mod person;
mod request;
mod visit;
mod warning;
mod warning_ack;
