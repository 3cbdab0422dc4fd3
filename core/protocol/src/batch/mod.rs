//! How many segments travel together: packed as columns, or as raw bytes where packing does not bring them back.
//!
//! A [`Batch`] is bytes behind a version byte. It says how segments are written down, never what is true: whoever opens
//! one rebuilds the headers from what is in it, and the writers' signatures over these decide. A reader who cannot open
//! a batch whole asks for raw bytes (`send_plain`), which always work.
//!
//! This module knows Automerge's changes and the shapes that its dictionary lists. It does not know what a household or
//! a dispute is, nor where anything is stored.

mod change;
mod columns;
pub mod dictionary;
mod digest;
mod input;
pub mod learn;
mod open;
mod own;
mod pack;
pub(crate) mod plain;
mod rebuild;
mod state;
mod structure;
mod text;
mod value;

use std::panic::{AssertUnwindSafe, catch_unwind};

use minicbor::{Decode, Encode};

use self::dictionary::Dictionary;
use self::own::Own;
use self::pack::View;
use crate::entry::Entry;
use crate::ids::{Hash32, RecordId, ScopeId, WriterId};
use crate::message::MAX_PLAIN_BYTES;
use crate::segment::{PulledEntry, PulledSegment, Segment};
use crate::wire::{self, WireError};

/// Version byte of raw bytes: the CBOR of the segments.
pub(crate) const PLAIN: u8 = 0;
/// Version byte of the columns that are written here: the number of the newest dictionary that every reader has.
const COLUMNS: u8 = 1;

/// Flags: few entries, as rows.
const ROWS: u8 = 1;
/// As pulled: with positions, and with leaf hashes in the place of entries.
const PULLED: u8 = 2;
/// Hashes of changes outside the batch are whole.
const WHOLE: u8 = 4;

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

/// How much a batch may unfold to, so that a few bytes from outside cannot fill the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Segments.
    pub segments: usize,
    /// Entries of all segments.
    pub entries: usize,
    /// Operations of all changes.
    pub operations: usize,
    /// Bytes of all bodies and of the texts in them.
    pub bytes: usize,
}

impl Limits {
    /// One request or response.
    pub const MESSAGE: Self = Self {
        segments: 4096,
        entries: 16_384,
        operations: 262_144,
        bytes: 2 * MAX_PLAIN_BYTES,
    };
    /// A file that holds a scope's log of years.
    pub const ARCHIVE: Self = Self {
        segments: 65_536,
        entries: 1 << 20,
        operations: 1 << 24,
        bytes: 256 << 20,
    };
}

