//! The first copy of a scope for a new phone: a list of parts that the relay signs, and the parts.
//!
//! Each part is a file named by its hash, downloaded in ranges, and read whole or not at all. The *base* comes first: what
//! a worker needs to begin, vouched for by the relay's signature over the list. The *history* follows: all segments, with
//! their writers' signatures, in which the entries of the base stand as leaf hashes. So in the end everything is proven by
//! its author; while something is not, the reader's cursor stays, and the log is read.

use minicbor::{Decode, Encode};

use crate::batch::{Assume, Batch, Nothing, Parties};
use crate::crypto::{PublicKey, SecretKey, Signature, Suite};
use crate::entry::Entry;
use crate::header::SegmentHeader;
use crate::ids::{EpochId, Hash32, ScopeId, WriterId};
use crate::merkle;
use crate::message::{MAX_BODY_BYTES, MAX_PLAIN_BYTES};
use crate::payload;
use crate::segment::{PulledEntry, PulledSegment};
use crate::time::Timestamp;
use crate::wire::{self, WireError};

/// Path below which parts are, by their hash.
pub const SNAPSHOT_PATH: &str = "/sync/v1/snapshot";
/// Largest part, in bytes.
pub const MAX_PART_BYTES: usize = MAX_BODY_BYTES;
/// Most parts of one snapshot.
pub const MAX_PARTS: usize = 1024;

const LABEL: &str = "xunge snapshot 1";

/// One file of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// SHA-256 of its bytes, and its name.
    #[n(0)]
    pub hash: Hash32,
    /// Their number.
    #[n(1)]
    pub bytes: u32,
}

/// What a snapshot consists of.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Snapshot {
    /// Suite byte.
    #[n(0)]
    pub suite: u8,
    /// Of which scope.
    #[n(1)]
    pub scope: ScopeId,
    /// In which lifetime of the relay's log.
    #[n(2)]
    pub epoch: EpochId,
    /// The relay's writer in it.
    #[n(3)]
    pub relay: WriterId,
    /// The last position that it covers: the cursor of whoever has all of it.
    #[n(4)]
    pub position: u64,
    /// When it was cut.
    #[n(5)]
    pub made_at: Timestamp,
    /// Records that were over before this time are not in it; none if everything is.
    #[n(6)]
    pub since: Option<Timestamp>,
    /// What a worker needs to begin.
    #[n(7)]
    pub base: Vec<Part>,
    /// Everything else, with all proofs.
    #[n(8)]
    pub history: Vec<Part>,
}

impl Snapshot {
    /// Its parts in order, the base first.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.base.iter().chain(&self.history)
    }
}

/// A snapshot with the relay's signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedSnapshot {
    /// What is signed.
    #[n(0)]
    pub snapshot: Snapshot,
    /// By the relay.
    #[n(1)]
    pub signature: Signature,
}

impl SignedSnapshot {
    /// Signs `snapshot`.
    pub fn sign(key: &SecretKey, snapshot: Snapshot) -> Self {
        let signature = key.sign(LABEL, &[&wire::encode(&snapshot)]);
        Self {
            snapshot,
            signature,
        }
    }

    /// Checks the relay's signature and the caps.
    ///
    /// # Errors
    /// [`WireError`] if it is not the relay's, or lists more than this version takes.
    pub fn verify(&self, key: &PublicKey) -> Result<(), WireError> {
        Suite::from_byte(self.snapshot.suite)?;
        key.verify(LABEL, &[&wire::encode(&self.snapshot)], &self.signature)?;
        if self.snapshot.parts().count() == 0 || self.snapshot.parts().any(|p| p.bytes == 0) {
            return Err(WireError::Malformed {
                what: "snapshot",
                why: "nothing in it".into(),
            });
        }
        let too_large = self
            .snapshot
            .parts()
            .any(|p| p.bytes as usize > MAX_PART_BYTES);
        if too_large || self.snapshot.parts().count() > MAX_PARTS {
            return Err(WireError::TooLarge {
                what: "snapshot",
                limit: MAX_PART_BYTES,
            });
        }
        Ok(())
    }
}

/// Entries of one writer in a part of the base: in the shape of a segment, so that they travel as a batch does, but with a
/// header of their own and no signature. `entries` have their position and the hash of their leaf.
pub fn vouched(
    writer: WriterId,
    scope: ScopeId,
    entries: Vec<(u64, Entry, Hash32)>,
) -> PulledSegment {
    let leaves: Vec<Hash32> = entries.iter().map(|(_, _, leaf)| *leaf).collect();
    let body = |(position, entry, _)| PulledEntry::Body { position, entry };
    PulledSegment {
        header: SegmentHeader {
            suite: Suite::default().byte(),
            writer,
            scope,
            index: 0,
            previous: Hash32([0; 32]),
            count: leaves.len() as u32,
            root: merkle::root(&leaves),
        },
        signature: Signature([0; 64]),
        entries: entries.into_iter().map(body).collect(),
    }
}

