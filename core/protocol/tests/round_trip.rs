//! Whatever is written can be read, and says the same: every message and item of the wire, the envelopes and seals around
//! them, batches both ways, parts of snapshots, tickets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use xunge_protocol::batch::{Assume, Batch, Nothing, Parties};
use xunge_protocol::bundle::{Delivered, Homebound, Outbound, Pouch, SealedBundle};
use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse, RelayAddress, Ticket};
use xunge_protocol::envelope::{RequestEnvelope, open_response, seal_request, seal_response};
use xunge_protocol::message::{Cursor, ReceiptCursor, RefusedSegment, SYNC_PATH, ScopeStatus};
use xunge_protocol::packed::{PackedRequest, PackedResponse};
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::snapshot::{Part, SignedSnapshot, Snapshot, open_part, pack_part};
use xunge_protocol::succession::{Fork, HeldEntry, HeldSegment, Succession, SuccessionRequest};
use xunge_protocol::system::{
    Certificate, Grant, OrgNode, Resource, Revocation, SignedCertificate, Tombstone, WriterRole,
};
use xunge_protocol::{
    Entry, EntryKind, EpochId, Hash32, KeyRing, PublicKey, PulledEntry, PulledSegment, Receipt,
    RecordId, RefusalCode, ScopeId, SecretKey, Segment, SegmentHeader, Signature, SyncRequest,
    SyncResponse, Timestamp, Verdict, WriterId, wire,
};

fn writer() -> impl Strategy<Value = WriterId> {
    any::<[u8; 8]>().prop_map(WriterId)
}

fn scope() -> impl Strategy<Value = ScopeId> {
    // Few, so that some of them meet.
    (0u8..4).prop_map(|n| ScopeId([n; 8]))
}

fn epoch() -> impl Strategy<Value = EpochId> {
    any::<[u8; 8]>().prop_map(EpochId)
}

fn hash() -> impl Strategy<Value = Hash32> {
    any::<[u8; 32]>().prop_map(Hash32)
}

fn record() -> impl Strategy<Value = RecordId> {
    any::<[u8; 13]>().prop_map(RecordId)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn key() -> impl Strategy<Value = SecretKey> {
    any::<[u8; 32]>().prop_map(|seed| SecretKey::from_seed(&seed))
}

fn public() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(PublicKey)
}

fn signature() -> impl Strategy<Value = Signature> {
    any::<[u8; 32]>().prop_map(|half| Signature(std::array::from_fn(|n| half[n % 32] ^ n as u8)))
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

fn entry() -> impl Strategy<Value = Entry> {
    (record(), any::<u8>(), vec(any::<u8>(), 0..60)).prop_map(|(record, kind, body)| Entry {
        record,
        kind: EntryKind(kind),
        body,
    })
}

fn header() -> impl Strategy<Value = SegmentHeader> {
    let place = (writer(), scope(), any::<u64>());
    (place, hash(), any::<u32>(), hash()).prop_map(
        |((writer, scope, index), previous, count, root)| SegmentHeader {
            suite: 1,
            writer,
            scope,
            index,
            previous,
            count,
            root,
        },
    )
}

/// Well sealed, by one of a few writers.
fn segment() -> impl Strategy<Value = Segment> {
    let place = (0u8..3, scope(), 0u64..1_000, hash());
    (place, vec(entry(), 0..5)).prop_map(|((who, scope, index, previous), entries)| {
        let key = SecretKey::from_seed(&[who + 1; 32]);
        let hashed = entries.into_iter().map(|e| {
            let change = change_hash(&e);
            (e, change)
        });
        Segment::seal(
            &key,
            WriterId([who; 8]),
            scope,
            index,
            previous,
            hashed.collect(),
        )
    })
}

fn change_hash(entry: &Entry) -> Hash32 {
    match entry.kind.is_system() {
        true => Hash32::of(&entry.body),
        false => Hash32::of(entry.body.get(8..).unwrap_or_default()),
    }
}

/// The same, of which some entries stayed behind; not all of them, as in any answer.
fn pulled() -> impl Strategy<Value = PulledSegment> {
    (segment(), any::<u8>(), 0u64..1_000).prop_map(|(segment, missing, position)| {
        let entries = segment.entries.into_iter().enumerate().map(|(n, entry)| {
            let change = change_hash(&entry);
            match n > 0 && missing & 1 << (n % 8) != 0 {
                true => PulledEntry::Absent(entry.leaf(change).hash()),
                false => PulledEntry::Body {
                    position: position + n as u64,
                    entry,
                },
            }
        });
        PulledSegment {
            header: segment.header,
            signature: segment.signature,
            entries: entries.collect(),
        }
    })
}

fn sync_refusal() -> impl Strategy<Value = SyncRefusal> {
    prop_oneof![
        Just(SyncRefusal::Fork),
        Just(SyncRefusal::Gap),
        Just(SyncRefusal::TooLarge),
        Just(SyncRefusal::Revoked),
    ]
}

fn refused() -> impl Strategy<Value = RefusedSegment> {
    (scope(), any::<u64>(), sync_refusal(), any::<u64>()).prop_map(
        |(scope, index, code, expected)| RefusedSegment {
            scope,
            index,
            code,
            expected,
        },
    )
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        (any::<u64>(), any::<bool>())
            .prop_map(|(position, late)| Verdict::Accepted { position, late }),
        option::of(text()).prop_map(|detail| Verdict::Quarantined {
            code: RefusalCode::ForeignRecord,
            detail,
        }),
        text().prop_map(|reason| Verdict::Rejected { reason }),
        Just(Verdict::Erased),
    ]
}

