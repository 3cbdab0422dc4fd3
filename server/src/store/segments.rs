//! The log: segments, their entries with positions, and the receipts given for them.

use std::collections::BTreeMap;

use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{
    Entry, Hash32, RecordId, ScopeId, SegmentHeader, Signature, Timestamp, WriterId,
};

use super::StoreResult;

/// A stored segment without its entries.
#[derive(Debug, Clone)]
pub struct SegmentRow {
    /// What its writer signed.
    pub header: SegmentHeader,
    /// By the writer.
    pub signature: Signature,
    /// When the relay first stored it.
    pub received_at: Timestamp,
    /// Revision of its last receipt.
    pub revision: u32,
}

/// A stored entry.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// Its place in the segment.
    pub ordinal: u32,
    /// Position in the scope; none while in quarantine or rejected.
    pub position: Option<u64>,
    /// Whether it arrived after the grant was closed.
    pub late: bool,
    /// The entry.
    pub entry: Entry,
    /// Hash of its change.
    pub change: Hash32,
    /// Hash of its leaf.
    pub leaf: Hash32,
}

/// An entry as the log of a scope has it, with the segment that it stands in.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The segment's scope: another one if the entry is shared from there.
    pub home: ScopeId,
    /// The segment's writer.
    pub writer: WriterId,
    /// The segment's index.
    pub index: u64,
    /// The entry, with its position in the scope that was asked for.
    pub row: EntryRow,
}

/// The log in a transaction.
pub trait Segments {
    /// Gives the next position of a scope.
    fn next_position(&self, scope: ScopeId) -> StoreResult<u64>;
    /// Last position given in a scope; 0 before the first.
    fn last_position(&self, scope: ScopeId) -> StoreResult<u64>;
    /// Gives the next number, from 1, of the counter `name` of a scope.
    fn next_number(&self, scope: ScopeId, name: &str) -> StoreResult<u64>;
    /// Keeps a number for the record that had it before a restore.
    fn reserve_number(&self, record: RecordId, number: &str) -> StoreResult<()>;
    /// All numbers that are kept so. A restore reserves them before anybody serves; nobody else does.
    fn reserved_numbers(&self) -> StoreResult<BTreeMap<RecordId, String>>;

    /// The last segment of a chain.
    fn chain_head(&self, scope: ScopeId, writer: WriterId) -> StoreResult<Option<SegmentRow>>;
    /// A segment by its place.
    fn segment(
        &self,
        scope: ScopeId,
        writer: WriterId,
        index: u64,
    ) -> StoreResult<Option<SegmentRow>>;
    /// Adds a segment without its entries.
    fn insert_segment(
        &self,
        header: &SegmentHeader,
        signature: &Signature,
        received_at: Timestamp,
    ) -> StoreResult<()>;
    /// Adds an entry of a segment.
    fn insert_entry(&self, header: &SegmentHeader, row: &EntryRow) -> StoreResult<()>;
    /// Gives an entry its position.
    fn set_position(
        &self,
        header: &SegmentHeader,
        ordinal: u32,
        position: u64,
        late: bool,
    ) -> StoreResult<()>;
    /// All entries of a segment, in order.
    fn entries(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<EntryRow>>;
    /// Entries with a position greater than `after`, in order, of all writers, those that are shared into the scope
    /// included, until the bodies reach `budget` bytes. At least one if there is any.
    fn entries_after(
        &self,
        scope: ScopeId,
        after: u64,
        budget: usize,
    ) -> StoreResult<Vec<LogEntry>>;
    /// Leaf hashes of a segment, in order.
    fn leaves(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<Hash32>>;

    /// Gives the next receipt sequence of a writer, from 1.
    fn next_receipt_sequence(&self, writer: WriterId) -> StoreResult<u64>;
    /// Keeps a receipt, and its revision as the segment's last.
    fn insert_receipt(&self, receipt: &SignedReceipt) -> StoreResult<()>;
    /// Receipts of a writer after `sequence`, in order, at most `limit`.
    fn receipts_after(
        &self,
        writer: WriterId,
        sequence: u64,
        limit: usize,
    ) -> StoreResult<Vec<SignedReceipt>>;
}
