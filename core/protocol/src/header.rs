//! The canonical header of a segment: what a writer signs. Frozen on disk before its first byte leaves.

use minicbor::{Decode, Encode};

use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::ids::{Hash32, ScopeId, WriterId};
use crate::wire::{self, WireError};

const LABEL: &str = "xunge segment header 1";

/// What binds a batch of entries to its writer, its scope and its place in the chain of this writer in this scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct SegmentHeader {
    /// Suite byte of the signature.
    #[n(0)]
    pub suite: u8,
    /// Who wrote the entries.
    #[n(1)]
    pub writer: WriterId,
    /// The scope that all of them belong to.
    #[n(2)]
    pub scope: ScopeId,
    /// Place in the chain of this writer and scope; the first is 0.
    #[n(3)]
    pub index: u64,
    /// [`Self::hash`] of the header before, all zero for the first.
    #[n(4)]
    pub previous: Hash32,
    /// Number of entries.
    #[n(5)]
    pub count: u32,
    /// RFC 9162 root over the hashes of their leaves.
    #[n(6)]
    pub root: Hash32,
}

impl SegmentHeader {
    /// Hash that the next header and the receipt refer to.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&wire::encode(self))
    }

    /// Signs the header.
    pub fn sign(&self, key: &SecretKey) -> Signature {
        key.sign(LABEL, &[&wire::encode(self)])
    }

    /// Checks `signature` against the writer's key.
    pub fn verify(&self, key: &PublicKey, signature: &Signature) -> Result<(), WireError> {
        key.verify(LABEL, &[&wire::encode(self)], signature)
    }
}
