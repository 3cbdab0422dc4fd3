//! How many segments travel together: packed as columns, or as raw bytes where packing does not bring them back.
//!
//! A [`Batch`] is bytes behind a version byte. It says how segments are written down, never what is true: whoever opens
//! one rebuilds the headers from what is in it, and the writers' signatures over these decide. A reader who cannot open
//! a batch whole asks for raw bytes (`send_plain`), which always work.
//!
//! This module knows Automerge's changes and the shapes that its dictionary lists. It does not know what a household or
//! a dispute is, nor where anything is stored.

pub(crate) mod plain;

use minicbor::{Decode, Encode};

use crate::ids::{Hash32, RecordId, ScopeId, WriterId};
use crate::segment::{PulledSegment, Segment};
use crate::wire::{self, WireError};

/// Version byte of raw bytes: the CBOR of the segments.
pub(crate) const PLAIN: u8 = 0;

/// Why a batch was not opened. The remedy is always the same: raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes are not what a packer writes.
    #[error("malformed batch: {0}")]
    Malformed(&'static str),
    /// It unfolds to more than this version takes.
    #[error("the batch unfolds to too much: {0}")]
    TooLarge(&'static str),
    /// A version or dictionary from the future.
    #[error("batch version {0} is unknown here")]
    UnknownVersion(u8),
    /// It builds on something that its reader does not hold.
    #[error("the batch builds on {0}, which is not here")]
    Unknown(&'static str),
    /// What came out is not what was packed.
    #[error("the batch did not come out as it was packed")]
    Differs,
    /// Raw bytes that are not CBOR of segments.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// What both ends know of each other when a batch is packed: names that need not be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parties {
    /// Writers, the likeliest first: the phone, the relay.
    pub writers: Vec<WriterId>,
    /// Scopes that the message names beside its batch.
    pub scopes: Vec<ScopeId>,
}

/// How much of what its reader holds a batch may build on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assume {
    /// Nothing: for couriers, snapshots and whatever is offered again to somebody else.
    Nothing,
    /// The changes that these changes build on, which is so for whoever reads on in a scope.
    Changes,
    /// The changes, and the header before each segment: the relay, when a writer goes on with its chain.
    ChangesAndHeaders,
}

/// What the reader of a batch holds.
pub trait Held {
    /// The change of `record`, which belongs to `scope`, whose hash begins with `prefix`.
    fn change(&self, scope: ScopeId, record: &RecordId, prefix: [u8; 4]) -> Option<Hash32>;
    /// Hash of the header with this index in the chain of `writer` in `scope`.
    fn header(&self, scope: ScopeId, writer: WriterId, index: u64) -> Option<Hash32>;
}

/// A reader who holds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Held for Nothing {
    fn change(&self, _: ScopeId, _: &RecordId, _: [u8; 4]) -> Option<Hash32> {
        None
    }

    fn header(&self, _: ScopeId, _: WriterId, _: u64) -> Option<Hash32> {
        None
    }
}

/// Segments on their way, as bytes that say themselves how they are written.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Batch(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl Batch {
    /// What a phone pushes, as raw bytes.
    pub fn plain(segments: &[Segment]) -> Self {
        Self(plain::bytes(&segments))
    }

    /// What a phone pulls, as raw bytes.
    pub fn plain_pulled(segments: &[PulledSegment]) -> Self {
        Self(plain::bytes(&segments))
    }

    /// What a phone pushes, packed where packing brings back the same.
    pub fn pack(segments: &[Segment], parties: &Parties, assume: Assume) -> Self {
        let _ = (parties, assume);
        Self::plain(segments)
    }

    /// What a phone pulls, packed where packing brings back the same.
    pub fn pack_pulled(segments: &[PulledSegment], parties: &Parties, assume: Assume) -> Self {
        let _ = (parties, assume);
        Self::plain_pulled(segments)
    }

    /// Whether it holds raw bytes.
    pub fn is_plain(&self) -> bool {
        self.0.first() == Some(&PLAIN)
    }

    /// Segments as a phone pushed them. Headers are rebuilt and **not** verified here.
    pub fn open(&self, parties: &Parties, held: &dyn Held) -> Result<Vec<Segment>, BatchError> {
        let _ = (parties, held);
        match self.0.split_first() {
            Some((&PLAIN, cbor)) => Ok(wire::decode("segments", cbor)?),
            Some((&version, _)) => Err(BatchError::UnknownVersion(version)),
            None => Err(BatchError::Malformed("empty")),
        }
    }

    /// Segments as they were pulled. Headers are rebuilt and **not** verified here.
    pub fn open_pulled(
        &self,
        parties: &Parties,
        held: &dyn Held,
    ) -> Result<Vec<PulledSegment>, BatchError> {
        let _ = (parties, held);
        match self.0.split_first() {
            Some((&PLAIN, cbor)) => Ok(wire::decode("segments", cbor)?),
            Some((&version, _)) => Err(BatchError::UnknownVersion(version)),
            None => Err(BatchError::Malformed("empty")),
        }
    }
}
