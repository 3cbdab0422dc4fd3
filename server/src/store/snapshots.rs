//! First copies of scopes for new phones, cut from the log.

use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp};

use super::StoreResult;

/// A snapshot without its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    /// Of which scope.
    pub scope: ScopeId,
    /// The last position that it covers.
    pub position: u64,
    /// When it was cut.
    pub made_at: Timestamp,
    /// CBOR of [`xunge_protocol::snapshot::SignedSnapshot`].
    pub signed: Vec<u8>,
}

/// Snapshots in a transaction. Whatever erases a record drops the snapshots of its scopes in the same transaction.
pub trait Snapshots {
    /// The newest snapshot of a scope.
    fn snapshot(&self, scope: ScopeId) -> StoreResult<Option<SnapshotRow>>;
    /// All snapshots of this epoch, the older ones too.
    fn snapshots(&self) -> StoreResult<Vec<SnapshotRow>>;
    /// Puts another signature on a snapshot that is there.
    fn sign_snapshot(&self, row: &SnapshotRow) -> StoreResult<()>;
    /// Keeps a snapshot with the bytes of its parts. The one before stays, for phones that are half-way through it; older
    /// ones go.
    fn put_snapshot(&self, row: &SnapshotRow, parts: &[(Hash32, Vec<u8>)]) -> StoreResult<()>;
    /// A part by its hash, with its scope.
    fn snapshot_part(&self, hash: Hash32) -> StoreResult<Option<(ScopeId, Vec<u8>)>>;
    /// Drops all snapshots of the scopes whose log holds an entry of `record`.
    fn drop_snapshots_with(&self, record: RecordId) -> StoreResult<()>;
    /// Drops all snapshots of a scope.
    fn drop_snapshots_of(&self, scope: ScopeId) -> StoreResult<()>;
    /// Scopes whose log goes at least `least` positions beyond their newest snapshot, and at least a quarter of what that
    /// covers.
    fn scopes_grown(&self, least: u64) -> StoreResult<Vec<ScopeId>>;
    /// How often something went from a log of the county: a record was erased, or is shared no more.
    fn erasures(&self) -> StoreResult<u64>;
}
