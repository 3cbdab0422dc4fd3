//! What travels without a network: sealed bundles, and the pouch (a file) that carries them.
//!
//! A bundle is sealed to the one who may read it: to the relay on the way out, to a writer on the way home. Whoever
//! carries it sees its size and for whom it is, and can neither read nor change it. What is inside authenticates
//! itself: segments by their writer, the answer home by the relay. So a bundle may come twice, late, or never.
//!
//! Sealed bundle: `version ‖ suite ‖ way ‖ recipient (8) ‖ HPKE ciphertext`, everything before the ciphertext being its
//! associated data. Plain text: a payload of CBOR, [`Outbound`] (its segments as a [`Batch`]) or
//! [`Homebound`].
//! Pouch: `XGC ‖ version ‖ CBOR array of byte strings`, each a sealed bundle.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::batch::{Assume, Batch, Nothing, Parties};
use crate::crypto::{PublicKey, SecretKey, Signature, Suite};
use crate::ids::{EpochId, Hash32, WriterId};
use crate::message::{MAX_BODY_BYTES, MAX_PLAIN_BYTES, RefusedSegment};
use crate::payload;
use crate::receipt::SignedReceipt;
use crate::refusal::SyncRefusal;
use crate::relay_key::{KeyRing, SignedRelayKey};
use crate::segment::Segment;
use crate::time::Timestamp;
use crate::wire::{self, WireError};

/// Path at which the relay takes sealed bundles, from anybody.
pub const COURIER_PATH: &str = "/sync/v1/courier";
/// Most bytes of entry bodies that a phone puts into one bundle.
pub const BUNDLE_BYTES: usize = 256 << 10;
/// Most sealed bundles in one pouch.
pub const MAX_POUCH_BUNDLES: usize = 256;
/// Largest pouch, in bytes.
pub const MAX_POUCH_BYTES: usize = 7 << 20;

const VERSION: u8 = 1;
const PREFIX: usize = 3 + 8;
const POUCH_MAGIC: &[u8; 4] = b"XGC\x01";
const SEAL_LABEL: &str = "xunge bundle 1";
const HOME_LABEL: &str = "xunge homebound 1";

/// Which way a bundle travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From a phone to the relay.
    Out,
    /// From the relay to the phone that wrote.
    Home,
}

/// What a phone sends by a courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// Who wrote.
    pub writer: WriterId,
    /// The epoch that the phone knows, all zero if none.
    pub epoch: EpochId,
    /// Sequence of the last receipt that it holds.
    pub receipt_cursor: u64,
    /// What waits, in chain order within each scope.
    pub segments: Vec<Segment>,
    /// Number of the relay's key that the phone knows; none for the first.
    pub relay_key: Option<u32>,
}

/// [`Outbound`] on the wire: its batch builds on nothing that the relay would have to hold.
#[derive(Encode, Decode)]
struct PackedOutbound {
    #[n(0)]
    writer: WriterId,
    #[n(1)]
    epoch: EpochId,
    #[n(2)]
    receipt_cursor: u64,
    #[n(3)]
    batch: Batch,
    #[n(4)]
    relay_key: Option<u32>,
}

impl PackedOutbound {
    fn of(content: &Outbound) -> Self {
        let parties = parties(content.writer);
        Self {
            writer: content.writer,
            epoch: content.epoch,
            receipt_cursor: content.receipt_cursor,
            batch: Batch::pack(&content.segments, &parties, Assume::Nothing),
            relay_key: content.relay_key,
        }
    }

    fn open(self) -> Result<Outbound, WireError> {
        let segments = self.batch.open(&parties(self.writer), &Nothing);
        Ok(Outbound {
            writer: self.writer,
            epoch: self.epoch,
            receipt_cursor: self.receipt_cursor,
            relay_key: self.relay_key,
            segments: segments.map_err(|e| WireError::Malformed {
                what: "bundle",
                why: e.to_string(),
            })?,
        })
    }
}

fn parties(writer: WriterId) -> Parties {
    Parties {
        writers: vec![writer],
        scopes: Vec::new(),
    }
}

/// What the relay answers to an [`Outbound`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Homebound {
    /// For whom.
    #[n(0)]
    pub writer: WriterId,
    /// The relay's epoch.
    #[n(1)]
    pub epoch: EpochId,
    /// When the relay answered.
    #[n(2)]
    pub time: Timestamp,
    /// Receipts after the cursor in the bundle, in sequence.
    #[n(3)]
    pub receipts: Vec<SignedReceipt>,
    /// Segments refused whole.
    #[n(4)]
    pub refused: Vec<RefusedSegment>,
}

#[derive(Encode, Decode)]
struct SignedHomebound {
    #[n(0)]
    signature: Signature,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    content: Vec<u8>,
    /// What leads from the key that the writer knows to the one that signed.
    #[n(2)]
    links: Option<Vec<SignedRelayKey>>,
}

