//! One round trip: what a phone asks and brings, and what the relay answers.

use minicbor::{Decode, Encode};

use crate::ids::{EpochId, RecordId, ScopeId, WriterId};
use crate::receipt::SignedReceipt;
use crate::refusal::SyncRefusal;
use crate::segment::{PulledSegment, Segment};
use crate::snapshot::SignedSnapshot;
use crate::succession::Fork;
use crate::time::Timestamp;

/// Path of the sync endpoint, which the request's signature covers.
pub const SYNC_PATH: &str = "/sync/v1";

/// Largest compressed request or response body, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Largest request or response after decompression, in bytes.
pub const MAX_PLAIN_BYTES: usize = 8 << 20;
/// Most segments in one request.
pub const MAX_SEGMENTS: usize = 64;
/// Most records that one request asks for whole.
pub const MAX_WANTED: usize = 32;
/// Most entries in one segment.
pub const MAX_SEGMENT_ENTRIES: usize = 2000;

/// How far a phone has read a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// Which scope.
    #[n(0)]
    pub scope: ScopeId,
    /// Last position seen; the next is strictly greater. 0 before the first.
    #[n(1)]
    pub position: u64,
}

/// How far a phone has read the receipts of an earlier incarnation of its.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ReceiptCursor {
    /// The incarnation.
    #[n(0)]
    pub writer: WriterId,
    /// Sequence of the last of its receipts that the phone holds.
    #[n(1)]
    pub sequence: u64,
}

/// Everything that a phone says in one request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct SyncRequest {
    /// One for each scope that it reads. A scope granted since is not in it; the relay starts that at 0.
    #[n(0)]
    pub cursors: Vec<Cursor>,
    /// Sequence of the last receipt that it holds.
    #[n(1)]
    pub receipt_cursor: u64,
    /// What it brings, in chain order within each scope.
    #[cbor(n(2), with = "crate::batch::plain")]
    pub segments: Vec<Segment>,
    /// Most bytes of entry bodies that it wants back, 0 for the relay's own limit.
    #[n(3)]
    pub pull_budget_bytes: u32,
    /// Whether the answer's segments must come as raw bytes, because the phone could not open the last ones.
    #[n(4)]
    pub plain: bool,
    /// Scopes whose snapshot is on its way to this phone: nothing is pulled for them. For others that it reads from the
    /// start it takes a snapshot. None if it takes none.
    #[n(5)]
    pub snapshots: Option<Vec<ScopeId>>,
    /// Number of the relay's key that the phone knows; none for the first.
    #[n(8)]
    pub relay_key: Option<u32>,
    /// Earlier incarnations of the phone of which something is not decided: their receipts are asked for, too.
    #[n(9)]
    pub former: Option<Vec<ReceiptCursor>>,
    /// Records of which all accepted entries are asked for, this phone's own included: something came of them that builds on
    /// what the phone let go of, or never had. At most [`MAX_WANTED`].
    #[n(10)]
    pub wanted: Option<Vec<RecordId>>,
}

/// What a phone holds of the organisation: one scope it may read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ScopeStatus {
    /// Which scope.
    #[n(0)]
    pub scope: ScopeId,
    /// Last position that this answer brings, the phone's next cursor.
    #[n(1)]
    pub cursor: u64,
    /// Whether there is more beyond it now.
    #[n(2)]
    pub more: bool,
    /// Whether new records may be written into it (false for the county scope).
    #[n(3)]
    pub write: bool,
}

/// A segment that was refused whole.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RefusedSegment {
    /// Its scope.
    #[n(0)]
    pub scope: ScopeId,
    /// Its index.
    #[n(1)]
    pub index: u64,
    /// Why.
    #[n(2)]
    pub code: SyncRefusal,
    /// The index that the relay expects next in this chain.
    #[n(3)]
    pub expected: u64,
}

/// Everything that the relay answers in one response.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SyncResponse {
    /// The relay's epoch.
    #[n(0)]
    pub epoch: EpochId,
    /// The relay's clock.
    #[n(1)]
    pub time: Timestamp,
    /// Receipts after the request's receipt cursor, in sequence: of the segments just pushed, of earlier ones whose
    /// answer was lost, and revised ones.
    #[n(2)]
    pub receipts: Vec<SignedReceipt>,
    /// Whether there are more receipts than this answer holds.
    #[n(3)]
    pub more_receipts: bool,
    /// Segments refused whole.
    #[n(4)]
    pub refused: Vec<RefusedSegment>,
    /// Entries by other writers.
    #[cbor(n(5), with = "crate::batch::plain")]
    pub segments: Vec<PulledSegment>,
    /// Every scope that the phone may read now. A scope that it held and that is missing here is closed to it.
    #[n(6)]
    pub scopes: Vec<ScopeStatus>,
    /// Whether the request's segments must come again as raw bytes, because the relay could not open them. Nothing of
    /// them was stored then.
    #[n(7)]
    pub send_plain: bool,
    /// The writer has gone on elsewhere: nothing of the request was taken, and the phone must become a new incarnation.
    #[n(8)]
    pub forked: Option<Fork>,
    /// First copies of scopes, in the place of their entries from the start of the log.
    #[n(9)]
    pub snapshots: Vec<SignedSnapshot>,
    /// For how many days a phone keeps what is over. None: for ever.
    #[n(11)]
    pub keep_days: Option<u32>,
}
