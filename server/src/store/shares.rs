//! Records of one scope that another scope's phones read: who shares what, and the places of their entries in the guest's
//! log.

use xunge_protocol::system::Share;
use xunge_protocol::{RecordId, ScopeId};

use super::{EntryId, StoreResult, Window};

/// Counter of a guest, of how often entries were taken out of its log.
pub const UNSHARED: &str = "unshared";

/// Shares in a transaction.
pub trait Shares {
    /// Writes a share in place of an earlier one of the same record and guest.
    fn put_share(&self, share: &Share) -> StoreResult<()>;
    /// All shares of a record, also those that ended, by guest.
    fn shares_of(&self, record: RecordId) -> StoreResult<Vec<Share>>;
    /// Shares in force whose home or guest is one of `scopes`, the latest first.
    fn shares_in(&self, scopes: &[ScopeId], window: Window) -> StoreResult<Vec<Share>>;
    /// Number of what [`Self::shares_in`] lists in all.
    fn count_shares_in(&self, scopes: &[ScopeId]) -> StoreResult<u64>;

    /// Accepted entries of a record of `home` that have no place in the log of `guest`, in the order of their positions.
    fn unplaced_entries(
        &self,
        guest: ScopeId,
        home: ScopeId,
        record: RecordId,
    ) -> StoreResult<Vec<EntryId>>;
    /// Gives the entry `id` of `record` the place `position` in the log of `guest`.
    fn insert_guest_entry(
        &self,
        guest: ScopeId,
        position: u64,
        id: EntryId,
        record: RecordId,
    ) -> StoreResult<()>;
    /// Takes all entries of `record` out of the log of `guest`, and drops the snapshots that may hold them.
    fn delete_guest_entries(&self, guest: ScopeId, record: RecordId) -> StoreResult<()>;
}
