//! Pins the bytes of every message of protocol version 1. A file that changes here breaks phones in the field.
//!
//! `XUNGE_BLESS=1 cargo test -p xunge-protocol --test golden` writes files that do not exist yet; it overwrites none.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use xunge_protocol::enrolment::{EnrolRequest, EnrolResponse, RelayAddress, Ticket};
use xunge_protocol::envelope::{open_response, seal_response};
use xunge_protocol::message::{Cursor, ReceiptCursor, RefusedSegment, ScopeStatus};
use xunge_protocol::refusal::{RefusalCode, SyncRefusal};
use xunge_protocol::relay_key::{RelayKey, SignedRelayKey};
use xunge_protocol::segment::leaf_hash;
use xunge_protocol::short_code::{CodeVerdict, Granted, RedeemRequest, RedeemResponse};
use xunge_protocol::snapshot::{Part, SignedSnapshot, Snapshot, open_part, pack_part, vouched};
use xunge_protocol::system::{Certificate, Grant, OrgNode, Resource, Share, Tombstone, WriterRole};
use xunge_protocol::{
    Entry, EntryKind, EpochId, Hash32, Homebound, KeyRing, Outbound, Pouch, PulledEntry,
    PulledSegment, Receipt, RecordId, ScopeId, SealedBundle, SecretKey, Segment, SyncRequest,
    SyncResponse, Timestamp, Verdict, WriterId, wire,
};

const WRITER: WriterId = WriterId([0x11; 8]);
const RELAY: WriterId = WriterId([0x22; 8]);
const SCOPE: ScopeId = ScopeId([0x33; 8]);
const EPOCH: EpochId = EpochId([0x44; 8]);
const AT: Timestamp = Timestamp(1_795_000_000_000);

fn phone_key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn relay_key() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

fn segment() -> Segment {
    let entries = (1..=2u8)
        .map(|n| {
            let entry = Entry {
                record: RecordId::written(WRITER, n.into()),
                kind: EntryKind(3),
                body: vec![n; 4],
            };
            let hash = Hash32::of(&entry.body);
            (entry, hash)
        })
        .collect();
    Segment::seal(&phone_key(), WRITER, SCOPE, 7, Hash32([9; 32]), entries)
}

fn receipt() -> Receipt {
    Receipt {
        suite: 1,
        sequence: 3,
        epoch: EPOCH,
        relay: RELAY,
        writer: WRITER,
        scope: SCOPE,
        index: 7,
        header: segment().header.hash(),
        revision: 1,
        received_at: AT,
        verdicts: vec![
            Verdict::Accepted {
                position: 12,
                late: true,
            },
            Verdict::Quarantined {
                code: RefusalCode::OutsideGrid,
                detail: Some("网格外".into()),
            },
            Verdict::Rejected {
                reason: "重复".into(),
            },
        ],
    }
}

/// A part of a base: one grant, in the relay's words.
fn part() -> (Vec<PulledSegment>, Vec<u8>) {
    let entry = Entry {
        record: RecordId::written(RELAY, 4),
        kind: EntryKind::GRANT,
        body: vec![5; 40],
    };
    let leaf = entry.leaf(Hash32::of(&entry.body)).hash();
    let segments = vec![vouched(RELAY, SCOPE, vec![(12, entry, leaf)])];
    let bytes = pack_part(SCOPE, RELAY, &segments).unwrap();
    (segments, bytes)
}

fn snapshot() -> Snapshot {
    let (_, bytes) = part();
    Snapshot {
        suite: 1,
        scope: SCOPE,
        epoch: EPOCH,
        relay: RELAY,
        position: 12,
        made_at: AT,
        since: Some(Timestamp(AT.0 - 1_000)),
        base: vec![Part {
            hash: Hash32::of(&bytes),
            bytes: bytes.len() as u32,
        }],
        history: vec![],
    }
}

fn certificate() -> Certificate {
    Certificate {
        suite: 1,
        writer: WRITER,
        key: phone_key().public(),
        role: WriterRole::Worker,
        worker: "0505050505050505".into(),
        name: "李大山".into(),
        predecessor: None,
        issued_at: AT,
    }
}

/// The relay's first key is followed by another.
fn link() -> SignedRelayKey {
    RelayKey::sign(1, &relay_key(), &SecretKey::from_seed(&[3; 32]), AT, true)
}

