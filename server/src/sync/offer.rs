//! What can be said of a segment without the store: its signature, and the guard's word on each entry. Said before the
//! transaction, so that phones wait for each other only where they must.

use xunge_protocol::message::MAX_SEGMENT_ENTRIES;
use xunge_protocol::{Entry, Hash32, PublicKey, Segment, WireError};

use crate::log::judge::{Guarded, guard};

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
    /// Looks at a segment from the writer with `key`.
    pub(super) fn of(segment: Segment, key: &PublicKey) -> Self {
        let signed = segment
            .verify::<WireError>(key, |entry| Ok(change_hash(entry)))
            .is_ok();
        let guarded = if signed && segment.entries.len() <= MAX_SEGMENT_ENTRIES {
            segment.entries.iter().map(guard).collect()
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
