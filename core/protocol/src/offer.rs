//! What a phone offers of others' work when the relay has gone back to a backup, and how it proves that the relay had it.
//!
//! The relay signs an [`Acceptance`] of each segment that a phone pulls. In a new epoch the phone names what it holds as
//! ranges of segments; the relay answers which entries it lacks; the phone brings these, with the leaves of the others.

use minicbor::{Decode, Encode};

use crate::batch::{Assume, Batch, BatchError, Nothing, Parties};
use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::header::SegmentHeader;
use crate::ids::{ScopeId, WriterId};
use crate::receipt::{SignedReceipt, Verdict};
use crate::segment::PulledSegment;
use crate::system::SignedCertificate;
use crate::time::Timestamp;
use crate::wire::WireError;

const LABEL: &str = "xunge accepted 1";

/// Most segments that one request may name in ranges.
pub const MAX_OFFERED: u64 = 1024;
/// Most ranges in one request, and most segments that it brings.
pub const MAX_BROUGHT: usize = 64;

/// Some of the entries of a segment: a bit each, the lowest first. What is beyond the end is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Marks(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl Marks {
    /// Those of the entries for which `in_it` is true.
    pub fn of(in_it: impl IntoIterator<Item = bool>) -> Self {
        let mut bytes = Vec::new();
        for (n, is_in) in in_it.into_iter().enumerate() {
            if is_in {
                bytes.resize(n / 8 + 1, 0);
                if let Some(byte) = bytes.last_mut() {
                    *byte |= 1 << (n % 8);
                }
            }
        }
        Self(bytes)
    }

    /// Whether the entry with this place in the segment is in it.
    pub fn has(&self, ordinal: u32) -> bool {
        let byte = self.0.get(ordinal as usize / 8).copied();
        byte.unwrap_or(0) & (1 << (ordinal % 8)) != 0
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }
}

/// The relay's word, to whoever reads the segment, that it has accepted entries of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Acceptance {
    /// When the relay first stored the segment.
    #[n(0)]
    pub received_at: Timestamp,
    /// The entries that have a position.
    #[n(1)]
    pub accepted: Marks,
    /// Those of them that arrived after the worker's grant was closed.
    #[n(2)]
    pub late: Marks,
    /// By the relay's key, over the segment's header and the other fields.
    #[n(3)]
    pub signature: Signature,
}

impl Acceptance {
    /// Signs with the relay's key.
    pub fn sign(
        key: &SecretKey,
        header: &SegmentHeader,
        received_at: Timestamp,
        accepted: Marks,
        late: Marks,
    ) -> Self {
        let signature = key.sign(LABEL, &said(header, received_at, &accepted, &late).each());
        Self {
            received_at,
            accepted,
            late,
            signature,
        }
    }

    /// Checks that the relay said this of the segment with `header`.
    pub fn verify(&self, relay: &PublicKey, header: &SegmentHeader) -> Result<(), WireError> {
        let said = said(header, self.received_at, &self.accepted, &self.late);
        relay.verify(LABEL, &said.each(), &self.signature)
    }
}

/// What an acceptance signs.
struct Said([Vec<u8>; 4]);

impl Said {
    fn each(&self) -> [&[u8]; 4] {
        self.0.each_ref().map(Vec::as_slice)
    }
}

fn said(header: &SegmentHeader, received_at: Timestamp, accepted: &Marks, late: &Marks) -> Said {
    Said([
        header.hash().0.to_vec(),
        received_at.0.to_be_bytes().to_vec(),
        accepted.0.clone(),
        late.0.clone(),
    ])
}