fn golden(name: &str, bytes: &[u8]) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/golden/wire")
        .join(format!("{name}.hex"));
    if !path.exists() && std::env::var_os("XUNGE_BLESS").is_some() {
        std::fs::write(&path, hex::encode(bytes) + "\n").unwrap();
    }
    let golden =
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    hex::decode(golden.trim()).unwrap()
}

/// Compares `bytes` with the golden file `name`, and checks that they decode to `value` again.
fn pinned<T>(name: &str, value: &T)
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    let bytes = wire::encode(value);
    let golden = golden(name, &bytes);
    assert_eq!(
        hex::encode(&bytes),
        hex::encode(&golden),
        "{name} is encoded otherwise than it was released"
    );
    assert_eq!(&wire::decode::<T>("golden", &golden).unwrap(), value);
}

#[test]
fn every_message_of_version_1_has_the_bytes_it_was_released_with() {
    let sealed = segment();
    pinned("segment", &sealed);
    pinned("signed_receipt", &receipt().sign(&relay_key()));
    pinned("signed_certificate", &certificate().sign(&relay_key()));
    pinned(
        "grant",
        &Grant {
            worker: "05".into(),
            scope: SCOPE,
            from: AT,
            until: Some(AT),
            drain_days: 30,
        },
    );
    pinned(
        "tombstone",
        &Tombstone {
            record: RecordId::written(WRITER, 1),
            erased_at: AT,
            successor: Some(RecordId::written(RELAY, 2)),
        },
    );
    pinned(
        "share",
        &Share {
            record: RecordId::written(RELAY, 1),
            home: SCOPE,
            guest: ScopeId([0x55; 8]),
            acts: SCOPE,
            from: AT,
            until: None,
        },
    );
    pinned(
        "org_node",
        &OrgNode {
            scope: SCOPE,
            parent: None,
            level: "4".into(),
            code: "999999001001001".into(),
            name: "河湾村一组".into(),
            from: AT,
            help_phone: Some("10000000000".into()),
        },
    );
    pinned(
        "resource",
        &Resource {
            name: "forms/visit.json".into(),
            version: 2,
            content: b"{}".to_vec(),
        },
    );
    pinned(
        "sync_request",
        &SyncRequest {
            cursors: vec![Cursor {
                scope: SCOPE,
                position: 5,
            }],
            receipt_cursor: 2,
            segments: vec![sealed.clone()],
            pull_budget_bytes: 65_536,
            plain: false,
            snapshots: Some(vec![SCOPE]),
            relay_key: None,
            former: None,
            wanted: None,
        },
    );
    pinned(
        "sync_request_former",
        &SyncRequest {
            former: Some(vec![ReceiptCursor {
                writer: WRITER,
                sequence: 2,
            }]),
            ..SyncRequest::default()
        },
    );
    pinned(
        "sync_request_later_key",
        &SyncRequest {
            relay_key: Some(2),
            ..SyncRequest::default()
        },
    );
    pinned(
        "sync_request_wanted",
        &SyncRequest {
            wanted: Some(vec![RecordId::written(WRITER, 3)]),
            ..SyncRequest::default()
        },
    );
    pinned("signed_relay_key", &link());
    let first = &sealed.entries[0];
    let pulled = PulledSegment {
        header: sealed.header,
        signature: sealed.signature,
        entries: vec![
            PulledEntry::Absent(leaf_hash(first, Hash32::of(&first.body))),
            PulledEntry::Body {
                position: 6,
                entry: sealed.entries[1].clone(),
            },
        ],
    };
    let response = SyncResponse {
        epoch: EPOCH,
        time: AT,
        receipts: vec![receipt().sign(&relay_key())],
        more_receipts: false,
        refused: vec![RefusedSegment {
            scope: SCOPE,
            index: 9,
            code: SyncRefusal::Gap,
            expected: 8,
        }],
        segments: vec![pulled],
        scopes: vec![ScopeStatus {
            scope: SCOPE,
            cursor: 6,
            more: true,
            write: true,
        }],
        send_plain: false,
        forked: None,
        snapshots: vec![SignedSnapshot::sign(&relay_key(), snapshot())],
        keep_days: None,
    };
    pinned("sync_response", &response);
    pinned(
        "sync_response_retention",
        &SyncResponse {
            keep_days: Some(400),
            ..response
        },
    );
    pinned(
        "enrol_request",
        &EnrolRequest {
            secret: [7; 16],
            key: phone_key().public(),
            predecessor: Some(WRITER),
        },
    );
    pinned(
        "enrol_response",
        &EnrolResponse {
            epoch: EPOCH,
            time: AT,
            certificate: certificate().sign(&relay_key()),
            county: SCOPE,
            scopes: vec![SCOPE],
            unlock_codes: vec!["123456789012".into()],
        },
    );
    pinned(
        "ticket",
        &Ticket {
            url: "http://127.0.0.1:8080".into(),
            relay_key: relay_key().public(),
            relay: RELAY,
            secret: [7; 16],
            expires_at: AT,
            pins: vec![Hash32([5; 32])],
        },
    );
}

