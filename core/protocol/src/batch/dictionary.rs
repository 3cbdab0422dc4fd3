//! What packer and reader know beforehand: skeletons of documents, sorts of operations, shapes of changes, strings.
//!
//! It is data under `core/protocol/data`, made by `cargo xtask dictionary`. Once released, a dictionary is frozen under
//! its number; a later one gets the next number, and the older stay readable.

use std::sync::OnceLock;

use minicbor::{Decode, Encode};

use super::BatchError;
use crate::ids::Hash32;
use crate::wire;

/// The first change of every document of a kind, which is never sent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Skeleton {
    /// Number of the kind.
    #[n(0)]
    pub kind: u8,
    /// Its actor.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub actor: Vec<u8>,
    /// Its hash.
    #[n(2)]
    pub hash: Hash32,
    /// Number of its operations.
    #[n(3)]
    pub operations: u64,
}

/// Into which map, under which key, what sort of value, overwriting how many operations.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Sort {
    /// 0 for the root, else the operation of the skeleton that made the map.
    #[n(0)]
    pub map: u8,
    /// The key; none for the key of an event, `WRITER.N`.
    #[n(1)]
    pub key: Option<String>,
    /// Number of the [`super::value::Class`].
    #[n(2)]
    pub class: u8,
    /// Operations overwritten.
    #[n(3)]
    pub overwrites: u8,
}

/// Kind and sorts of operations of a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct Shape {
    /// Number of the kind.
    #[n(0)]
    pub kind: u8,
    /// Places in the list of sorts, in order.
    #[n(1)]
    pub sorts: Vec<u32>,
}

/// Everything known beforehand. Lists begin with what is most frequent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Dictionary {
    /// One for each kind.
    #[n(0)]
    pub skeletons: Vec<Skeleton>,
    /// Codes, forms, frequent words.
    #[n(1)]
    pub strings: Vec<String>,
    /// Sorts of operations.
    #[n(2)]
    pub sorts: Vec<Sort>,
    /// Shapes of changes.
    #[n(3)]
    pub shapes: Vec<Shape>,
}

const FIRST: &[u8] = include_bytes!("../../data/batch-1.cbor");

impl Dictionary {
    /// Dictionary 1.
    pub fn first() -> Result<&'static Self, BatchError> {
        static READ: OnceLock<Result<Dictionary, BatchError>> = OnceLock::new();
        READ.get_or_init(|| Ok(wire::decode("dictionary", FIRST)?))
            .as_ref()
            .map_err(Clone::clone)
    }

    pub(super) fn skeleton(&self, kind: u8) -> Option<&Skeleton> {
        self.skeletons.iter().find(|s| s.kind == kind)
    }
}
