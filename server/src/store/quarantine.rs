//! Entries that were not accepted, and what a supervisor decided about them.

use std::fmt;
use std::str::FromStr;

use xunge_protocol::{EntryKind, Hash32, RecordId, RefusalCode, ScopeId, Timestamp, WriterId};

use super::{EntryRow, StoreResult};

/// Place of an entry in the log. As text: `SCOPE-WRITER-INDEX-ORDINAL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// Its scope.
    pub scope: ScopeId,
    /// Its writer.
    pub writer: WriterId,
    /// Index of its segment.
    pub index: u64,
    /// Its place in the segment.
    pub ordinal: u32,
}

/// A text that is no entry id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an entry: expected SCOPE-WRITER-INDEX-ORDINAL")]
pub struct NotEntryId;

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}-{}-{}",
            self.scope, self.writer, self.index, self.ordinal
        )
    }
}

impl FromStr for EntryId {
    type Err = NotEntryId;
    fn from_str(text: &str) -> Result<Self, NotEntryId> {
        let parts: Vec<&str> = text.split('-').collect();
        let [scope, writer, index, ordinal] = parts[..] else {
            return Err(NotEntryId);
        };
        Ok(Self {
            scope: scope.parse().map_err(|_| NotEntryId)?,
            writer: writer.parse().map_err(|_| NotEntryId)?,
            index: index.parse().map_err(|_| NotEntryId)?,
            ordinal: ordinal.parse().map_err(|_| NotEntryId)?,
        })
    }
}

/// Where a quarantined entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineState {
    /// For a supervisor to decide.
    Waiting,
    /// Let in after all.
    Admitted,
    /// Refused for good.
    Rejected,
}

impl QuarantineState {
    /// Its name in the store and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Admitted => "admitted",
            Self::Rejected => "rejected",
        }
    }

    /// The state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Admitted, Self::Rejected]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// A quarantined entry.
#[derive(Debug, Clone)]
pub struct QuarantineRow {
    /// Which entry.
    pub id: EntryId,
    /// The record that it would change.
    pub record: RecordId,
    /// Its kind.
    pub kind: EntryKind,
    /// Why.
    pub code: RefusalCode,
    /// More about why, for a person; English, from the guard.
    pub detail: Option<String>,
    /// Where it stands.
    pub state: QuarantineState,
    /// Since when.
    pub created_at: Timestamp,
    /// When a supervisor decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided: a user's id.
    pub decided_by: Option<String>,
    /// The supervisor's reason.
    pub reason: Option<String>,
}

/// The quarantine in a transaction.
pub trait Quarantine {
    /// Puts an entry into quarantine.
    fn insert_quarantine(&self, row: &QuarantineRow) -> StoreResult<()>;
    /// A row by its entry.
    fn quarantined(&self, id: EntryId) -> StoreResult<Option<QuarantineRow>>;
    /// Rows in one state, oldest first, after the row `after`, at most `limit`; those of `scopes` only, if given.
    fn quarantine(
        &self,
        state: Option<QuarantineState>,
        scopes: Option<&[ScopeId]>,
        after: Option<EntryId>,
        limit: usize,
    ) -> StoreResult<Vec<QuarantineRow>>;
    /// Whether anything waits in a scope.
    fn has_waiting(&self, scope: ScopeId) -> StoreResult<bool>;
    /// Rows of a record in one state, oldest first, each with the entry itself.
    fn quarantine_of(
        &self,
        scope: ScopeId,
        record: RecordId,
        state: QuarantineState,
    ) -> StoreResult<Vec<(QuarantineRow, EntryRow)>>;
    /// Notes a decision.
    fn decide_quarantine(
        &self,
        id: EntryId,
        state: QuarantineState,
        at: Timestamp,
        by: &str,
        reason: &str,
    ) -> StoreResult<()>;
    /// Whether an accepted entry of this record holds the change.
    fn has_change(&self, scope: ScopeId, record: RecordId, change: Hash32) -> StoreResult<bool>;
}
