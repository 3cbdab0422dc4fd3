//! Identifiers as fixed-size byte strings: lower-case hex as text, a byte string in CBOR.
//!
//! They are opaque everywhere but here. This file may not know what they identify beyond their derivation.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A text that is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {what}: expected {bytes} bytes as {} hex digits", bytes * 2)]
pub struct IdError {
    /// Name of the identifier's type.
    pub what: &'static str,
    /// Its length in bytes.
    pub bytes: usize,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The identifier in `bytes`, if there are exactly [`Self::LEN`] of them.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                match bytes.try_into() {
                    Ok(array) => Ok(Self(array)),
                    Err(_) => Err(IdError { what: stringify!($name), bytes: $len }),
                }
            }

            /// Its bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0u8; $len];
                let lower = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                match (lower, hex::decode_to_slice(text, &mut bytes)) {
                    (true, Ok(())) => Ok(Self(bytes)),
                    _ => Err(IdError { what: stringify!($name), bytes: $len }),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                Self::from_slice(d.bytes()?)
                    .map_err(|_| minicbor::decode::Error::message(stringify!($name)).at(at))
            }
        }
    };
}

id!(
    /// One incarnation of one worker's vault on one device, or of a relay node in one epoch.
    WriterId, 8
);
id!(
    /// A grid, village, town or county. Opaque: code, name and parent are dated attributes of the organisation.
    ScopeId, 8
);
id!(
    /// A lifetime of a relay's log: random at creation and at every restore from a backup.
    EpochId, 8
);
id!(
    /// A SHA-256 digest.
    Hash32, 32
);
id!(
    /// A record: a tag byte and 12 bytes. Tag 1 is `writer ‖ counter`, tag 2 a digest of what the record is about, tag 3
    /// `writer ‖ digest` of a record that its writer began and a successor of that writer says again.
    RecordId, 13
);

const TAG_WRITTEN: u8 = 1;
const TAG_DERIVED: u8 = 2;
const TAG_SAID_AGAIN: u8 = 3;

impl RecordId {
    /// The `counter`-th record that `writer` opened.
    pub fn written(writer: WriterId, counter: u32) -> Self {
        let mut bytes = [0u8; 13];
        bytes[0] = TAG_WRITTEN;
        bytes[1..9].copy_from_slice(&writer.0);
        bytes[9..].copy_from_slice(&counter.to_be_bytes());
        Self(bytes)
    }

    /// The record that stands for `parts` under `purpose`, the same on every device.
    pub fn derived(purpose: &str, parts: &[&RecordId]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"xunge record ");
        hash.update(purpose.as_bytes());
        for part in parts {
            hash.update([0]);
            hash.update(part.0);
        }
        let digest = hash.finalize();
        let mut bytes = [0u8; 13];
        bytes[0] = TAG_DERIVED;
        bytes[1..].copy_from_slice(&digest[..12]);
        Self(bytes)
    }

    /// Acknowledgement of `warning` by `household`: one record, whoever of the grid hears it first.
    pub fn acknowledgement(warning: &RecordId, household: &RecordId) -> Self {
        Self::derived("acknowledgement", &[warning, household])
    }

    /// The id of this record, whose opening change had the hash `opening`, where a successor of its writer says it again:
    /// two copies of a phone that both do so mean the same record. It stays as it is if it was said again before, or if
    /// it follows from what it is about.
    pub fn said_again(&self, opening: &Hash32) -> Self {
        if self.0[0] != TAG_WRITTEN {
            return *self;
        }
        let mut hash = Sha256::new();
        hash.update(b"xunge record said again");
        hash.update(self.0);
        hash.update(opening.0);
        let mut bytes = self.0;
        bytes[0] = TAG_SAID_AGAIN;
        bytes[9..].copy_from_slice(&hash.finalize()[..4]);
        Self(bytes)
    }

    /// Whether it is a record that a successor of its first writer says again.
    pub fn is_said_again(&self) -> bool {
        self.0[0] == TAG_SAID_AGAIN
    }

    /// The only writer who may open this record, or `None` if its content decides who may.
    pub fn opener(&self) -> Option<WriterId> {
        (self.0[0] == TAG_WRITTEN).then(|| {
            let mut writer = [0u8; 8];
            writer.copy_from_slice(&self.0[1..9]);
            WriterId(writer)
        })
    }

    /// Whether the tag byte is one that this version knows.
    pub fn is_known(&self) -> bool {
        matches!(self.0[0], TAG_WRITTEN | TAG_DERIVED | TAG_SAID_AGAIN)
    }
}

impl Hash32 {
    /// SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_its_text_and_from_cbor() {
        let id = RecordId::written(WriterId([7; 8]), 513);
        assert_eq!(id.to_string(), "01070707070707070700000201");
        assert_eq!(id.to_string().parse(), Ok(id));
        let cbor = minicbor::to_vec(id).unwrap();
        assert_eq!(minicbor::decode::<RecordId>(&cbor).unwrap(), id);
    }

    #[test]
    fn a_text_of_wrong_length_or_alphabet_is_no_id() {
        for text in [
            "",
            "0g",
            "07070707",
            "0A0A0A0A0A0A0A0A",
            "0707070707070707f",
        ] {
            assert!(text.parse::<WriterId>().is_err(), "{text}");
        }
        assert!(minicbor::decode::<WriterId>(&[0x42, 1, 2]).is_err());
    }

    #[test]
    fn only_a_written_record_names_its_opener() {
        let written = RecordId::written(WriterId([9; 8]), 1);
        let ack = RecordId::acknowledgement(&written, &RecordId::written(WriterId([1; 8]), 2));
        assert_eq!(written.opener(), Some(WriterId([9; 8])));
        assert_eq!(ack.opener(), None);
        assert!(ack.is_known());
    }

    #[test]
    fn two_copies_that_say_a_record_again_name_the_same_one_and_another_opening_names_another() {
        let record = RecordId::written(WriterId([9; 8]), 1);
        let again = record.said_again(&Hash32([1; 32]));
        assert_eq!(again, record.said_again(&Hash32([1; 32])));
        assert_ne!(again, record.said_again(&Hash32([2; 32])));
        assert_eq!(again, again.said_again(&Hash32([3; 32])));
        assert!(again.is_known() && again.is_said_again() && again.opener().is_none());
    }
}
