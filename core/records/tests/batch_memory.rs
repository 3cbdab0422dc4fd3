//! What the codec takes of a phone's memory, and what bytes from outside can make it take. One test, so that nothing else
//! in its process is measured with it.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use xunge_protocol::batch::dictionary::{Dictionary, Sort};
use xunge_protocol::batch::{Assume, Batch, Nothing, Parties};
use xunge_protocol::envelope::{RequestEnvelope, open_response, seal_request, seal_response};
use xunge_protocol::message::{MAX_PLAIN_BYTES, SYNC_PATH};
use xunge_protocol::{
    BatchError, Entry, EpochId, Hash32, KeyRing, RecordId, ScopeId, SecretKey, Segment, Timestamp,
    WriterId,
};
use xunge_records::{Author, Document, Edit, Kind, Open};

const PHONE: WriterId = WriterId([1; 8]);
const SCOPE: ScopeId = ScopeId([9; 8]);
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

/// As many visits as one exchange takes: 384 KiB of changes, each with a note of its own.
fn full_exchange() -> Vec<Segment> {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while bytes < 384 << 10 {
        let n = entries.len() as u32 + 1;
        let mut document = Document::new(Kind::Visit).unwrap();
        let note = Hash32::of(&n.to_be_bytes()).to_string();
        let edit = Edit {
            open: Some(Open {
                scope: SCOPE,
                form: "visit@3".parse().unwrap(),
            }),
            ..Edit::default()
        }
        .set(
            "household",
            RecordId::written(WriterId([2; 8]), n % 100).to_string(),
        )
        .set("visited_on", "2026-05-06")
        .set("note", format!("老人在家 {note}"));
        let author = Author {
            writer: PHONE,
            rebuild: 0,
        };
        let at = Timestamp(1_778_110_200_000 + i64::from(n) * 1_000);
        let change = document.edit(author, at, &edit).unwrap().unwrap();
        bytes += change.bytes.len();
        let entry = Entry {
            record: RecordId::written(PHONE, n),
            kind: Kind::Visit.entry_kind(),
            body: change.bytes,
        };
        entries.push((entry, change.hash));
    }
    let key = SecretKey::from_seed(&[3; 32]);
    let zero = Hash32([0; 32]);
    vec![Segment::seal(&key, PHONE, SCOPE, 0, zero, entries)]
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// 16,000 changes of one shape with 2,000 operations, all with values of one class: a byte or two each, and what each
/// of them unfolds to. A text is a megabyte, written once and repeated by one byte.
fn bomb(class: u8) -> Vec<u8> {
    const ENTRIES: u64 = 16_000;
    const OPERATIONS: u64 = 2_000;
    let dictionary = Dictionary::numbered(1).unwrap();
    let plain = |s: &Sort| s.class == class && s.key.is_some() && s.overwrites == 0;
    let sort = dictionary.sorts.iter().position(plain).unwrap();
    let mut columns = vec![Vec::new(); 9];
    columns[0].extend_from_slice(&[1, 0, 0, 0]);
    put(&mut columns[0], ENTRIES);
    columns[0].push(0);
    columns[1].resize(ENTRIES as usize, 0);
    columns[2].resize(ENTRIES as usize, 1);
    columns[4].resize(ENTRIES as usize, 0);
    columns[5].extend_from_slice(&[0, Kind::Visit.entry_kind().0]);
    put(&mut columns[5], OPERATIONS);
    for _ in 0..OPERATIONS {
        put(&mut columns[5], sort as u64);
    }
    for _ in 1..ENTRIES {
        put(&mut columns[5], dictionary.shapes.len() as u64 + 1);
    }
    put(&mut columns[6], MIB);
    columns[8].push(0);
    columns[8].resize(4 << 20, 1);
    columns.push(vec![b'x'; MIB as usize]);
    let mut bytes = vec![1, 0];
    put(&mut bytes, columns.len() as u64);
    for column in &columns {
        put(&mut bytes, column.len() as u64);
    }
    for column in &columns {
        bytes.extend_from_slice(column);
    }
    bytes.extend_from_slice(&[0; 4096]);
    bytes
}

#[test]
fn the_codec_stays_within_eight_megabytes_and_what_unfolds_without_end_within_sixty_four() {
    let key = SecretKey::from_seed(&[3; 32]);
    let parties = Parties {
        writers: vec![PHONE, WriterId([2; 8])],
        scopes: vec![SCOPE],
    };
    let segments = full_exchange();

    let (packing, request) = peak(|| {
        let batch = Batch::pack(&segments, &parties, Assume::ChangesAndHeaders);
        assert!(!batch.is_plain());
        seal_request(&key, PHONE, SYNC_PATH, EpochId([4; 8]), 1, &batch).unwrap()
    });
    assert!(packing < 8 * MIB, "packing took {packing} bytes");

    let answer = {
        let batch = Batch::pack(&segments, &parties, Assume::ChangesAndHeaders);
        seal_response(&key, PHONE, &[], &request, &batch).unwrap()
    };
    let ring = KeyRing::pinned(key.public());
    let (opening, opened) = peak(|| {
        let opened = open_response::<Batch>(&ring, &request, &answer).unwrap();
        opened.message.open(&parties, &Nothing).unwrap()
    });
    assert_eq!(opened, segments);
    assert!(opening < 8 * MIB, "opening took {opening} bytes");

    // A frame of a kilobyte that unfolds to more than a message may be.
    let zeros = minicbor::bytes::ByteVec::from(vec![0u8; MAX_PLAIN_BYTES + 1]);
    let request = seal_request(&key, PHONE, SYNC_PATH, EpochId([4; 8]), 2, &zeros).unwrap();
    assert!(request.len() < 4_096);
    drop(zeros);
    let (unfolding, refused) = peak(|| {
        let envelope = RequestEnvelope::parse(&request).unwrap();
        envelope.open::<Batch>(&key.public(), SYNC_PATH)
    });
    assert!(refused.is_err());
    assert!(unfolding < 64 * MIB, "a frame took {unfolding} bytes");

    // Yes, and a text: the one has no bytes, the other is a megabyte.
    for class in [3, 6] {
        let batch = Batch::from_bytes(bomb(class));
        let (unfolding, refused) = peak(|| batch.open(&parties, &Nothing));
        assert!(
            matches!(refused, Err(BatchError::TooLarge(_))),
            "{refused:?}"
        );
        assert!(unfolding < 64 * MIB, "a bomb took {unfolding} bytes");
    }
}
