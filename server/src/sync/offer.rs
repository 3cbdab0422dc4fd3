//! What can be said of a segment without the store: its signature, and the guard's word on each entry. Said before the
//! transaction, so that phones wait for each other only where they must.

use xunge_protocol::message::MAX_SEGMENT_ENTRIES;
use xunge_protocol::{Entry, Hash32, PublicKey, Segment, WireError};

use crate::log::guarded::{Guarded, guard, guard_opening};

/// Entries of a request whose records are made before the transaction: more would only wait in memory for their turn.
const MAX_OPENED: usize = 256;
/// Bytes of a change chunk before what its hash covers: magic and checksum.
pub(super) const CHUNK_PREFIX: usize = 8;

/// A segment that a writer offers.
pub(super) struct Offer {
    pub(super) segment: Segment,
    /// Whether the writer's key signed its header, and the header fits the entries.
    pub(super) signed: bool,
    /// The guard's word on each entry, in order. Empty where the segment will be refused whole.
    pub(super) guarded: Vec<Guarded>,
}

impl Offer {
    /// Looks at the segments of a request from the writer with `key`.
    pub(super) fn all(segments: Vec<Segment>, key: &PublicKey) -> Vec<Self> {
        let mut open = MAX_OPENED;
        let offers = segments.into_iter().map(|s| Self::of(s, key, &mut open));
        offers.collect()
    }

    fn of(segment: Segment, key: &PublicKey, open: &mut usize) -> Self {
        let signed = segment
            .verify::<WireError>(key, |entry| Ok(change_hash(entry)))
            .is_ok();
        let guarded = if signed && segment.entries.len() <= MAX_SEGMENT_ENTRIES {
            let (first, rest) = segment.entries.split_at(segment.entries.len().min(*open));
            *open -= first.len();
            let first = first.iter().map(guard_opening);
            first.chain(rest.iter().map(guard)).collect()
        } else {
            Vec::new()
        };
        Self {
            segment,
            signed,
            guarded,
        }
    }
}

/// The hash of an entry's change, from the bytes alone. The guard says whether the bytes are such a chunk.
pub(super) fn change_hash(entry: &Entry) -> Hash32 {
    if entry.kind.is_system() {
        Hash32::of(&entry.body)
    } else {
        Hash32::of(entry.body.get(CHUNK_PREFIX..).unwrap_or_default())
    }
}