/// Segments on their way, as bytes that say themselves how they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
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

    /// What a phone pushes, packed if it comes back whole; else as raw bytes.
    pub fn pack(segments: &[Segment], parties: &Parties, assume: Assume) -> Self {
        let views: Vec<View<'_>> = segments.iter().map(View::from).collect();
        let same = |batch: &Self| {
            let entries = segments.iter().flat_map(|s| &s.entries);
            let own = Own::of(entries, segments.iter().map(|s| &s.header));
            batch
                .open(parties, &own)
                .is_ok_and(|opened| opened == segments)
        };
        packed(&views, false, parties, assume, same).unwrap_or_else(|| Self::plain(segments))
    }

    /// As [`Self::pack_pulled`], with a dictionary that is still being made. Nobody can open it.
    pub fn trial(
        segments: &[PulledSegment],
        parties: &Parties,
        assume: Assume,
        pulled: bool,
        dictionary: &Dictionary,
    ) -> Option<Self> {
        let views: Vec<View<'_>> = segments.iter().map(View::from).collect();
        pack::pack(&views, pulled, parties, assume, dictionary, COLUMNS).map(Self)
    }

    /// What a phone pulls, packed if it comes back whole; else as raw bytes.
    pub fn pack_pulled(segments: &[PulledSegment], parties: &Parties, assume: Assume) -> Self {
        Self::pack_archive(segments, parties, assume, &Limits::MESSAGE)
    }

    /// As [`Self::pack_pulled`], within other limits.
    pub fn pack_archive(
        segments: &[PulledSegment],
        parties: &Parties,
        assume: Assume,
        limits: &Limits,
    ) -> Self {
        let views: Vec<View<'_>> = segments.iter().map(View::from).collect();
        let same = |batch: &Self| {
            let entries = segments.iter().flat_map(|s| &s.entries);
            let bodies = entries.filter_map(|e| match e {
                PulledEntry::Body { entry, .. } => Some(entry),
                PulledEntry::Absent(_) => None,
            });
            let own = Own::of(bodies, segments.iter().map(|s| &s.header));
            let opened = batch.open_archive(parties, &own, limits);
            opened.is_ok_and(|opened| opened == segments)
        };
        packed(&views, true, parties, assume, same).unwrap_or_else(|| Self::plain_pulled(segments))
    }

    /// Its bytes, for a file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A batch of bytes from a file.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Whether it holds raw bytes, or nothing.
    pub fn is_plain(&self) -> bool {
        matches!(self.0.first(), None | Some(&PLAIN))
    }

    /// Segments as a phone pushed them. Headers are rebuilt and **not** verified here.
    ///
    /// # Errors
    /// See [`BatchError`]; the remedy is raw bytes.
    pub fn open(&self, parties: &Parties, held: &dyn Held) -> Result<Vec<Segment>, BatchError> {
        match self.0.split_first() {
            None => Ok(Vec::new()),
            Some((&PLAIN, cbor)) => Ok(wire::decode("segments", cbor)?),
            Some((&version, rest)) => unpacked(version, rest, parties, held, &Limits::MESSAGE)?
                .into_iter()
                .map(pushed)
                .collect(),
        }
    }

    /// Segments as they were pulled. Headers are rebuilt and **not** verified here.
    ///
    /// # Errors
    /// See [`BatchError`]; the remedy is raw bytes.
    pub fn open_pulled(
        &self,
        parties: &Parties,
        held: &dyn Held,
    ) -> Result<Vec<PulledSegment>, BatchError> {
        self.open_archive(parties, held, &Limits::MESSAGE)
    }

    /// As [`Self::open_pulled`], within other limits.
    ///
    /// # Errors
    /// See [`BatchError`].
    pub fn open_archive(
        &self,
        parties: &Parties,
        held: &dyn Held,
        limits: &Limits,
    ) -> Result<Vec<PulledSegment>, BatchError> {
        match self.0.split_first() {
            None => Ok(Vec::new()),
            Some((&PLAIN, cbor)) => Ok(wire::decode("segments", cbor)?),
            Some((&version, rest)) => unpacked(version, rest, parties, held, limits),
        }
    }
}

/// The batch in columns if it comes back as the `same`; nothing at all for no segments.
fn packed(
    views: &[View<'_>],
    pulled: bool,
    parties: &Parties,
    assume: Assume,
    same: impl FnOnce(&Batch) -> bool,
) -> Option<Batch> {
    if views.is_empty() {
        return Some(Batch::default());
    }
    // Automerge may panic over what it cannot read; such bytes travel as they are.
    let pack = || {
        let dictionary = Dictionary::numbered(COLUMNS).ok()?;
        let bytes = pack::pack(views, pulled, parties, assume, dictionary, COLUMNS)?;
        Some(Batch(bytes)).filter(same)
    };
    catch_unwind(AssertUnwindSafe(pack)).ok().flatten()
}

/// Opens columns. A panic inside Automerge stays inside.
fn unpacked(
    version: u8,
    bytes: &[u8],
    parties: &Parties,
    held: &dyn Held,
    limits: &Limits,
) -> Result<Vec<PulledSegment>, BatchError> {
    let dictionary = Dictionary::numbered(version)?;
    let open = || open::open(bytes, parties, held, dictionary, limits);
    catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err(BatchError::Malformed("a change")))
}

fn pushed(segment: PulledSegment) -> Result<Segment, BatchError> {
    let entry = |entry| match entry {
        PulledEntry::Body { entry, .. } => Ok(entry),
        PulledEntry::Absent(_) => Err(BatchError::Malformed("an entry is missing")),
    };
    Ok(Segment {
        header: segment.header,
        signature: segment.signature,
        entries: segment
            .entries
            .into_iter()
            .map(entry)
            .collect::<Result<_, _>>()?,
    })
}

/// What the header commits to of an entry: of a system item the digest of its body, of a change that of its chunk after
/// magic and checksum.
fn change_hash(entry: &Entry) -> Hash32 {
    if entry.kind.is_system() {
        Hash32::of(&entry.body)
    } else {
        Hash32::of(entry.body.get(8..).unwrap_or_default())
    }
}