fn receipt() -> impl Strategy<Value = SignedReceipt> {
    let place = (
        any::<u64>(),
        epoch(),
        writer(),
        writer(),
        scope(),
        any::<u64>(),
    );
    let said = (hash(), any::<u32>(), time(), vec(verdict(), 0..5));
    (place, said, key()).prop_map(|(place, said, key)| {
        let (sequence, epoch, relay, writer, scope, index) = place;
        let (header, revision, received_at, verdicts) = said;
        Receipt {
            suite: 1,
            sequence,
            epoch,
            relay,
            writer,
            scope,
            index,
            header,
            revision,
            received_at,
            verdicts,
        }
        .sign(&key)
    })
}

fn certificate() -> impl Strategy<Value = SignedCertificate> {
    let who = (writer(), public(), any::<bool>(), text(), text());
    (who, option::of(writer()), time(), key()).prop_map(|(who, predecessor, issued_at, relay)| {
        let (writer, key, is_relay, worker, name) = who;
        Certificate {
            suite: 1,
            writer,
            key,
            role: match is_relay {
                true => WriterRole::Relay,
                false => WriterRole::Worker,
            },
            worker,
            name,
            predecessor,
            issued_at,
        }
        .sign(&relay)
    })
}

fn snapshot() -> impl Strategy<Value = SignedSnapshot> {
    let part = || (hash(), any::<u32>()).prop_map(|(hash, bytes)| Part { hash, bytes });
    let place = (scope(), epoch(), writer(), any::<u64>());
    let parts = (vec(part(), 0..4), vec(part(), 0..4));
    (place, time(), option::of(time()), parts, key()).prop_map(
        |(place, made_at, since, parts, key)| {
            let (scope, epoch, relay, position) = place;
            let (base, history) = parts;
            let snapshot = Snapshot {
                suite: 1,
                scope,
                epoch,
                relay,
                position,
                made_at,
                since,
                base,
                history,
            };
            SignedSnapshot::sign(&key, snapshot)
        },
    )
}

fn request() -> impl Strategy<Value = SyncRequest> {
    let cursor = (scope(), any::<u64>()).prop_map(|(scope, position)| Cursor { scope, position });
    let former =
        (writer(), any::<u64>()).prop_map(|(writer, sequence)| ReceiptCursor { writer, sequence });
    let wishes = (
        any::<u32>(),
        any::<bool>(),
        option::of(vec(scope(), 0..3)),
        any::<Option<u32>>(),
        option::of(vec(former, 0..3)),
        option::of(vec(record(), 0..3)),
    );
    (
        vec(cursor, 0..4),
        any::<u64>(),
        vec(segment(), 0..4),
        wishes,
    )
        .prop_map(
            |(
                cursors,
                receipt_cursor,
                segments,
                (pull_budget_bytes, plain, snapshots, relay_key, former, wanted),
            )| {
                SyncRequest {
                    cursors,
                    receipt_cursor,
                    segments,
                    pull_budget_bytes,
                    plain,
                    snapshots,
                    relay_key,
                    former,
                    wanted,
                }
            },
        )
}

