//! Records that were erased: what is removed of them, and the tombstone that stays.

use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::Kind;

use super::StoreResult;

/// What stays of an erased record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TombstoneRow {
    /// The record.
    pub record: RecordId,
    /// Where it was.
    pub scope: ScopeId,
    /// When it was erased.
    pub erased_at: Timestamp,
    /// The record that says what may still be said, if there is one.
    pub successor: Option<RecordId>,
}

/// Erasure in a transaction.
pub trait Erasure {
    /// The tombstone of a record, if it was erased.
    fn tombstone(&self, record: RecordId) -> StoreResult<Option<TombstoneRow>>;
    /// Says that [`Self::tombstone`] will be asked of these records, so that a distant database is asked once.
    fn expect_tombstones(&self, _records: &[RecordId]) -> StoreResult<()> {
        Ok(())
    }
    /// The scope in whose quarantine something of a record lies, of one that was never accepted.
    fn quarantined_in(&self, record: RecordId) -> StoreResult<Option<ScopeId>>;
    /// Puts a tombstone, and removes everything else that names the record: the bodies of its entries (an entry whose
    /// body is empty was erased; its leaf hash and its position stay), its row, what quarantine says about it, reveals.
    /// External references, and records that are about this household, go over to its successor, if it has one. The
    /// snapshots of all scopes whose log has it go.
    fn bury(&self, tombstone: &TombstoneRow) -> StoreResult<()>;
    /// Records of the county whose content or id holds all of `texts`, in order of id.
    fn records_holding(&self, texts: &[&str]) -> StoreResult<Vec<(ScopeId, RecordId, Kind)>>;
}
