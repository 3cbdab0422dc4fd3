//! The gate for bytes from outside: what it lets through, what it refuses, and that no bytes make it panic or hang.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chunk;

use automerge::transaction::CommitOptions;
use automerge::transaction::Transactable;
use automerge::{ActorId, Automerge, Change, ObjType, ROOT, ScalarValue};
use chunk::{
    ME, altered, author, content, dispute, event, events, fields, me, refusal, sealed, some_bytes,
    written,
};
use proptest::prelude::*;
use xunge_protocol::{Confidence, RefusalCode, ScopeId, Timestamp, WriterId, wire};
use xunge_records::document::genesis;
use xunge_records::guard::check_in;
use xunge_records::{Document, DocumentError, EventBody, GuardError, Kind, Verb, check_change};

#[test]
fn an_honest_change_says_who_when_and_what() {
    let document = dispute();
    let change = &document.changes()[0];
    let checked = check_change(&change.bytes).unwrap();
    assert_eq!(checked.hash, change.hash);
    assert_eq!(checked.bytes(), change.bytes);
    assert_eq!(
        (checked.author, checked.seq, checked.start_op),
        (author(1), 1, 4)
    );
    assert_eq!(checked.at, Timestamp(5000));
    let does = &checked.operations;
    assert_eq!(does.kind, Some(Kind::Dispute));
    assert_eq!(does.open.as_ref().unwrap().scope, ScopeId([9; 8]));
    assert_eq!(does.set.len(), 3);
    assert_eq!(does.events, [event(ME, 1)]);
    check_in(&checked, &Document::new(Kind::Dispute).unwrap()).unwrap();
}

#[test]
fn only_one_whole_uncompressed_change_chunk_passes() {
    let good = some_bytes();
    assert_eq!(sealed(1, content(&good)), good);
    let mut large: Automerge = Automerge::load(&dispute().save()).unwrap();
    large.set_actor(ActorId::from(me()));
    let mut tx = large.transaction();
    tx.put(fields(), "narrative", "邻".repeat(4000)).unwrap();
    tx.commit_with(CommitOptions::default().with_time(7));
    let mut deflated = large.get_last_local_change().unwrap();
    let deflated = deflated.bytes().to_vec();
    assert_eq!(deflated[8], 2, "a compressed chunk");
    for bytes in [
        vec![],
        b"hello".to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], &[0]].concat(),
        [&good[..], &good[..]].concat(),
        sealed(0, content(&good)),
        sealed(2, content(&good)),
        sealed(3, content(&good)),
        dispute().save(),
        deflated,
    ] {
        assert_eq!(refusal(&bytes), RefusalCode::Malformed);
    }
    assert_eq!(refusal(&vec![0; 300 * 1024]), RefusalCode::TooLarge);
}

#[test]
fn a_column_that_unfolds_is_refused_before_anything_walks_it() {
    // No dependency, actor of nine bytes, sequence, first operation, time, no message, no other actor; then one column of
    // actions (type 2) that says "2^60 times the action 1" in eleven bytes.
    let mut bomb = vec![0, 9];
    bomb.extend(me());
    bomb.extend([1, 4, 0, 0, 0]);
    let mut column = vec![0x80; 8];
    column.extend([0x10, 1]);
    bomb.extend([1, 0x42, column.len() as u8]);
    bomb.extend(column);
    assert_eq!(refusal(&sealed(1, &bomb)), RefusalCode::TooLarge);
}

#[test]
fn what_automerge_can_do_but_no_record_does_is_not_allowed() {
    let (id, _) = event(ME, 1);
    let key = id.to_string();
    let other = EventBody::new(Verb::Agree, Timestamp(1), Confidence::Checked);
    let foreign = event(WriterId([2; 8]), 1);
    type Write = Box<dyn Fn(&mut automerge::transaction::Transaction<'_>)>;
    let writes: Vec<(&str, Write)> = vec![
        (
            "a new map",
            Box::new(|tx| {
                tx.put_object(ROOT, "x", ObjType::Map).unwrap();
            }),
        ),
        (
            "a list in a field",
            Box::new(|tx| {
                tx.put_object(fields(), "x", ObjType::List).unwrap();
            }),
        ),
        (
            "another kind",
            Box::new(|tx| tx.put(ROOT, "k", "visit").unwrap()),
        ),
        (
            "another map of fields",
            Box::new(|tx| tx.put(ROOT, "f", 1).unwrap()),
        ),
        (
            "removal of the events",
            Box::new(|tx| tx.delete(ROOT, "e").unwrap()),
        ),
        (
            "another scope",
            Box::new(|tx| {
                tx.put(ROOT, "s", ScopeId([8; 8]).to_string()).unwrap();
            }),
        ),
        (
            "a further key",
            Box::new(|tx| tx.put(ROOT, "more", 1).unwrap()),
        ),
        (
            "a counter",
            Box::new(|tx| {
                tx.put(fields(), "n", ScalarValue::counter(1)).unwrap();
            }),
        ),
        (
            "bytes in a field",
            Box::new(|tx| {
                tx.put(fields(), "n", ScalarValue::Bytes(vec![1])).unwrap();
            }),
        ),
        (
            "no number",
            Box::new(|tx| tx.put(fields(), "n", f64::NAN).unwrap()),
        ),
        (
            "a key that is no path",
            Box::new(|tx| tx.put(fields(), "a b", 1).unwrap()),
        ),
        (
            "removal of an event",
            Box::new({
                let key = key.clone();
                move |tx| tx.delete(events(), key.as_str()).unwrap()
            }),
        ),
        (
            "another event in its place",
            Box::new({
                let key = key.clone();
                move |tx| {
                    tx.put(events(), key.as_str(), wire::encode(&other))
                        .unwrap()
                }
            }),
        ),
        (
            "an event in another's name",
            Box::new(move |tx| {
                let (id, body) = &foreign;
                tx.put(events(), id.to_string(), wire::encode(body))
                    .unwrap();
            }),
        ),
        (
            "an event that is text",
            Box::new(|tx| {
                tx.put(events(), event(ME, 5).0.to_string(), "x").unwrap();
            }),
        ),
        (
            "an event that is no event",
            Box::new(|tx| {
                tx.put(events(), event(ME, 5).0.to_string(), vec![0xff])
                    .unwrap();
            }),
        ),
        (
            "a key that is no event id",
            Box::new(|tx| {
                tx.put(events(), "x", wire::encode(&event(ME, 1).1))
                    .unwrap();
            }),
        ),
    ];
    for (what, write) in writes {
        let bytes = written(&me(), write);
        assert_eq!(refusal(&bytes), RefusalCode::OperationNotAllowed, "{what}");
    }
    let set = |tx: &mut automerge::transaction::Transaction<'_>| {
        tx.put(fields(), "people", 9).unwrap();
    };
    assert!(check_change(&written(&me(), set)).is_ok());
    let anonymous = written(&[7; 16], set);
    assert_eq!(refusal(&anonymous), RefusalCode::OperationNotAllowed);
}