/// What the relay tells whoever brought a bundle, in a signed response envelope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Delivered {
    /// Why the relay cannot use the bundle, now or ever; none if it took it.
    #[n(0)]
    pub refused: Option<SyncRefusal>,
    /// The sealed answer, to be carried home.
    #[n(1)]
    pub home: Option<ByteVec>,
}

/// A bundle as its carrier sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBundle {
    bytes: Vec<u8>,
    way: Way,
}

impl SealedBundle {
    /// A bundle from a file or a request; its prefix is checked, nothing else can be.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, WireError> {
        let malformed = |why: &str| WireError::Malformed {
            what: "bundle",
            why: why.into(),
        };
        if bytes.len() > MAX_BODY_BYTES {
            return Err(WireError::TooLarge {
                what: "bundle",
                limit: MAX_BODY_BYTES,
            });
        }
        let Some([version, suite, way, ..]) = bytes.first_chunk::<PREFIX>() else {
            return Err(malformed("shorter than its prefix"));
        };
        if *version != VERSION {
            return Err(WireError::UnknownVersion {
                what: "bundle",
                version: *version,
            });
        }
        Suite::from_byte(*suite)?;
        let way = match way {
            0 => Way::Out,
            1 => Way::Home,
            _ => return Err(malformed("goes neither out nor home")),
        };
        Ok(Self { bytes, way })
    }

    /// Seals what a phone sends to the relay that has `relay`. `seed` must be random and used once.
    pub fn out(relay: &PublicKey, seed: [u8; 32], content: &Outbound) -> Result<Self, WireError> {
        let packed = PackedOutbound::of(content);
        Self::seal(relay, seed, Way::Out, &wire::encode(&packed))
    }

    /// Signs the relay's answer and seals it to the writer who has `writer`. `seed` must be random and used once; `links`
    /// lead from the key that the writer knows to `relay`.
    pub fn home(
        writer: &PublicKey,
        relay: &SecretKey,
        links: &[SignedRelayKey],
        seed: [u8; 32],
        content: &Homebound,
    ) -> Result<Self, WireError> {
        let content = wire::encode(content);
        let signature = relay.sign(HOME_LABEL, &[&content]);
        let signed = SignedHomebound {
            signature,
            content,
            links: (!links.is_empty()).then(|| links.to_vec()),
        };
        Self::seal(writer, seed, Way::Home, &wire::encode(&signed))
    }

    fn seal(
        recipient: &PublicKey,
        seed: [u8; 32],
        way: Way,
        content: &[u8],
    ) -> Result<Self, WireError> {
        let mut bytes = vec![VERSION, Suite::default().byte(), way as u8];
        bytes.extend_from_slice(&recipient_of(recipient));
        let plain = payload::pack(content)?;
        let sealed = recipient.seal(seed, SEAL_LABEL, &bytes, &plain)?;
        bytes.extend_from_slice(&sealed);
        Self::parse(bytes)
    }

    /// Which way it travels.
    pub fn way(&self) -> Way {
        self.way
    }

    /// The mark of the one who can open it: see [`recipient_of`].
    pub fn recipient(&self) -> [u8; 8] {
        let mut mark = [0; 8];
        mark.copy_from_slice(&self.bytes[3..PREFIX]);
        mark
    }

    /// As it is carried.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its name while it is carried.
    pub fn hash(&self) -> Hash32 {
        Hash32::of(&self.bytes)
    }

    /// Opens what a phone sent. Its segments are still to be verified.
    pub fn open_out(&self, relay: &SecretKey) -> Result<Outbound, WireError> {
        let plain = self.open(relay, Way::Out)?;
        wire::decode::<PackedOutbound>("bundle", &plain)?.open()
    }

    /// Opens what the relay answered, and checks that it was the relay, under any of its keys that was not revoked: an
    /// answer may be on its way for long. With it, the keys that are known now, if these are more than before.
    pub fn open_home(
        &self,
        writer: &SecretKey,
        ring: &KeyRing,
    ) -> Result<(Homebound, Option<KeyRing>), WireError> {
        let plain = self.open(writer, Way::Home)?;
        let signed: SignedHomebound = wire::decode("bundle", &plain)?;
        let led = ring.follow(signed.links.as_deref().unwrap_or_default())?;
        led.check_unrevoked(|key| key.verify(HOME_LABEL, &[&signed.content], &signed.signature))?;
        let home = wire::decode("bundle", &signed.content)?;
        Ok((home, (led != *ring).then_some(led)))
    }

    fn open(&self, key: &SecretKey, way: Way) -> Result<Vec<u8>, WireError> {
        if self.way != way {
            return Err(WireError::Malformed {
                what: "bundle",
                why: "goes the other way".into(),
            });
        }
        let (aad, sealed) = self.bytes.split_at(PREFIX);
        let plain = key.open(SEAL_LABEL, aad, sealed)?;
        payload::open("bundle", &plain, MAX_PLAIN_BYTES)
    }
}