fn response() -> impl Strategy<Value = SyncResponse> {
    let status = (scope(), any::<u64>(), any::<bool>(), any::<bool>());
    let status = status.prop_map(|(scope, cursor, more, write)| ScopeStatus {
        scope,
        cursor,
        more,
        write,
    });
    let pushed = (vec(receipt(), 0..3), any::<bool>(), vec(refused(), 0..3));
    let pull = (
        vec(pulled(), 0..3),
        vec(status, 0..4),
        vec(snapshot(), 0..2),
    );
    let rest = (
        any::<bool>(),
        option::of(any::<u64>()),
        any::<Option<u32>>(),
    );
    ((epoch(), time()), pushed, pull, rest).prop_map(|((epoch, time), pushed, pull, rest)| {
        let (receipts, more_receipts, refused) = pushed;
        let (segments, scopes, snapshots) = pull;
        SyncResponse {
            epoch,
            time,
            receipts,
            more_receipts,
            refused,
            segments,
            scopes,
            send_plain: rest.0,
            forked: rest.1.map(|counter| Fork { counter }),
            snapshots,
            keep_days: rest.2,
        }
    })
}

/// Written and read again, it is the same.
fn comes_back<T>(value: &T) -> Result<(), TestCaseError>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    let again = wire::decode::<T>("message", &wire::encode(value));
    prop_assert_eq!(again.as_ref(), Ok(value));
    Ok(())
}