/// That the relay once accepted entries of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Proof {
    /// As it says to those who pull.
    #[n(0)]
    Accepted(#[n(0)] Acceptance),
    /// As it said to the writer.
    #[n(1)]
    Receipt(#[n(0)] SignedReceipt),
}

impl Proof {
    /// Checks that it is the relay's, and about the segment with `header`.
    pub fn verify(&self, relay: &PublicKey, header: &SegmentHeader) -> Result<(), WireError> {
        match self {
            Self::Accepted(acceptance) => acceptance.verify(relay, header),
            Self::Receipt(signed) if signed.receipt.header == header.hash() => signed.verify(relay),
            Self::Receipt(_) => Err(WireError::NotAuthentic { what: "receipt" }),
        }
    }

    /// When the relay first stored the segment.
    pub fn received_at(&self) -> Timestamp {
        match self {
            Self::Accepted(acceptance) => acceptance.received_at,
            Self::Receipt(signed) => signed.receipt.received_at,
        }
    }

    /// Whether the entry was accepted, and then whether it was late.
    pub fn accepted(&self, ordinal: u32) -> Option<bool> {
        match self {
            Self::Accepted(a) => a.accepted.has(ordinal).then(|| a.late.has(ordinal)),
            Self::Receipt(signed) => match signed.receipt.verdicts.get(ordinal as usize) {
                Some(Verdict::Accepted { late, .. }) => Some(*late),
                _ => None,
            },
        }
    }
}

/// Segments of one chain, by their indexes: the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Range {
    /// Their scope.
    #[n(0)]
    pub scope: ScopeId,
    /// Their writer.
    #[n(1)]
    pub writer: WriterId,
    /// Index of the first.
    #[n(2)]
    pub from: u64,
    /// Index of the last.
    #[n(3)]
    pub to: u64,
}

/// A segment by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
    /// Its scope.
    #[n(0)]
    pub scope: ScopeId,
    /// Its writer.
    #[n(1)]
    pub writer: WriterId,
    /// Its index.
    #[n(2)]
    pub index: u64,
}

impl Place {
    /// Where the segment with `header` is.
    pub fn of(header: &SegmentHeader) -> Self {
        Self {
            scope: header.scope,
            writer: header.writer,
            index: header.index,
        }
    }
}

/// A segment of others that a phone brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// The segment. Positions in it say nothing; what the relay does not lack stands as its leaf hash.
    pub segment: PulledSegment,
    /// That the relay once had it, if the phone has proof.
    pub proof: Option<Proof>,
}

/// What a phone offers of what others wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// What it holds, to be told what of it the relay lacks.
    pub ranges: Vec<Range>,
    /// What the relay said that it lacks, in an order in which each builds on what is before.
    pub brought: Vec<Brought>,
    /// Certificates of the writers of what it brings.
    pub certificates: Vec<SignedCertificate>,
}

/// What the relay lacks of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Lacking {
    /// Which segment.
    #[n(0)]
    pub index: u64,
    /// The entries that it lacks; none if it lacks the segment itself.
    #[n(1)]
    pub entries: Option<Marks>,
}

/// The answer to one range: it was looked through as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Looked {
    /// The range, as it was asked.
    #[n(0)]
    pub range: Range,
    /// What the relay lacks of it.
    #[n(1)]
    pub lacking: Vec<Lacking>,
}

/// What the relay says to readers about others' segments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Kept {
    /// For each segment of this answer, in order, the relay's word that it accepted it; none for its own.
    #[n(0)]
    pub accepted: Vec<Option<Acceptance>>,
    /// The answer to the ranges that were offered.
    #[n(1)]
    pub looked: Vec<Looked>,
    /// Segments that were brought and looked at, whatever became of them.
    #[n(2)]
    pub taken: Vec<Place>,
}

impl Kept {
    /// Nothing at all, for an answer without anything to say.
    pub fn unless_empty(self) -> Option<Self> {
        let is_empty = self.accepted.iter().all(Option::is_none)
            && self.looked.is_empty()
            && self.taken.is_empty();
        (!is_empty).then_some(self)
    }
}

/// [`Offer`] on the wire: its batch builds on nothing that the relay would have to hold.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackedOffer {
    /// As in the offer.
    #[n(0)]
    pub ranges: Vec<Range>,
    /// The segments that are brought.
    #[n(1)]
    pub batch: Batch,
    /// A proof for each of them, in order.
    #[n(2)]
    pub proofs: Vec<Option<Proof>>,
    /// As in the offer.
    #[n(3)]
    pub certificates: Vec<SignedCertificate>,
}

