//! Records as the fold of their accepted changes leaves them.

use xunge_protocol::{RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::Kind;

use super::StoreResult;

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// Its scope.
    pub scope: ScopeId,
    /// Its kind.
    pub kind: Kind,
}

/// One row of the projection.
#[derive(Debug, Clone)]
pub struct RecordRow {
    /// Its scope.
    pub scope: ScopeId,
    /// Its id.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// Author of the first accepted change.
    pub writer: WriterId,
    /// When the relay first stored something of it.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Place of that change in the county's order of changes; set by the store.
    pub sequence: u64,
    /// Whether it was opened after the grant was closed.
    pub late: bool,
    /// Code of the kind's state list.
    pub state: String,
    /// `open`, `returned`, `fixed` or `approved`.
    pub review: String,
    /// Case number.
    pub number: Option<String>,
    /// Owner of the case.
    pub owner: Option<String>,
    /// Scope of the owner.
    pub owner_scope: Option<ScopeId>,
    /// Level of the owner.
    pub level: Option<String>,
    /// Until when the owner must act.
    pub deadline: Option<Timestamp>,
    /// How often the owner changed.
    pub hops: u32,
    /// For compare-and-set.
    pub version: u32,
    /// Whether it is over.
    pub closed: bool,
    /// Number of fields on which people differ.
    pub conflicts: u32,
    /// Number of events without effect.
    pub without_effect: u32,
    /// Number of proposals without an answer.
    pub proposals: u32,
    /// The household that it is about.
    pub household: Option<RecordId>,
    /// The warning that it acknowledges.
    pub warning: Option<RecordId>,
    /// The day that it is about, ISO date.
    pub day: Option<String>,
    /// What no column says, as a JSON object: [`crate::log::projection::content`].
    pub json: String,
}

/// The projection of records in a transaction.
pub trait Records {
    /// Says which records of a scope will be asked for, so that a store far away can fetch them at once.
    fn expect_records(&self, scope: ScopeId, records: &[RecordId]) -> StoreResult<()> {
        let _ = (scope, records);
        Ok(())
    }
    /// Where a record is, in whichever scope.
    fn find_record(&self, record: RecordId) -> StoreResult<Option<RecordPlace>>;
    /// A record's row.
    fn record(&self, scope: ScopeId, record: RecordId) -> StoreResult<Option<RecordRow>>;
    /// Writes a record's row, with the county's next sequence.
    fn put_record(&self, row: &RecordRow) -> StoreResult<()>;
    /// Bodies of a record's accepted changes that were not erased, by position.
    fn changes(&self, scope: ScopeId, record: RecordId) -> StoreResult<Vec<Vec<u8>>>;
    /// Rows changed after `sequence`, in the order of their last change, at most `limit`; of one kind and in some
    /// scopes, if given.
    fn records_after(
        &self,
        sequence: u64,
        kind: Option<Kind>,
        scopes: Option<&[ScopeId]>,
        limit: usize,
    ) -> StoreResult<Vec<RecordRow>>;
}
