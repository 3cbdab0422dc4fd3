//! Why the relay could not write what it was told to.

use xunge_protocol::{RecordId, RefusalCode};
use xunge_records::{DocumentError, Verb};

use crate::log::{LogError, judge::Refusal};
use crate::store::{EntryId, StoreError};

/// A command that did not happen. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The document does not take the edit.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The relay's own change does not pass its own gate.
    #[error("refused as {}: {}", .0.code.name(), .0.detail.as_deref().unwrap_or("by its rules"))]
    Refused(Refusal),
    /// No such record.
    #[error("no record {0}")]
    UnknownRecord(RecordId),
    /// Somebody else decided meanwhile.
    #[error("the case is at version {found}, not {expected}")]
    Stale {
        /// What the command was given for.
        expected: u32,
        /// What it is.
        found: u32,
    },
    /// The event would have no effect in the state that the record is in.
    #[error("{} is not possible in this state", .0.name())]
    NotPossible(Verb),
    /// No such entry in quarantine.
    #[error("entry {0} is not in quarantine")]
    UnknownEntry(EntryId),
    /// The entry was decided before.
    #[error("entry {0} was decided before")]
    AlreadyDecided(EntryId),
    /// What the guard or the rules of operations refuse, nobody can let in.
    #[error("what was refused as {} cannot be admitted", .0.name())]
    NotAdmissible(RefusalCode),
    /// No such worker.
    #[error("no worker {0}")]
    UnknownWorker(String),
    /// As many short codes are open as there can be.
    #[error("too many short codes are open: wait some minutes, or let the phone scan the ticket")]
    CodesUsedUp,
    /// No relay has more keys in its life.
    #[error("the relay had as many keys as it may have")]
    KeysUsedUp,
    /// What the journal keeps sealed does not open with this database.
    #[error(
        "the journal holds a key of the relay that does not open with this backup: name this relay's own journal"
    )]
    JournalOfAnother,
}

impl From<StoreError> for AuthorityError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl AuthorityError {
    /// Stable code for problem documents and resource files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log(_) => "internal",
            Self::Document(_) | Self::Refused(_) => "invalid_edit",
            Self::UnknownRecord(_) => "unknown_record",
            Self::Stale { .. } => "stale",
            Self::NotPossible(_) => "not_possible",
            Self::UnknownEntry(_) => "unknown_entry",
            Self::AlreadyDecided(_) => "already_decided",
            Self::NotAdmissible(_) => "not_admissible",
            Self::UnknownWorker(_) => "unknown_worker",
            Self::CodesUsedUp => "codes_used_up",
            Self::KeysUsedUp => "keys_used_up",
            Self::JournalOfAnother => "journal_of_another",
        }
    }
}
