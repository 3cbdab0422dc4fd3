//! One-question-a-screen interviews, defined by data, resumable after any kill.
//!
//! A [`Form`] is data ([`library`] ships them, a county may replace them). An [`Interview`] is the small state of one
//! filling-in; with a [`Context`] (the form, code lists, what is already known, language, day) it yields a [`Step`]:
//! the next [`Question`], or the review. At the end [`Interview::to_edit`] says what to write into the record.
//! Nothing here knows SQL, Automerge, keys or a clock.

mod answer;
mod check;
mod choices;
mod definition;
mod edit;
mod error;
mod facts;
mod fields;
mod files;
mod interview;
mod keys;
pub mod knowledge;
pub mod library;
mod parse;
mod screen;
#[cfg(test)]
mod tests;
pub mod xpath;

pub use answer::Answer;
pub use definition::{Form, QuestionDef, QuestionKind, Subject};
pub use edit::{Attachment, Edit, EventDraft};
pub use error::{AnswerError, FormError};
pub use files::{FileFault, FileKind, media_type};
pub use interview::{Context, Interview};
pub use knowledge::{Candidate, HouseholdQuery, Knowledge, Known, ListRow, Lists};
pub use library::FormLibrary;
pub use screen::{Choice, Line, Question, Step};
