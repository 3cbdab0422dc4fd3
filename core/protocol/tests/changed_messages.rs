//! Every message of the wire, changed on its way at random: nothing panics, what still decodes is written back the same,
//! and no change gets past a signature.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Debug;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::Index;
use xunge_protocol::enrolment::{EnrolRequest, EnrolResponse, RelayAddress, Ticket};
use xunge_protocol::envelope::open_response;
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::relay_key::SignedRelayKey;
use xunge_protocol::short_code::{RedeemRequest, RedeemResponse};
use xunge_protocol::snapshot::{Part, Snapshot, open_part};
use xunge_protocol::system::{Grant, OrgNode, Resource, SignedCertificate, Tombstone};
use xunge_protocol::{
    EpochId, Hash32, KeyRing, Pouch, ScopeId, SecretKey, Segment, SyncRequest, SyncResponse,
    Timestamp, WriterId, wire,
};

/// One change of a message by chance, noise, or somebody who means harm.
#[derive(Debug, Clone)]
enum Harm {
    Flip(Index, u8),
    Set(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// A piece of the message once more, elsewhere.
    Repeat(Index, Index, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..8u8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        // Among others the heads of CBOR that promise very much.
        (
            at(),
            prop_oneof![
                any::<u8>(),
                Just(0x9b),
                Just(0xbb),
                Just(0x5b),
                Just(0x7b),
                Just(0x9f)
            ]
        )
            .prop_map(|(at, byte)| Harm::Set(at, byte)),
        at().prop_map(Harm::Cut),
        (at(), prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, b)| Harm::Insert(at, b)),
        (at(), 1..16usize).prop_map(|(at, n)| Harm::Remove(at, n)),
        (at(), at(), 1..64usize).prop_map(|(from, to, n)| Harm::Repeat(from, to, n)),
    ]
}

