//! What can be said of a segment without the store: its signature, and the guard's word on each entry. Said before the
//! transaction, so that phones wait for each other only where they must.

use xunge_protocol::message::MAX_SEGMENT_ENTRIES;
use xunge_protocol::{Entry, Hash32, PublicKey, Segment, WireError};

use crate::log::guarded::{Guarded, guard, guard_opening};

/// Entries of a request whose records are made before the transaction: more would only wait in memory for their turn.
const MAX_OPENED: usize = 256;
/// Operations of all changes of one request. A few bytes can say thousands of them, and all are in memory at once; a phone
/// with a full outbox sends a tenth of this.
const MAX_OPERATIONS: usize = 1 << 16;

/// Bytes of a change chunk before what its hash covers: magic and checksum.
pub(super) const CHUNK_PREFIX: usize = 8;

/// A segment that a writer offers.
pub(super) struct Offer {
    pub(super) segment: Segment,
    /// Whether the writer's key signed its header, and the header fits the entries.
    pub(super) signed: bool,
    /// Whether there is more in it, with what came before, than one request may bring.
    pub(super) too_large: bool,
    /// The guard's word on each entry, in order. Empty where the segment will be refused whole.
    pub(super) guarded: Vec<Guarded>,
}

impl Offer {
    /// Looks at the segments of one request from the writer with `key`.
    pub(super) fn all(segments: Vec<Segment>, key: &PublicKey) -> Vec<Self> {
        let mut left = Left {
            opened: MAX_OPENED,
            operations: MAX_OPERATIONS,
        };
        let offer = |segment| Self::of(segment, key, &mut left);
        segments.into_iter().map(offer).collect()
    }

    fn of(segment: Segment, key: &PublicKey, left: &mut Left) -> Self {
        let signed = segment
            .verify::<WireError>(key, |entry| Ok(change_hash(entry)))
            .is_ok();
        let mut too_large = segment.entries.len() > MAX_SEGMENT_ENTRIES;
        let mut guarded = Vec::new();
        if signed && !too_large {
            match segment.entries.iter().map(|entry| left.guard(entry)).collect() {
                Some(words) => guarded = words,
                None => too_large = true,
            }
        }
        Self {
            segment,
            signed,
            too_large,
            guarded,
        }
    }
}

/// What one request may still bring.
struct Left {
    opened: usize,
    operations: usize,
}

impl Left {
    /// The guard's word on the next entry; none where the request has brought too much, nor for anything after it: a chain
    /// has no gaps.
    fn guard(&mut self, entry: &Entry) -> Option<Guarded> {
        let word = match self.opened.checked_sub(1) {
            Some(rest) => {
                self.opened = rest;
                guard_opening(entry)
            }
            None => guard(entry),
        };
        let brings = word.as_ref().map_or(0, |passed| passed.change.operation_count());
        match self.operations.checked_sub(brings) {
            Some(rest) => self.operations = rest,
            None => {
                self.operations = 0;
                return None;
            }
        }
        Some(word)
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