#[test]
fn short_codes_keep_their_bytes() {
    pinned(
        "relay_address",
        &RelayAddress {
            url: "https://relay.example".into(),
            relay_key: relay_key().public(),
            pins: vec![Hash32([5; 32])],
        },
    );
    pinned(
        "redeem_request",
        &RedeemRequest {
            code: "0420000007".into(),
            key: phone_key().public(),
        },
    );
    pinned(
        "redeem_response",
        &RedeemResponse {
            verdict: CodeVerdict::Good,
            granted: Some(Granted {
                relay: RELAY,
                secret: [7; 16],
                expires_at: AT,
                used: true,
            }),
        },
    );
    pinned(
        "redeem_response_closed",
        &RedeemResponse {
            verdict: CodeVerdict::Closed,
            granted: None,
        },
    );
}

/// What is in a bundle may be packed otherwise by a later version; one that is under way must open for ever.
#[test]
fn a_courier_s_file_of_version_1_opens() {
    let out = Outbound {
        writer: WRITER,
        epoch: EPOCH,
        receipt_cursor: 2,
        segments: vec![segment()],
        relay_key: None,
    };
    let home = Homebound {
        writer: WRITER,
        epoch: EPOCH,
        time: AT,
        receipts: vec![receipt().sign(&relay_key())],
        refused: Vec::new(),
    };
    let (phone, relay) = (phone_key(), relay_key());
    let made = Pouch(vec![
        SealedBundle::out(&relay.public(), [5; 32], &out).unwrap(),
        SealedBundle::home(&phone.public(), &relay, &[], [6; 32], &home).unwrap(),
    ]);
    let bundles = Pouch::from_bytes(&golden("courier_file", &made.to_bytes()))
        .unwrap()
        .0;
    assert_eq!(bundles[0].open_out(&relay).unwrap(), out);
    let ring = KeyRing::pinned(relay.public());
    let opened = bundles[1].open_home(&phone, &ring).unwrap();
    assert_eq!(opened, (home, None));
}

#[test]
fn an_answer_with_links_of_version_2_opens_and_leads_to_the_later_key() {
    let (later, asked) = (SecretKey::from_seed(&[3; 32]), b"asked");
    let made = seal_response(&later, RELAY, &[link()], asked, &7u8).unwrap();
    let golden = golden("response_with_links", &made);
    let ring = KeyRing::pinned(relay_key().public());
    let opened = open_response::<u8>(&ring, asked, &golden).unwrap();
    assert_eq!((opened.message, opened.relay), (7, RELAY));
    assert_eq!(*opened.learnt.unwrap().current(), later.public());
}

#[test]
fn a_part_of_a_snapshot_of_version_1_opens() {
    let (segments, bytes) = part();
    let golden = golden("snapshot_part", &bytes);
    let snapshot = snapshot();
    let part = Part {
        hash: Hash32::of(&golden),
        bytes: golden.len() as u32,
    };
    assert_eq!(open_part(&snapshot, &part, &golden).unwrap(), segments);
}

#[test]
fn pinned_signatures_verify() {
    assert!(
        segment()
            .header
            .verify(&phone_key().public(), &segment().signature)
            .is_ok()
    );
    assert!(
        receipt()
            .sign(&relay_key())
            .verify(&relay_key().public())
            .is_ok()
    );
    assert!(
        certificate()
            .sign(&relay_key())
            .verify(&relay_key().public())
            .is_ok()
    );
}
