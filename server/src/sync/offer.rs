//! What can be said of a segment without the store: its signature, and the guard's word on each entry. Said before the
//! transaction, so that phones wait for each other only where they must.

use xunge_protocol::batch::Limits;
use xunge_protocol::message::MAX_SEGMENT_ENTRIES;
use xunge_protocol::{Entry, PublicKey, Segment, WireError};

use crate::log::guarded::{Guarded, guard, guard_opening};

/// Entries of a request whose records are made before the transaction: more would only wait in memory for their turn.
const MAX_OPENED: usize = 256;
/// Entries of all segments of one request, as many as a batch in columns may have.
const MAX_ENTRIES: usize = Limits::MESSAGE.entries;
/// Operations of all changes of one request. A few bytes can say thousands of them, and all are in memory at once; a phone
/// with a full outbox sends less than half of this.
const MAX_OPERATIONS: usize = 1 << 16;

pub(super) use crate::store::{CHUNK_PREFIX, change_hash};

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
    /// Looks at the segments of one request from the writer with `key`. Those beyond what one request may bring are too
    /// large, and so is all that follows them: a chain has no gaps.
    pub(super) fn all(segments: Vec<Segment>, key: &PublicKey) -> Vec<Self> {
        let mut left = Left {
            opened: MAX_OPENED,
            entries: MAX_ENTRIES,
            operations: MAX_OPERATIONS,
        };
        let offer = |segment| Self::of(segment, key, &mut left);
        segments.into_iter().map(offer).collect()
    }

    fn of(segment: Segment, key: &PublicKey, left: &mut Left) -> Self {
        let signed = segment
            .verify::<WireError>(key, |entry| Ok(change_hash(entry)))
            .is_ok();
        let looked_at = match signed {
            true => left.guarded(&segment.entries),
            false => Some(Vec::new()),
        };
        Self {
            segment,
            signed,
            too_large: looked_at.is_none(),
            guarded: looked_at.unwrap_or_default(),
        }
    }
}

/// What a request may still bring.
struct Left {
    entries: usize,
    opened: usize,
    operations: usize,
}

impl Left {
    /// The guard's word on each entry; nothing if they are too many, or do too much.
    fn guarded(&mut self, entries: &[Entry]) -> Option<Vec<Guarded>> {
        let words = self.fits(entries);
        if words.is_none() {
            (self.entries, self.operations) = (0, 0);
        }
        words
    }

    fn fits(&mut self, entries: &[Entry]) -> Option<Vec<Guarded>> {
        if entries.len() > MAX_SEGMENT_ENTRIES {
            return None;
        }
        self.entries = self.entries.checked_sub(entries.len())?;
        let mut words = Vec::with_capacity(entries.len());
        for entry in entries {
            let word = match self.opened.checked_sub(1) {
                Some(rest) => {
                    self.opened = rest;
                    guard_opening(entry)
                }
                None => guard(entry),
            };
            let does = word
                .as_ref()
                .map_or(0, |passed| passed.change.operation_count());
            self.operations = self.operations.checked_sub(does)?;
            words.push(word);
        }
        Some(words)
    }
}
