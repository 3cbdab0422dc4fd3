//! Which record stands for what an imported table calls by a reference of its own.

use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::StoreResult;

/// External references in a transaction.
pub trait References {
    /// The record of a reference, with its scope.
    fn referred(&self, kind: Kind, reference: &str) -> StoreResult<Option<(ScopeId, RecordId)>>;
    /// Notes which record a reference stands for.
    fn insert_reference(
        &self,
        kind: Kind,
        reference: &str,
        scope: ScopeId,
        record: RecordId,
    ) -> StoreResult<()>;
    /// Ids of all records of a kind in a scope.
    fn record_ids(&self, scope: ScopeId, kind: Kind) -> StoreResult<Vec<RecordId>>;
}