/// The mark on bundles for the holder of `key`: the first 8 bytes of the key's SHA-256.
pub fn recipient_of(key: &PublicKey) -> [u8; 8] {
    let mut mark = [0; 8];
    mark.copy_from_slice(&Hash32::of(&key.0).0[..8]);
    mark
}

/// A file of sealed bundles, whoever they are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pouch(pub Vec<SealedBundle>);

impl Pouch {
    /// The pouch in `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > MAX_POUCH_BYTES {
            return Err(WireError::TooLarge {
                what: "courier file",
                limit: MAX_POUCH_BYTES,
            });
        }
        let malformed = |why: &str| WireError::Malformed {
            what: "courier file",
            why: why.into(),
        };
        let (magic, rest) = bytes
            .split_first_chunk::<4>()
            .ok_or_else(|| malformed("shorter than its prefix"))?;
        if magic[..3] != POUCH_MAGIC[..3] {
            return Err(malformed("does not begin with XGC"));
        }
        if magic[3] != POUCH_MAGIC[3] {
            return Err(WireError::UnknownVersion {
                what: "courier file",
                version: magic[3],
            });
        }
        let bundles: Vec<ByteVec> = wire::decode("courier file", rest)?;
        if bundles.len() > MAX_POUCH_BUNDLES {
            return Err(WireError::TooLarge {
                what: "courier file",
                limit: MAX_POUCH_BUNDLES,
            });
        }
        let bundles = bundles.into_iter().map(|b| SealedBundle::parse(b.into()));
        Ok(Self(bundles.collect::<Result<_, _>>()?))
    }

    /// The pouch as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let bundles: Vec<ByteVec> = self.0.iter().map(|b| b.bytes.clone().into()).collect();
        [POUCH_MAGIC.as_slice(), &wire::encode(&bundles)].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay_key::RelayKey;

    fn outbound() -> Outbound {
        Outbound {
            writer: WriterId([1; 8]),
            epoch: EpochId([2; 8]),
            receipt_cursor: 3,
            segments: Vec::new(),
            relay_key: None,
        }
    }

    fn homebound() -> Homebound {
        Homebound {
            writer: WriterId([1; 8]),
            epoch: EpochId([2; 8]),
            time: Timestamp(4),
            receipts: Vec::new(),
            refused: Vec::new(),
        }
    }

    #[test]
    fn a_bundle_opens_for_its_recipient_and_says_nothing_to_its_carrier() {
        let relay = SecretKey::from_seed(&[1; 32]);
        let carrier = SecretKey::from_seed(&[2; 32]);
        let sealed = SealedBundle::out(&relay.public(), [9; 32], &outbound()).unwrap();
        assert_eq!(sealed.open_out(&relay), Ok(outbound()));
        assert_eq!(sealed.recipient(), recipient_of(&relay.public()));
        assert!(sealed.open_out(&carrier).is_err());
        let writer = [1u8; 8];
        assert!(!sealed.bytes().windows(8).any(|w| w == writer));
    }

    #[test]
    fn an_answer_home_is_believed_only_from_the_relay() {
        let relay = SecretKey::from_seed(&[1; 32]);
        let writer = SecretKey::from_seed(&[2; 32]);
        let other = SecretKey::from_seed(&[3; 32]);
        let ring = KeyRing::pinned(relay.public());
        let seal = |key: &SecretKey, links: &[_]| {
            SealedBundle::home(&writer.public(), key, links, [9; 32], &homebound()).unwrap()
        };
        let home = seal(&relay, &[]);
        assert_eq!(home.open_home(&writer, &ring), Ok((homebound(), None)));
        assert!(home.open_home(&other, &ring).is_err());
        // Anybody may seal to a writer; only the relay can sign.
        assert!(seal(&other, &[]).open_home(&writer, &ring).is_err());
        assert!(home.open_out(&writer).is_err());
        // Under a later key it leads there; under an earlier one it counts until that is revoked.
        for revokes in [false, true] {
            let links = [RelayKey::sign(1, &relay, &other, Timestamp(3), revokes)];
            let later = seal(&other, &links);
            let (_, led) = later.open_home(&writer, &ring).unwrap();
            assert_eq!(home.open_home(&writer, &led.unwrap()).is_ok(), !revokes);
        }
    }

    #[test]
    fn a_pouch_comes_back_and_a_damaged_one_says_so() {
        let relay = SecretKey::from_seed(&[1; 32]);
        let sealed = SealedBundle::out(&relay.public(), [9; 32], &outbound()).unwrap();
        let pouch = Pouch(vec![sealed.clone(), sealed]);
        let bytes = pouch.to_bytes();
        assert_eq!(Pouch::from_bytes(&bytes), Ok(pouch));
        for cut in 0..bytes.len() {
            assert!(Pouch::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut later = bytes;
        later[3] = 2;
        assert!(matches!(
            Pouch::from_bytes(&later),
            Err(WireError::UnknownVersion { version: 2, .. })
        ));
    }
}
