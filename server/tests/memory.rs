//! What one request of at most a megabyte can make the relay take of its machine's memory, by somebody who is enrolled and
//! signs it. One test, so that nothing else in its process is measured with it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Instant;

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{ActorId, Automerge, ObjId};
use common::*;
use xunge_protocol::envelope::open_response;
use xunge_protocol::message::{Cursor, MAX_BODY_BYTES, MAX_PLAIN_BYTES, SYNC_PATH};
use xunge_protocol::packed::{PackedRequest, PackedResponse};
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::{
    Batch, Entry, EpochId, Hash32, KeyRing, RecordId, Segment, SyncRequest, WriterId, wire,
};
use xunge_records::document::genesis;
use xunge_records::{Document, Edit, FormRef, Kind, Open, check_change};
use xunge_server::sync;

const MIB: u64 = 1 << 20;

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

/// How far resident memory rises above where it is now while `work` runs.
fn peak<T>(work: impl FnOnce() -> T) -> (u64, T) {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS");
    let made = work();
    (status("VmHWM").saturating_sub(before), made)
}

/// `cbor` as a request of `phone`, well signed.
fn signed(phone: &mut Phone, cbor: &[u8]) -> Vec<u8> {
    phone.counter += 1;
    let payload = [&[2], wire::compress(cbor, 15).unwrap().as_slice()].concat();
    let digest = Hash32::of(&payload);
    let (epoch, counter) = (EpochId([9; 8]), phone.counter.to_be_bytes());
    let parts: [&[u8]; 4] = [SYNC_PATH.as_bytes(), &epoch.0, &counter, &digest.0];
    let signature = phone.key.sign("xunge request 1", &parts);
    let mut body = vec![1, 1];
    body.extend_from_slice(&phone.writer.0);
    body.extend_from_slice(&epoch.0);
    body.extend_from_slice(&counter);
    body.extend_from_slice(&signature.0);
    body.extend_from_slice(&payload);
    body
}

fn message(segments: &[Segment]) -> Vec<u8> {
    wire::encode(&PackedRequest {
        cursors: Vec::new(),
        receipt_cursor: 0,
        batch: Batch::plain(segments),
        pull_budget_bytes: 1,
        plain: true,
        relay_key: None,
        former: None,
        wanted: None,
        snapshots: None,
    })
}

/// As many cursors as fit.
fn many_cursors(phone: &mut Phone) -> Vec<u8> {
    let cursor = Cursor {
        scope: GRID,
        position: 0,
    };
    let request = SyncRequest {
        cursors: vec![cursor; MAX_PLAIN_BYTES / 12],
        ..SyncRequest::default()
    };
    let relay = WriterId([0xee; 8]);
    let packed = PackedRequest::of(&request, phone.writer, relay, None);
    signed(phone, &wire::encode(&packed))
}

/// Segments of `entries` each until a message is full.
fn full(phone: &mut Phone, each: usize, mut entry: impl FnMut(u32) -> Entry) -> Vec<u8> {
    let (mut segments, mut bytes, mut n) = (Vec::new(), 0, 0);
    let mut previous = Hash32([0; 32]);
    while segments.len() < 64 && bytes < MAX_PLAIN_BYTES - (512 << 10) {
        let mut entries = Vec::new();
        while entries.len() < each && bytes < MAX_PLAIN_BYTES - (512 << 10) {
            n += 1;
            let entry = entry(n);
            bytes += entry.body.len() + 24;
            let hash = Hash32::of(entry.body.get(8..).unwrap_or_default());
            entries.push((entry, hash));
        }
        let index = segments.len() as u64;
        let segment = Segment::seal(&phone.key, phone.writer, GRID, index, previous, entries);
        previous = segment.header.hash();
        segments.push(segment);
    }
    let cbor = message(&segments);
    signed(phone, &cbor)
}

/// A change of a few hundred bytes with as many operations as one may have.
fn long_change(writer: WriterId) -> Vec<u8> {
    let genesis = genesis::bytes(Kind::Visit).to_vec();
    let mut document = Automerge::load(&genesis).unwrap();
    document.set_actor(ActorId::from([&writer.0[..], &[0]].concat()));
    let fields = ObjId::Id(1, genesis::actor(Kind::Visit), 0);
    let mut tx = document.transaction();
    let key = "x".repeat(150);
    // The same value again would be no operation.
    for n in 0..4_000 {
        tx.put(&fields, key.as_str(), n % 2 == 0).unwrap();
    }
    tx.commit_with(CommitOptions::default().with_time(MONDAY / 1_000));
    let change = document.get_last_local_change().unwrap();
    let bytes = change.raw_bytes().to_vec();
    assert_eq!(check_change(&bytes).unwrap().operation_count(), 4_000);
    bytes
}

