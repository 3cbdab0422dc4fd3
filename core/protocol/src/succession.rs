//! Two histories under one writer, and how the later one becomes a writer of its own.
//!
//! A copied phone, or an old copy put back, uses a request counter or a segment index that is taken. The relay answers
//! with [`Fork`]; the phone then asks for a certificate under a fresh key, signed by the old one, and learns what the
//! relay holds of the writer beyond the phone's last receipt.

use minicbor::{Decode, Encode};

use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::header::SegmentHeader;
use crate::ids::{EpochId, Hash32, RecordId, WriterId};
use crate::receipt::SignedReceipt;
use crate::system::SignedCertificate;
use crate::time::Timestamp;
use crate::wire::WireError;

/// Path of the endpoint, which the request's signature covers.
pub const SUCCEED_PATH: &str = "/sync/v1/succeed";
/// Most entries that one answer names.
pub const MAX_HELD_ENTRIES: usize = 20_000;

const LABEL: &str = "xunge succession 1";

/// Says that the request's writer has gone on elsewhere. Nothing of the request was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Fork {
    /// Highest request counter that the relay has seen of the writer.
    #[n(0)]
    pub counter: u64,
}

/// Asks for a new incarnation. The envelope is the old writer's, signed with its key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SuccessionRequest {
    /// Key of the new incarnation.
    #[n(0)]
    pub key: PublicKey,
    /// By that key, over the old writer's id: nobody can take a key that is not theirs.
    #[n(1)]
    pub proof: Signature,
    /// Sequence of the last receipt of the old writer that the phone holds, or `next` of the answer before.
    #[n(2)]
    pub receipt_cursor: u64,
}

impl SuccessionRequest {
    /// A request of `old` for the incarnation with `key`.
    pub fn new(old: WriterId, key: &SecretKey, receipt_cursor: u64) -> Self {
        Self {
            key: key.public(),
            proof: key.sign(LABEL, &[&old.0]),
            receipt_cursor,
        }
    }

    /// Checks that who asks has the key.
    pub fn verify(&self, old: WriterId) -> Result<(), WireError> {
        self.key.verify(LABEL, &[&old.0], &self.proof)
    }
}

/// An entry that the relay holds, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct HeldEntry {
    /// Its record.
    #[n(0)]
    pub record: RecordId,
    /// Hash of its change.
    #[n(1)]
    pub change: Hash32,
}

/// A segment of the old writer that the relay holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HeldSegment {
    /// What was signed.
    #[n(0)]
    pub header: SegmentHeader,
    /// By the old writer.
    #[n(1)]
    pub signature: Signature,
    /// What the relay promises about it.
    #[n(2)]
    pub receipt: SignedReceipt,
    /// Its entries, in order.
    #[n(3)]
    pub entries: Vec<HeldEntry>,
}

/// What the relay answers. The same key gets the same writer again, however often it asks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Succession {
    /// The relay's epoch.
    #[n(0)]
    pub epoch: EpochId,
    /// The relay's clock.
    #[n(1)]
    pub time: Timestamp,
    /// The new incarnation; its predecessor is the old writer.
    #[n(2)]
    pub certificate: SignedCertificate,
    /// Highest request counter that the relay has seen of the old writer.
    #[n(3)]
    pub counter: u64,
    /// Segments of the old writer with receipts after the request's cursor.
    #[n(4)]
    pub held: Vec<HeldSegment>,
    /// There is more: ask again with this cursor.
    #[n(5)]
    pub next: Option<u64>,
}
