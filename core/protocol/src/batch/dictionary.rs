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

/// Every dictionary that was ever released, the first under number 1.
const RELEASED: [&[u8]; 1] = [include_bytes!("../../data/batch-1.cbor")];

impl Dictionary {
    /// The dictionary with this number, which is also the version byte of batches that use it.
    ///
    /// # Errors
    /// [`BatchError::UnknownVersion`] for a number from the future.
    pub fn numbered(number: u8) -> Result<&'static Self, BatchError> {
        static READ: [OnceLock<Result<Dictionary, BatchError>>; RELEASED.len()] =
            [const { OnceLock::new() }; RELEASED.len()];
        let unknown = BatchError::UnknownVersion(number);
        let place = usize::from(number).checked_sub(1);
        let released = place.and_then(|n| Some((READ.get(n)?, RELEASED.get(n)?)));
        let (read, bytes) = released.ok_or(unknown)?;
        read.get_or_init(|| Ok(wire::decode("dictionary", bytes)?))
            .as_ref()
            .map_err(Clone::clone)
    }

    pub(super) fn skeleton(&self, kind: u8) -> Option<&Skeleton> {
        self.skeletons.iter().find(|s| s.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionary_1_is_the_one_that_was_released() {
        let hash = Hash32::of(RELEASED[0]);
        assert_eq!(
            hash.to_string(),
            "4d6a7aceb825879f8c682b15aea5e5edb0d2eacd127f633ad86a2c69a3bf7507"
        );
        assert!(!Dictionary::numbered(1).unwrap().shapes.is_empty());
    }

    #[test]
    fn no_number_from_the_future_is_a_dictionary() {
        assert_eq!(Dictionary::numbered(0), Err(BatchError::UnknownVersion(0)));
        assert_eq!(Dictionary::numbered(2), Err(BatchError::UnknownVersion(2)));
    }
}