/// A small honest record.
fn small(writer: WriterId, n: u32) -> Entry {
    let mut document = Document::new(Kind::Visit).unwrap();
    let form = FormRef {
        id: "visit".into(),
        version: 1,
    };
    let edit = Edit {
        open: Some(Open { scope: GRID, form }),
        ..Edit::default()
    };
    let edit = edit
        .set(
            "household",
            RecordId::written(WriterId([0xee; 8]), 1).to_string(),
        )
        .set("visited_on", "2026-11-23")
        .set("purposes/VP01", true)
        .set("met", "MET01");
    let author = xunge_records::Author { writer, rebuild: 0 };
    let change = document.edit(author, xunge_protocol::Timestamp(MONDAY), &edit);
    Entry {
        record: RecordId::written(writer, n),
        kind: Kind::Visit.entry_kind(),
        body: change.unwrap().unwrap().bytes,
    }
}

#[test]
fn no_request_of_a_megabyte_makes_the_relay_take_more_than_sixty_four() {
    let place = Place::inline();
    let mut phones = ["甲", "乙", "丙", "丁", "戊"].map(|name| place.phone(name, &[GRID]));
    let [frames, cursors, entries, unfolding, honest] = &mut phones;
    let zeros = minicbor::bytes::ByteVec::from(vec![0u8; MAX_PLAIN_BYTES + 1]);
    let nothing = |n| Entry {
        record: RecordId::written(WriterId([1; 8]), n),
        kind: Kind::Visit.entry_kind(),
        body: Vec::new(),
    };
    let writer = unfolding.writer;
    let long = long_change(writer);
    let longs = |n| Entry {
        record: RecordId::written(writer, n),
        kind: Kind::Visit.entry_kind(),
        body: long.clone(),
    };
    let author = honest.writer;
    let attacks = [
        (
            "a frame that unfolds",
            signed(frames, &wire::encode(&zeros)),
        ),
        ("cursors", many_cursors(cursors)),
        ("entries without a body", full(entries, 2_000, nothing)),
        ("operations", full(unfolding, 2_000, longs)),
        ("records", full(honest, 2_000, |n| small(author, n))),
    ];
    drop(zeros);
    // What the first request of all takes is the relay's own.
    let own = frames.request(Vec::new());
    sync::handle(&place.relay, &own).unwrap();
    let ring = KeyRing::pinned(place.relay.county().relay_key.public());
    let mut worst = 0;
    for (what, body) in attacks {
        assert!(body.len() <= MAX_BODY_BYTES, "{what}: {} bytes", body.len());
        let started = Instant::now();
        let (bytes, answer) = peak(|| sync::handle(&place.relay, &body));
        let (seconds, kib) = (started.elapsed().as_secs_f64(), body.len() >> 10);
        let said = match answer {
            Err(refused) => refused.to_string(),
            Ok(answer) => {
                let opened = open_response::<PackedResponse>(&ring, &body, &answer);
                let answer = opened.unwrap().message;
                let too_large = answer.refused.iter();
                assert!(too_large.clone().all(|r| r.code == SyncRefusal::TooLarge));
                let taken = answer.receipts.iter().map(|r| r.receipt.verdicts.len());
                let (taken, refused) = (taken.sum::<usize>(), too_large.count());
                // What is beyond the limits is refused, and all that comes before it is judged.
                assert_eq!(
                    taken,
                    if what == "operations" { 0 } else { 16_000 },
                    "{what}"
                );
                assert!(refused > 0, "{what} went beyond no limit");
                format!("{taken} entries taken, {refused} segments refused")
            }
        };
        println!(
            "{what}: {kib} KiB in, {} MiB, {seconds:.1} s: {said}",
            bytes >> 20
        );
        worst = worst.max(bytes);
    }
    assert!(worst < 64 * MIB, "{} MiB", worst / MIB);
}
