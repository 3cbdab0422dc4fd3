//! What the phone API answers with: plain values, ready to be drawn and spoken. Nothing here knows where they come from.
//!
//! Ids are lower-case hex; times are ISO 8601 in UTC; dates are calendar dates. Every text a user reads has its speech.

mod home;
mod interview;
mod record;
mod session;

pub use home::{Home, NextVisit, Notice, NoticeKind, Progress, Tile};
pub use interview::{Saved, Started, Step};
pub use record::{
    FieldView, NoteView, ReceiptView, RecordFilter, RecordSummary, RecordView, SearchHit,
    StateView, TimelineEvent,
};
pub use session::{
    BundleExport, BundleImport, Enrolled, FoundTicket, Opened, Practice, ScopeCursor, SpeechPart,
    Status, WorkerCard,
};