fn parties() -> Parties {
    Parties {
        writers: vec![WriterId([0; 8]), WriterId([1; 8])],
        scopes: vec![ScopeId([0; 8])],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_in_the_log_comes_back(
        segment in segment(), pulled in pulled(), header in header(), signature in signature(),
        receipt in receipt(), certificate in certificate(),
    ) {
        comes_back(&segment)?;
        comes_back(&pulled)?;
        comes_back(&header)?;
        comes_back(&signature)?;
        comes_back(&receipt)?;
        comes_back(&certificate)?;
        let key = SecretKey::from_seed(&[segment.header.writer.0[0] + 1; 32]).public();
        let hash = |e: &Entry| Ok::<_, xunge_protocol::WireError>(change_hash(e));
        // An entry of the kind that stands for an erased one is no entry to seal.
        if segment.entries.iter().all(|e| e.kind != EntryKind::ERASED) {
            prop_assert_eq!(segment.verify(&key, hash), Ok(()));
        }
        prop_assert_eq!(pulled.verify(&SecretKey::from_seed(&[pulled.header.writer.0[0] + 1; 32]).public(), hash), Ok(()));
    }

    #[test]
    fn system_items_come_back(
        scope in scope(), parent in option::of(scope()), texts in [text(), text(), text(), text()],
        times in (time(), option::of(time())), writers in vec(writer(), 0..4), number: u32,
        records in (record(), option::of(record())), content in vec(any::<u8>(), 0..40),
    ) {
        let [a, b, c, d] = texts;
        comes_back(&Grant { worker: a.clone(), scope, from: times.0, until: times.1, drain_days: number })?;
        comes_back(&Revocation { writers, at: times.0 })?;
        comes_back(&OrgNode {
            scope, parent, level: a.clone(), code: b, name: c, from: times.0, help_phone: Some(d),
        })?;
        comes_back(&Resource { name: a, version: number, content })?;
        comes_back(&Tombstone { record: records.0, erased_at: times.0, successor: records.1 })?;
    }

    #[test]
    fn a_request_and_its_answer_come_back_packed_or_not_through_their_envelopes(
        request in request(), response in response(), phone in key(), relay in key(),
        counter: u64, epoch in epoch(), pack: bool,
    ) {
        comes_back(&request)?;
        comes_back(&response)?;
        let (me, it) = (WriterId([0; 8]), WriterId([1; 8]));
        let assume = pack.then_some(Assume::Nothing);
        let packed = PackedRequest::of(&request, me, it, assume);
        let sealed = seal_request(&phone, me, SYNC_PATH, epoch, counter, &packed).unwrap();
        let envelope = RequestEnvelope::parse(&sealed).unwrap();
        prop_assert_eq!((envelope.writer, envelope.epoch, envelope.counter), (me, epoch, counter));
        let opened: PackedRequest = envelope.open(&phone.public(), SYNC_PATH).unwrap();
        prop_assert_eq!(opened.open(me, it, &Nothing), Ok(request));
        prop_assert!(envelope.open::<PackedRequest>(&relay.public(), SYNC_PATH).is_err() || phone.public() == relay.public());
        prop_assert!(envelope.open::<PackedRequest>(&phone.public(), ENROL_PATH).is_err());

        let packed = PackedResponse::of(response.clone(), me, it, assume);
        let answer = seal_response(&relay, it, &[], &sealed, &packed).unwrap();
        let ring = KeyRing::pinned(relay.public());
        let opened = open_response::<PackedResponse>(&ring, &sealed, &answer).unwrap();
        prop_assert_eq!(opened.message.open(me, it, &Nothing), Ok(response));
        prop_assert_eq!((opened.relay, opened.learnt), (it, None));
    }

    #[test]
    fn a_batch_comes_back_whatever_is_in_it_and_whatever_it_may_assume(
        segments in vec(segment(), 0..5), pulled in vec(pulled(), 0..5),
    ) {
        let own = parties();
        for packed in [Batch::plain(&segments), Batch::pack(&segments, &own, Assume::Nothing)] {
            let opened = packed.open(&own, &Nothing);
            prop_assert_eq!(opened.as_ref(), Ok(&segments));
        }
        for packed in [Batch::plain_pulled(&pulled), Batch::pack_pulled(&pulled, &own, Assume::Nothing)] {
            let opened = packed.open_pulled(&own, &Nothing);
            prop_assert_eq!(opened.as_ref(), Ok(&pulled));
            comes_back(&packed)?;
        }
    }

    #[test]
    fn a_snapshot_and_its_parts_come_back(signed in snapshot(), segments in vec(pulled(), 0..4)) {
        comes_back(&signed)?;
        let Snapshot { scope, relay, .. } = signed.snapshot;
        let bytes = pack_part(scope, relay, &segments).unwrap();
        let part = Part { hash: Hash32::of(&bytes), bytes: bytes.len() as u32 };
        prop_assert_eq!(open_part(&signed.snapshot, &part, &bytes), Ok(segments));
    }

    #[test]
    fn bundles_both_ways_and_the_file_they_travel_in_come_back(
        writer in writer(), epoch in epoch(), cursor: u64, segments in vec(segment(), 0..3),
        receipts in vec(receipt(), 0..3), refused in vec(refused(), 0..3), time in time(),
        phone in key(), relay in key(), seed: [u8; 32], relay_key: Option<u32>,
    ) {
        let content = Outbound { writer, epoch, receipt_cursor: cursor, segments, relay_key };
        let out = SealedBundle::out(&relay.public(), seed, &content).unwrap();
        prop_assert_eq!(out.open_out(&relay), Ok(content));
        let content = Homebound { writer, epoch, time, receipts, refused };
        comes_back(&content)?;
        let home = SealedBundle::home(&phone.public(), &relay, &[], seed, &content).unwrap();
        let ring = KeyRing::pinned(relay.public());
        prop_assert_eq!(home.open_home(&phone, &ring), Ok((content, None)));
        comes_back(&Delivered { refused: None, home: Some(home.bytes().to_vec().into()) })?;
        let pouch = Pouch(vec![out, home]);
        prop_assert_eq!(Pouch::from_bytes(&pouch.to_bytes()), Ok(pouch));
    }

    #[test]
    fn enrolment_comes_back_and_a_ticket_from_its_text(
        secret: [u8; 16], relay_key in public(), relay in writer(), expires_at in time(),
        pins in vec(hash(), 0..3), url in "https?://[a-z0-9.:/-]{0,30}", certificate in certificate(),
        epoch in epoch(), scopes in vec(scope(), 0..4), codes in vec("[0-9]{12}", 0..4),
        predecessor in option::of(writer()),
    ) {
        let ticket = Ticket { url, relay_key, relay, secret, expires_at, pins };
        prop_assert_eq!(Ticket::from_text(&ticket.to_text()), Ok(ticket.clone()));
        let address = RelayAddress { url: ticket.url.clone(), relay_key, pins: ticket.pins.clone() };
        prop_assert_eq!(RelayAddress::from_text(&address.to_text()), Ok(address));
        comes_back(&EnrolRequest { secret, key: relay_key, predecessor })?;
        comes_back(&EnrolResponse {
            epoch, time: expires_at, certificate, county: ScopeId([1; 8]), scopes, unlock_codes: codes,
        })?;
    }

    #[test]
    fn a_succession_comes_back_and_its_proof_is_of_one_writer(
        old in writer(), other in writer(), key in key(), cursor: u64, epoch in epoch(), time in time(),
        certificate in certificate(), header in header(), signature in signature(), receipt in receipt(),
        entries in vec((record(), hash()), 0..4), next in option::of(any::<u64>()),
    ) {
        let request = SuccessionRequest::new(old, &key, cursor);
        comes_back(&request)?;
        prop_assert_eq!(request.verify(old), Ok(()));
        prop_assert!(other == old || request.verify(other).is_err());
        let entries = entries.into_iter().map(|(record, change)| HeldEntry { record, change });
        let held = HeldSegment { header, signature, receipt, entries: entries.collect() };
        comes_back(&Succession { epoch, time, certificate, counter: cursor, held: vec![held], next })?;
    }
}