impl PackedOffer {
    /// `offer` as it travels: packed, or as raw bytes.
    pub fn of(offer: &Offer, pack: bool) -> Self {
        let segments: Vec<_> = offer.brought.iter().map(|b| b.segment.clone()).collect();
        let batch = if pack {
            let assume = Assume::Nothing;
            Batch::pack_pulled(&segments, &Parties::default(), assume)
        } else {
            Batch::plain_pulled(&segments)
        };
        Self {
            ranges: offer.ranges.clone(),
            batch,
            proofs: offer.brought.iter().map(|b| b.proof.clone()).collect(),
            certificates: offer.certificates.clone(),
        }
    }

    /// The offer, with its segments rebuilt from the batch; nothing in it is verified here.
    pub fn open(self) -> Result<Offer, BatchError> {
        let nothing = &Nothing;
        let segments = self.batch.open_pulled(&Parties::default(), nothing)?;
        let mut proofs = self.proofs.into_iter();
        let brought = |segment| Brought {
            segment,
            proof: proofs.next().flatten(),
        };
        Ok(Offer {
            ranges: self.ranges,
            brought: segments.into_iter().map(brought).collect(),
            certificates: self.certificates,
        })
    }
}

/// For `#[cbor(with = …)]`: an offer inside a message that is not packed.
pub(crate) mod plain {
    use minicbor::decode::Error;
    use minicbor::encode::Write;
    use minicbor::{Decode as _, Decoder, Encode as _, Encoder};

    use super::{Offer, PackedOffer};

    pub(crate) fn encode<C, W: Write>(
        value: &Option<Offer>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let packed = value.as_ref().map(|offer| PackedOffer::of(offer, false));
        packed.encode(e, &mut ())
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<Offer>, Error> {
        let at = d.position();
        let packed = Option::<PackedOffer>::decode(d, &mut ())?;
        let opened = packed.map(PackedOffer::open).transpose();
        opened.map_err(|_| Error::message("offer").at(at))
    }

    pub(crate) fn nil() -> Option<Option<Offer>> {
        Some(None)
    }

    pub(crate) fn is_nil(value: &Option<Offer>) -> bool {
        value.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Hash32;

    fn header(index: u64) -> SegmentHeader {
        SegmentHeader {
            suite: 1,
            writer: WriterId([1; 8]),
            scope: ScopeId([2; 8]),
            index,
            previous: Hash32([3; 32]),
            count: 10,
            root: Hash32([4; 32]),
        }
    }

    #[test]
    fn marks_say_which_entries_are_in_them_and_nothing_of_others() {
        let of = |which: &[u32]| Marks::of((0..20).map(|n| which.contains(&n)));
        let marks = of(&[0, 7, 8, 15]);
        let in_it: Vec<u32> = (0..40).filter(|n| marks.has(*n)).collect();
        assert_eq!(in_it, [0, 7, 8, 15]);
        assert!(of(&[]).is_empty() && !marks.is_empty());
    }

    #[test]
    fn an_acceptance_is_of_one_segment_one_time_and_these_entries_or_no_proof() {
        let key = SecretKey::from_seed(&[5; 32]);
        let accepted = Marks::of([true, false, true]);
        let said = Acceptance::sign(
            &key,
            &header(7),
            Timestamp(5),
            accepted,
            Marks::of([false, false, true]),
        );
        let proof = Proof::Accepted(said.clone());
        assert!(proof.verify(&key.public(), &header(7)).is_ok());
        assert_eq!(
            [0, 1, 2, 3].map(|n| proof.accepted(n)),
            [Some(false), None, Some(true), None]
        );
        assert!(proof.verify(&key.public(), &header(8)).is_err());
        let other = SecretKey::from_seed(&[6; 32]).public();
        assert!(proof.verify(&other, &header(7)).is_err());
        let more = Acceptance {
            accepted: Marks::of([true; 3]),
            ..said.clone()
        };
        let earlier = Acceptance {
            received_at: Timestamp(4),
            ..said.clone()
        };
        let timely = Acceptance {
            late: Marks::default(),
            ..said
        };
        for forged in [more, earlier, timely] {
            assert!(forged.verify(&key.public(), &header(7)).is_err());
        }
    }
}