fn done(bytes: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for harm in harms {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match harm {
            Harm::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Harm::Set(at, byte) => bytes[at.index(length)] = *byte,
            Harm::Cut(at) => bytes.truncate(at.index(length)),
            Harm::Insert(at, new) => {
                let at = at.index(length);
                bytes.splice(at..at, new.iter().copied());
            }
            Harm::Remove(at, count) => {
                let at = at.index(length);
                bytes.drain(at..length.min(at + count));
            }
            Harm::Repeat(from, to, count) => {
                let from = from.index(length);
                let piece = bytes[from..length.min(from + count)].to_vec();
                let to = to.index(length);
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/golden/wire")
        .join(format!("{name}.hex"));
    hex::decode(std::fs::read_to_string(path).unwrap().trim()).unwrap()
}

/// What `bytes` say, if they say anything: the same as what is written of it says.
fn said<T>(bytes: &[u8]) -> Result<Option<T>, TestCaseError>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    let Ok(value) = wire::decode::<T>("message", bytes) else {
        return Ok(None);
    };
    let again = wire::decode::<T>("message", &wire::encode(&value));
    prop_assert_eq!(again.as_ref().ok(), Some(&value));
    Ok(Some(value))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_message_is_refused_or_says_something_that_can_be_written(
        which in 0..13usize,
        harms in prop::collection::vec(harm(), 1..5),
    ) {
        match which {
            0 => said::<Segment>(&done(&golden("segment"), &harms)).map(drop)?,
            1 => said::<Grant>(&done(&golden("grant"), &harms)).map(drop)?,
            2 => said::<Tombstone>(&done(&golden("tombstone"), &harms)).map(drop)?,
            3 => said::<OrgNode>(&done(&golden("org_node"), &harms)).map(drop)?,
            4 => said::<Resource>(&done(&golden("resource"), &harms)).map(drop)?,
            5 => said::<SyncRequest>(&done(&golden("sync_request"), &harms)).map(drop)?,
            6 => said::<SyncResponse>(&done(&golden("sync_response"), &harms)).map(drop)?,
            7 => said::<EnrolRequest>(&done(&golden("enrol_request"), &harms)).map(drop)?,
            8 => said::<EnrolResponse>(&done(&golden("enrol_response"), &harms)).map(drop)?,
            9 => said::<RelayAddress>(&done(&golden("relay_address"), &harms)).map(drop)?,
            10 => said::<RedeemRequest>(&done(&golden("redeem_request"), &harms)).map(drop)?,
            11 => said::<RedeemResponse>(&done(&golden("redeem_response"), &harms)).map(drop)?,
            _ => said::<Ticket>(&done(&golden("ticket"), &harms)).map(drop)?,
        }
    }

    #[test]
    fn no_change_of_a_receipt_a_certificate_or_a_link_gets_past_the_relays_signature(
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let relay = SecretKey::from_seed(&[2; 32]).public();
        let receipt = golden("signed_receipt");
        let original = wire::decode::<SignedReceipt>("receipt", &receipt).unwrap();
        if let Some(changed) = said::<SignedReceipt>(&done(&receipt, &harms))? {
            prop_assert!(changed == original || changed.verify(&relay).is_err());
        }
        let certificate = golden("signed_certificate");
        let original = wire::decode::<SignedCertificate>("certificate", &certificate).unwrap();
        if let Some(changed) = said::<SignedCertificate>(&done(&certificate, &harms))? {
            prop_assert!(changed == original || changed.verify(&relay).is_err());
        }
        let link = golden("signed_relay_key");
        let original = wire::decode::<SignedRelayKey>("relay key", &link).unwrap();
        if let Some(changed) = said::<SignedRelayKey>(&done(&link, &harms))? {
            let led = KeyRing::pinned(relay).follow(std::slice::from_ref(&changed));
            prop_assert!(changed == original || led.is_err());
        }
    }

    #[test]
    fn no_change_of_a_segment_gets_past_its_authors_signature(
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let author = SecretKey::from_seed(&[1; 32]).public();
        let bytes = golden("segment");
        let original = wire::decode::<Segment>("segment", &bytes).unwrap();
        if let Some(changed) = said::<Segment>(&done(&bytes, &harms))? {
            let holds = changed.header.verify(&author, &changed.signature).is_ok();
            prop_assert!(!holds || changed.header == original.header);
        }
    }

    #[test]
    fn no_change_of_an_answer_that_leads_to_a_later_key_is_believed(
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let answer = golden("response_with_links");
        let ring = KeyRing::pinned(SecretKey::from_seed(&[2; 32]).public());
        let changed = done(&answer, &harms);
        if let Ok(opened) = open_response::<u8>(&ring, b"asked", &changed) {
            prop_assert_eq!(opened.message, 7);
            prop_assert_eq!(changed, answer);
        }
    }

    #[test]
    fn a_changed_courier_file_opens_to_nobody_or_is_the_same_bundle(
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let bytes = golden("courier_file");
        let relay = SecretKey::from_seed(&[2; 32]);
        let original = Pouch::from_bytes(&bytes).unwrap().0[0].open_out(&relay).unwrap();
        if let Ok(pouch) = Pouch::from_bytes(&done(&bytes, &harms)) {
            for bundle in &pouch.0 {
                if let Ok(out) = bundle.open_out(&relay) {
                    prop_assert_eq!(&out, &original);
                }
            }
        }
    }

    /// A relay that signs anything still cannot make a phone panic with a part.
    #[test]
    fn a_changed_part_of_a_snapshot_is_refused_or_read(
        harms in prop::collection::vec(harm(), 1..5),
    ) {
        let bytes = done(&golden("snapshot_part"), &harms);
        let part = Part { hash: Hash32::of(&bytes), bytes: bytes.len() as u32 };
        let snapshot = Snapshot {
            suite: 1,
            scope: ScopeId([0x33; 8]),
            epoch: EpochId([0x44; 8]),
            relay: WriterId([0x22; 8]),
            position: 12,
            made_at: Timestamp(0),
            since: None,
            base: vec![part],
            history: Vec::new(),
        };
        if let Ok(segments) = open_part(&snapshot, &part, &bytes) {
            prop_assert!(segments.iter().map(|s| s.entries.len()).sum::<usize>() <= 1 << 20);
        }
    }
}
