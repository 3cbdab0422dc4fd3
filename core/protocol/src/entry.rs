//! One entry of a segment: a change of one document, or a system item that the relay writes.

use minicbor::{Decode, Encode};

use crate::ids::{Hash32, RecordId};
use crate::merkle;
use crate::wire;

/// What the body of an entry is. Numbers below 128 are changes of documents, whose kinds `xunge-records` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct EntryKind(#[n(0)] pub u8);

impl EntryKind {
    /// Body: [`crate::system::Certificate`] with its signature.
    pub const CERTIFICATE: Self = Self(0x80);
    /// Body: [`crate::system::Grant`].
    pub const GRANT: Self = Self(0x81);
    /// Body: [`crate::system::Resource`].
    pub const RESOURCE: Self = Self(0x82);
    /// Body: [`crate::system::OrgNode`].
    pub const ORG_NODE: Self = Self(0x83);
    /// Body: [`crate::system::Revocation`].
    pub const REVOCATION: Self = Self(0x84);

    /// Body: [`crate::system::Tombstone`].
    pub const TOMBSTONE: Self = Self(0x85);
    /// Body: [`crate::relay_key::SignedRelayKey`].
    pub const RELAY_KEY: Self = Self(0x86);
    /// Body: [`crate::system::Share`].
    pub const SHARE: Self = Self(0x87);
    /// Body: the leaf hash of an entry whose own body was erased. Stands in its place when its segment is pushed again.
    pub const ERASED: Self = Self(0xff);

    /// Whether only the relay writes entries of this kind.
    pub fn is_system(self) -> bool {
        self.0 >= 0x80
    }
}

/// A body with its place: which document (or system item), of which kind.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// The document that the body changes, or the id of the system item.
    #[n(0)]
    pub record: RecordId,
    /// What the body is.
    #[n(1)]
    pub kind: EntryKind,
    /// An uncompressed Automerge change chunk, or the CBOR of a system item.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub body: Vec<u8>,
}

impl Entry {
    /// What stands in the place of an entry of `record` whose body was erased.
    pub fn erased(record: RecordId, leaf: Hash32) -> Self {
        Self {
            record,
            kind: EntryKind::ERASED,
            body: leaf.0.to_vec(),
        }
    }

    /// The leaf hash of an erased entry, whose own body is not there to be hashed.
    pub fn erased_leaf(&self) -> Option<Hash32> {
        match self.kind {
            EntryKind::ERASED => self.body.as_slice().try_into().ok().map(Hash32),
            _ => None,
        }
    }

    /// What the header commits to of this entry. `change` is the hash of the change, as Automerge defines it, or the
    /// SHA-256 of a system item's body.
    pub fn leaf(&self, change: Hash32) -> Leaf {
        Leaf {
            record: self.record,
            kind: self.kind,
            change,
            length: self.body.len() as u64,
        }
    }
}

/// What the Merkle tree holds of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Leaf {
    /// As in the entry.
    #[n(0)]
    pub record: RecordId,
    /// As in the entry.
    #[n(1)]
    pub kind: EntryKind,
    /// Hash of the change.
    #[n(2)]
    pub change: Hash32,
    /// Length of the body in bytes.
    #[n(3)]
    pub length: u64,
}

impl Leaf {
    /// Its hash in the tree.
    pub fn hash(&self) -> Hash32 {
        merkle::leaf_hash(&wire::encode(self))
    }
}