fn parties(scope: ScopeId, relay: WriterId) -> Parties {
    Parties {
        writers: vec![relay],
        scopes: vec![scope],
    }
}

/// The bytes of a part.
///
/// # Errors
/// [`WireError`] if they cannot be compressed, or are more than a part may have.
pub fn pack_part(
    scope: ScopeId,
    relay: WriterId,
    segments: &[PulledSegment],
) -> Result<Vec<u8>, WireError> {
    let batch = Batch::pack_pulled(segments, &parties(scope, relay), Assume::Nothing);
    let bytes = payload::pack(batch.as_bytes())?;
    if bytes.len() > MAX_PART_BYTES {
        return Err(WireError::TooLarge {
            what: "snapshot part",
            limit: MAX_PART_BYTES,
        });
    }
    Ok(bytes)
}

/// The segments of a part whose bytes have the `part`'s hash. Headers are rebuilt and **not** verified here.
///
/// # Errors
/// [`WireError::NotAuthentic`] for bytes of another hash, others for what does not open.
pub fn open_part(
    snapshot: &Snapshot,
    part: &Part,
    bytes: &[u8],
) -> Result<Vec<PulledSegment>, WireError> {
    if Hash32::of(bytes) != part.hash {
        return Err(WireError::NotAuthentic {
            what: "snapshot part",
        });
    }
    let batch = Batch::from_bytes(payload::open("snapshot part", bytes, MAX_PLAIN_BYTES)?);
    batch
        .open_pulled(&parties(snapshot.scope, snapshot.relay), &Nothing)
        .map_err(|error| WireError::Malformed {
            what: "snapshot part",
            why: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::EntryKind;
    use crate::ids::RecordId;

    const RELAY: WriterId = WriterId([2; 8]);
    const SCOPE: ScopeId = ScopeId([3; 8]);

    fn snapshot() -> (Snapshot, Vec<u8>, Vec<PulledSegment>) {
        let entry = Entry {
            record: RecordId::written(RELAY, 1),
            kind: EntryKind::GRANT,
            body: vec![7; 40],
        };
        let leaf = entry.leaf(Hash32::of(&entry.body)).hash();
        let segments = vec![vouched(RELAY, SCOPE, vec![(5, entry, leaf)])];
        let bytes = pack_part(SCOPE, RELAY, &segments).unwrap();
        let part = Part {
            hash: Hash32::of(&bytes),
            bytes: bytes.len() as u32,
        };
        let snapshot = Snapshot {
            suite: 1,
            scope: SCOPE,
            epoch: EpochId([4; 8]),
            relay: RELAY,
            position: 5,
            made_at: Timestamp(6),
            since: None,
            base: vec![part],
            history: vec![],
        };
        (snapshot, bytes, segments)
    }

    #[test]
    fn a_part_opens_to_what_was_packed_and_a_flipped_or_cut_one_does_not() {
        let (snapshot, bytes, segments) = snapshot();
        let part = snapshot.base[0];
        assert_eq!(open_part(&snapshot, &part, &bytes).unwrap(), segments);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(
                open_part(&snapshot, &part, &flipped).is_err(),
                "flipped at {at}"
            );
            assert!(
                open_part(&snapshot, &part, &bytes[..at]).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_list_of_parts_is_the_relay_s_and_unchanged_or_refused() {
        let (snapshot, _, _) = snapshot();
        let key = SecretKey::from_seed(&[1; 32]);
        let signed = SignedSnapshot::sign(&key, snapshot);
        assert!(signed.verify(&key.public()).is_ok());
        assert!(
            signed
                .verify(&SecretKey::from_seed(&[2; 32]).public())
                .is_err()
        );
        let mut other = signed.clone();
        other.snapshot.position += 1;
        assert!(other.verify(&key.public()).is_err());
        let mut nothing = signed.snapshot.clone();
        nothing.base[0].bytes = 0;
        assert!(
            SignedSnapshot::sign(&key, nothing.clone())
                .verify(&key.public())
                .is_err()
        );
        nothing.base.clear();
        assert!(
            SignedSnapshot::sign(&key, nothing)
                .verify(&key.public())
                .is_err()
        );
        let mut huge = signed.snapshot;
        huge.base[0].bytes = u32::MAX;
        let huge = SignedSnapshot::sign(&key, huge);
        assert!(matches!(
            huge.verify(&key.public()),
            Err(WireError::TooLarge { .. })
        ));
    }
}
