//! Change chunks for the tests of the guard: honest ones, and ones that no honest phone makes.

#![allow(dead_code, reason = "each test uses a part")]

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, Change, ExpandedChange, ObjId};
use sha2::{Digest, Sha256};
use xunge_protocol::{Confidence, RefusalCode, ScopeId, Timestamp, WriterId};
use xunge_records::document::genesis;
use xunge_records::{Author, Document, Edit, EventBody, EventId, Kind, Open, Verb, check_change};

pub(crate) const ME: WriterId = WriterId([1; 8]);

pub(crate) fn author(n: u8) -> Author {
    Author {
        writer: WriterId([n; 8]),
        rebuild: 0,
    }
}

pub(crate) fn event(writer: WriterId, n: u32) -> (EventId, EventBody) {
    let body = EventBody::new(Verb::Mediate, Timestamp(1), Confidence::Checked);
    (EventId { writer, n }, body)
}

/// A dispute that writer 1 opened, with one event and a number.
pub(crate) fn dispute() -> Document {
    let mut document = Document::new(Kind::Dispute).unwrap();
    let (id, body) = event(ME, 1);
    let edit = Edit {
        open: Some(Open {
            scope: ScopeId([9; 8]),
            form: "dispute@1".parse().unwrap(),
        }),
        ..Edit::default()
    };
    let edit = edit
        .set("type", "02")
        .set("people", 3)
        .set("urgent", true)
        .event(id, body);
    document.edit(author(1), Timestamp(5000), &edit).unwrap();
    document
}

pub(crate) fn some_bytes() -> Vec<u8> {
    dispute().changes()[0].bytes.clone()
}

pub(crate) fn fields() -> ObjId {
    ObjId::Id(1, genesis::actor(Kind::Dispute), 0)
}

pub(crate) fn events() -> ObjId {
    ObjId::Id(2, genesis::actor(Kind::Dispute), 0)
}

/// What Automerge itself writes on top of [`dispute`], past our own edits.
pub(crate) fn written(
    actor: &[u8],
    write: impl FnOnce(&mut automerge::transaction::Transaction<'_>),
) -> Vec<u8> {
    let mut raw = Automerge::load(&dispute().save()).unwrap();
    raw.set_actor(ActorId::from(actor));
    let mut tx = raw.transaction();
    write(&mut tx);
    tx.commit_with(CommitOptions::default().with_time(7));
    raw.get_last_local_change().unwrap().raw_bytes().to_vec()
}

pub(crate) fn me() -> Vec<u8> {
    [&ME.0[..], &[0]].concat()
}

pub(crate) fn refusal(bytes: &[u8]) -> RefusalCode {
    check_change(bytes).expect_err("refused").refusal()
}

/// The same chunk with length and checksum made right for its content.
pub(crate) fn sealed(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut head = vec![kind];
    let mut n = content.len();
    while n >= 0x80 {
        head.push(n as u8 & 0x7f | 0x80);
        n >>= 7;
    }
    head.push(n as u8);
    let hash = Sha256::new()
        .chain_update(&head)
        .chain_update(content)
        .finalize();
    [&[0x85, 0x6f, 0x4a, 0x83][..], &hash[..4], &head, content].concat()
}

/// Content of a chunk that is shorter than 16 KiB.
pub(crate) fn content(bytes: &[u8]) -> &[u8] {
    if bytes[9] < 0x80 {
        &bytes[10..]
    } else {
        &bytes[11..]
    }
}

/// An honest second change of writer 1, with something altered.
pub(crate) fn altered(alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let bytes = written(&me(), |tx| tx.put(fields(), "people", 9).unwrap());
    let mut expanded = Change::from_bytes(bytes).unwrap().decode();
    alter(&mut expanded);
    Change::from(expanded).raw_bytes().to_vec()
}