#[test]
fn numbers_that_do_not_follow_are_found_against_the_document() {
    let place = |bytes: Vec<u8>| {
        let change = check_change(&bytes).unwrap();
        let mut document = dispute();
        let judged = check_in(&change, &document);
        assert_eq!(judged.is_ok(), document.apply(&change).is_ok());
        judged.map_err(|e| e.refusal())
    };
    assert_eq!(place(altered(|_| {})), Ok(()));
    let inflated = altered(|c| c.start_op = 1_000_000.try_into().unwrap());
    assert_eq!(place(inflated), Err(RefusalCode::Malformed));
    let reused = altered(|c| c.seq = 1);
    assert_eq!(place(reused), Err(RefusalCode::Malformed));
    let skipped = altered(|c| c.seq = 7);
    assert_eq!(place(skipped), Err(RefusalCode::Malformed));
    let genesis = Change::from_bytes(genesis::bytes(Kind::Dispute).to_vec())
        .unwrap()
        .hash();
    let forked = altered(|c| {
        c.deps = vec![genesis];
        c.start_op = 4.try_into().unwrap();
        for op in &mut c.operations {
            op.pred = Vec::new().into();
        }
    });
    assert_eq!(place(forked), Err(RefusalCode::Malformed));
    let unknown = altered(|c| c.deps = vec![automerge::ChangeHash([3; 32])]);
    assert_eq!(place(unknown), Err(RefusalCode::DependencyMissing));
}

#[test]
fn messages_odd_times_and_rootless_changes_do_not_pass() {
    let message = altered(|c| c.message = Some("hello".into()));
    assert_eq!(refusal(&message), RefusalCode::OperationNotAllowed);
    let extra = altered(|c| c.extra_bytes = vec![1, 2, 3]);
    assert_eq!(refusal(&extra), RefusalCode::OperationNotAllowed);
    assert_eq!(refusal(&altered(|c| c.time = -1)), RefusalCode::Malformed);
    assert_eq!(
        refusal(&altered(|c| c.time = i64::MAX)),
        RefusalCode::Malformed
    );
    assert_eq!(
        refusal(&altered(|c| c.deps.clear())),
        RefusalCode::Malformed
    );
    let empty = altered(|c| c.operations.clear());
    assert_eq!(refusal(&empty), RefusalCode::OperationNotAllowed);
}

#[test]
fn a_change_for_another_kind_is_refused_by_the_document() {
    let change = check_change(&some_bytes()).unwrap();
    let judged = check_in(&change, &Document::new(Kind::Visit).unwrap());
    assert!(matches!(
        judged,
        Err(GuardError::Place(DocumentError::WrongKind(_)))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_flipped_byte_passes(place in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = some_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        prop_assert!(check_change(&bytes).is_err());
    }

    #[test]
    fn no_forged_content_makes_the_gate_or_the_document_fall(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..5),
    ) {
        let good = some_bytes();
        let mut forged = content(&good).to_vec();
        for (place, byte, how) in edits {
            let place = place.index(forged.len());
            match how {
                0 => forged[place] = byte,
                1 => forged.insert(place, byte),
                _ => { forged.remove(place); }
            }
            if forged.is_empty() {
                forged.push(byte);
            }
        }
        if let Ok(change) = check_change(&sealed(1, &forged)) {
            let mut document = Document::new(Kind::Dispute).unwrap();
            if document.apply(&change).is_ok() {
                let again = Document::load(&document.save()).unwrap();
                prop_assert_eq!(again.fields().unwrap(), document.fields().unwrap());
                prop_assert_eq!(&again.changes()[0].bytes, &change.bytes());
            }
        }
    }

    #[test]
    fn no_bytes_whatever_make_the_gate_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(check_change(&sealed(1, &bytes)).is_err());
        prop_assert!(check_change(&bytes).is_err());
    }
}
