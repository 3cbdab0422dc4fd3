//! A segment as a phone pushes it, and as it is pulled: whole or with some entries only as leaf hashes.

use minicbor::{Decode, Encode};

use crate::crypto::{PublicKey, SecretKey, Signature, Suite};
use crate::entry::{Entry, Leaf};
use crate::header::SegmentHeader;
use crate::ids::{Hash32, ScopeId, WriterId};
use crate::merkle;
use crate::wire::WireError;

/// A batch of entries by one writer in one scope, signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Segment {
    /// What is signed.
    #[n(0)]
    pub header: SegmentHeader,
    /// By the writer, over the header.
    #[n(1)]
    pub signature: Signature,
    /// The batch, in the order of the leaves.
    #[n(2)]
    pub entries: Vec<Entry>,
}

impl Segment {
    /// Seals `entries` (each with its change hash) as number `index` of the chain, after the header `previous`.
    pub fn seal(
        key: &SecretKey,
        writer: WriterId,
        scope: ScopeId,
        index: u64,
        previous: Hash32,
        entries: Vec<(Entry, Hash32)>,
    ) -> Self {
        let leaves: Vec<Hash32> = entries
            .iter()
            .map(|(entry, change)| entry.leaf(*change).hash())
            .collect();
        let header = SegmentHeader {
            suite: Suite::default().byte(),
            writer,
            scope,
            index,
            previous,
            count: leaves.len() as u32,
            root: merkle::root(&leaves),
        };
        let signature = header.sign(key);
        Self {
            header,
            signature,
            entries: entries.into_iter().map(|(entry, _)| entry).collect(),
        }
    }

    /// Checks the signature, and that header and entries belong together. `hash_of` computes the change hash of an
    /// entry from its body, behind the guard; it is called once an entry, in order.
    pub fn verify<E: From<WireError>>(
        &self,
        key: &PublicKey,
        mut hash_of: impl FnMut(&Entry) -> Result<Hash32, E>,
    ) -> Result<(), E> {
        Suite::from_byte(self.header.suite)?;
        self.header.verify(key, &self.signature)?;
        let mut leaves = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            leaves.push(match entry.erased_leaf() {
                Some(leaf) => leaf,
                None => entry.leaf(hash_of(entry)?).hash(),
            });
        }
        check_root(&self.header, &leaves).map_err(E::from)
    }
}

/// One entry of a pulled segment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum PulledEntry {
    /// The entry itself, with its position in the scope.
    #[n(0)]
    Body {
        /// Strictly increasing within the scope.
        #[n(0)]
        position: u64,
        /// The entry.
        #[n(1)]
        entry: Entry,
    },
    /// An entry that is not in this answer (another batch, quarantined, erased): its leaf hash alone.
    #[n(1)]
    Absent(#[n(0)] Hash32),
}

/// A segment by another writer, with the entries that this answer brings.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PulledSegment {
    /// What its writer signed.
    #[n(0)]
    pub header: SegmentHeader,
    /// By the writer, over the header.
    #[n(1)]
    pub signature: Signature,
    /// All of the segment's entries, in order.
    #[n(2)]
    pub entries: Vec<PulledEntry>,
}

impl PulledSegment {
    /// As [`Segment::verify`], with absent entries standing by their leaf hashes.
    pub fn verify<E: From<WireError>>(
        &self,
        key: &PublicKey,
        mut hash_of: impl FnMut(&Entry) -> Result<Hash32, E>,
    ) -> Result<(), E> {
        Suite::from_byte(self.header.suite)?;
        self.header.verify(key, &self.signature)?;
        let mut leaves = Vec::with_capacity(self.entries.len());
        for pulled in &self.entries {
            leaves.push(match pulled {
                PulledEntry::Body { entry, .. } => entry.leaf(hash_of(entry)?).hash(),
                PulledEntry::Absent(leaf) => *leaf,
            });
        }
        check_root(&self.header, &leaves).map_err(E::from)
    }
}

fn check_root(header: &SegmentHeader, leaves: &[Hash32]) -> Result<(), WireError> {
    if header.count as usize == leaves.len() && merkle::root(leaves) == header.root {
        Ok(())
    } else {
        Err(WireError::NotAuthentic {
            what: "segment entries",
        })
    }
}

/// Leaf hash of an entry whose change hash is known.
pub fn leaf_hash(entry: &Entry, change: Hash32) -> Hash32 {
    Leaf::hash(&entry.leaf(change))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::EntryKind;
    use crate::ids::RecordId;

    fn sealed() -> (Segment, SecretKey) {
        let key = SecretKey::from_seed(&[1; 32]);
        let writer = WriterId([1; 8]);
        let entries = (0..3u8)
            .map(|n| {
                let entry = Entry {
                    record: RecordId::written(writer, n.into()),
                    kind: EntryKind(3),
                    body: vec![n; 5],
                };
                let hash = Hash32::of(&entry.body);
                (entry, hash)
            })
            .collect();
        (
            Segment::seal(&key, writer, ScopeId([2; 8]), 0, Hash32([0; 32]), entries),
            key,
        )
    }

    fn hash_of(entry: &Entry) -> Result<Hash32, WireError> {
        Ok(Hash32::of(&entry.body))
    }

    #[test]
    fn a_sealed_segment_verifies_and_a_changed_one_does_not() {
        let (segment, key) = sealed();
        assert_eq!(segment.verify(&key.public(), hash_of), Ok(()));
        let mut changed = segment.clone();
        changed.entries[1].body[0] ^= 1;
        assert!(changed.verify(&key.public(), hash_of).is_err());
        let mut short = segment.clone();
        short.entries.pop();
        assert!(short.verify(&key.public(), hash_of).is_err());
        let mut moved = segment;
        moved.header.scope = ScopeId([3; 8]);
        assert!(moved.verify(&key.public(), hash_of).is_err());
    }

    #[test]
    fn a_segment_verifies_with_an_entry_erased() {
        let (mut segment, key) = sealed();
        let entry = &segment.entries[1];
        let leaf = leaf_hash(entry, Hash32::of(&entry.body));
        segment.entries[1] = Entry::erased(entry.record, leaf);
        assert_eq!(segment.verify(&key.public(), hash_of), Ok(()));
        segment.entries[1] = Entry::erased(segment.entries[1].record, Hash32([0; 32]));
        assert!(segment.verify(&key.public(), hash_of).is_err());
    }

    #[test]
    fn a_pulled_segment_verifies_with_an_entry_missing() {
        let (segment, key) = sealed();
        let mut entries: Vec<PulledEntry> = segment
            .entries
            .iter()
            .enumerate()
            .map(|(n, entry)| PulledEntry::Body {
                position: n as u64 + 1,
                entry: entry.clone(),
            })
            .collect();
        entries[1] = PulledEntry::Absent(leaf_hash(
            &segment.entries[1],
            Hash32::of(&segment.entries[1].body),
        ));
        let mut pulled = PulledSegment {
            header: segment.header,
            signature: segment.signature,
            entries,
        };
        assert_eq!(pulled.verify(&key.public(), hash_of), Ok(()));
        pulled.entries[1] = PulledEntry::Absent(Hash32([0; 32]));
        assert!(pulled.verify(&key.public(), hash_of).is_err());
    }
}
