//! The edges of the guard: how much passes and what is one too many, and that nothing has two writings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chunk;

use automerge::legacy::{Key, ObjectId, Op, OpId};
use automerge::transaction::Transactable;
use automerge::{Change, ExpandedChange};
use chunk::{ME, altered, content, event, events, fields, me, sealed, some_bytes, written};
use sha2::{Digest, Sha256};
use xunge_protocol::wire;
use xunge_records::document::genesis;
use xunge_records::{EventId, GuardError, Kind, Value, check_change};

fn too_large(bytes: &[u8]) -> Option<&'static str> {
    match check_change(bytes) {
        Ok(_) => None,
        Err(GuardError::TooLarge(what)) => Some(what),
        Err(other) => panic!("{other}"),
    }
}

fn malformed(bytes: &[u8]) -> &'static str {
    match check_change(bytes) {
        Err(GuardError::Malformed(what)) => what,
        other => panic!("{other:?}"),
    }
}

fn not_allowed(bytes: &[u8]) -> &'static str {
    match check_change(bytes) {
        Err(GuardError::OperationNotAllowed(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_has_at_most_its_bytes() {
    const MAX: usize = 256 * 1024;
    assert_eq!(malformed(&vec![0; MAX]), "magic bytes");
    assert_eq!(too_large(&vec![0; MAX + 1]), Some("bytes of the change"));
}

#[test]
fn a_change_has_at_most_its_operations() {
    let many = |count: i64| {
        written(&me(), |tx| {
            for n in 0..count {
                tx.put(fields(), format!("x{n}"), n).unwrap();
            }
        })
    };
    assert_eq!(too_large(&many(4096)), None);
    assert_eq!(too_large(&many(4097)), Some("rows of a column"));
}

#[test]
fn a_text_has_at_most_its_bytes() {
    let long = |bytes: usize| {
        written(&me(), |tx| {
            tx.put(fields(), "narrative", "x".repeat(bytes)).unwrap();
        })
    };
    assert_eq!(too_large(&long(16_000)), None);
    assert_eq!(too_large(&long(16_001)), Some("a text"));
}

#[test]
fn an_event_has_at_most_its_bytes_and_its_basis() {
    let long = |bytes: usize| {
        let (id, mut body) = event(ME, 2);
        body.note = Some("x".repeat(30_000));
        let rest = bytes - wire::encode(&body).len();
        body.note = Some("x".repeat(30_000 + rest));
        let encoded = wire::encode(&body);
        assert_eq!(encoded.len(), bytes);
        written(&me(), |tx| {
            tx.put(events(), id.to_string(), encoded).unwrap()
        })
    };
    assert_eq!(too_large(&long(32 * 1024)), None);
    assert_eq!(too_large(&long(32 * 1024 + 1)), Some("an event"));
    let built_on = |count: u32| {
        let (id, mut body) = event(ME, 2);
        let basis = (0..count).map(|n| EventId { writer: ME, n });
        body.basis = basis.collect();
        let encoded = wire::encode(&body);
        written(&me(), |tx| {
            tx.put(events(), id.to_string(), encoded).unwrap()
        })
    };
    assert_eq!(too_large(&built_on(64)), None);
    for count in [65, 66] {
        assert_eq!(too_large(&built_on(count)), Some("basis of an event"));
    }
}

#[test]
fn a_change_builds_on_so_many_heads_and_no_more() {
    let built_on = |count: u8| {
        altered(|c| {
            let heads = (0..count).map(|n| automerge::ChangeHash([n; 32]));
            c.deps = heads.collect();
        })
    };
    assert_eq!(too_large(&built_on(64)), None);
    assert_eq!(too_large(&built_on(65)), Some("dependencies"));
}

/// The chunk with its length written otherwise, and a checksum that is right for that.
fn with_length(length: &[u8], content: &[u8]) -> Vec<u8> {
    let hash = Sha256::new()
        .chain_update([1])
        .chain_update(length)
        .chain_update(content)
        .finalize();
    let head = &[0x85, 0x6f, 0x4a, 0x83][..];
    [head, &hash[..4], &[1], length, content].concat()
}

#[test]
fn the_length_of_a_chunk_is_true_and_has_one_writing() {
    let good = some_bytes();
    let content = content(&good);
    let (low, high) = (content.len() as u8 | 0x80, (content.len() >> 7) as u8);
    let short = [low, high];
    assert_eq!(with_length(&short, content), good);
    for length in [
        &[low, high | 0x80, 0][..],
        &[low, high | 0x80, 0x80, 0],
        &[low ^ 1, high],
        &[low, high + 1],
        &[0],
        &[0x80],
        &[0xff; 10],
    ] {
        let bytes = with_length(length, content);
        let said = malformed(&bytes);
        assert!(
            ["chunk length", "a number is too long"].contains(&said),
            "{said}"
        );
    }
    assert_eq!(malformed(&with_length(&[], &[])), "it ends early");
    assert_eq!(malformed(&sealed(1, &[])), "it ends early");
}

/// One column of `spec` behind an otherwise empty change.
fn one_column(spec: u8, column: &[u8]) -> Vec<u8> {
    let mut content = vec![0, 9];
    content.extend(me());
    content.extend([1, 4, 0, 0, 0, 1, spec, column.len() as u8]);
    content.extend(column);
    sealed(1, &content)
}

#[test]
fn a_column_of_any_type_has_at_most_so_many_rows_however_they_are_written() {
    // 4,097 as a number of rows; as that of a literal run it would be negative, and be followed by so many values.
    let (unsigned, signed) = ([0x81, 0x20], [0x81, 0x20]);
    let repeated = [&signed[..], &[1]].concat();
    let nothing = [&[0][..], &unsigned].concat();
    let literal = [&[0xff, 0x5f][..], &[1; 100]].concat();
    // Actors, numbers, differences and texts by runs.
    for kind in [1u8, 2, 3, 5] {
        for column in [&repeated, &nothing, &literal] {
            assert_eq!(
                too_large(&one_column(0x40 | kind, column)),
                Some("rows of a column"),
                "{kind}"
            );
        }
    }
    assert_eq!(
        too_large(&one_column(0x44, &unsigned)),
        Some("rows of a column")
    );
    let text = [&[1][..], &[0xa1, 0x01], &[b'x'; 100]].concat();
    assert_eq!(too_large(&one_column(0x45, &text)), Some("a key"));
}

#[test]
fn a_column_that_ends_in_the_middle_or_is_packed_is_refused_before_automerge_reads_it() {
    for (spec, column) in [
        (0x42, &[3][..]),
        (0x42, &[0][..]),
        (0x42, &[0x7e, 1][..]),
        (0x45, &[1, 5, b'x'][..]),
        (0x44, &[0x80][..]),
    ] {
        assert_eq!(malformed(&one_column(spec, column)), "it ends early");
    }
    assert_eq!(malformed(&one_column(0x4a, &[])), "a compressed column");
    assert_eq!(
        malformed(&one_column(0x42, &[[0x80; 10].as_slice(), &[1]].concat())),
        "a number is too long"
    );
}

/// The chunk with `column` for the one of that type.
fn with_column(bytes: &[u8], spec: u64, column: &[u8]) -> Vec<u8> {
    fn number(rest: &mut &[u8]) -> usize {
        leb128::read::unsigned(rest).unwrap() as usize
    }
    fn skip(rest: &mut &[u8], bytes: usize) {
        *rest = &rest[bytes..];
    }
    let all = content(bytes);
    let mut rest = all;
    let dependencies = number(&mut rest);
    skip(&mut rest, dependencies * 32);
    let actor = number(&mut rest);
    skip(&mut rest, actor);
    // Sequence, first operation, time, message, other actors.
    for _ in 0..4 {
        number(&mut rest);
    }
    for _ in 0..number(&mut rest) {
        let actor = number(&mut rest);
        skip(&mut rest, actor);
    }
    let mut made = all[..all.len() - rest.len()].to_vec();
    let count = number(&mut rest);
    leb128::write::unsigned(&mut made, count as u64).unwrap();
    let columns: Vec<(usize, usize)> = (0..count)
        .map(|_| (number(&mut rest), number(&mut rest)))
        .collect();
    let mut data = Vec::new();
    for (found, length) in columns {
        let written = if found as u64 == spec {
            column
        } else {
            &rest[..length]
        };
        skip(&mut rest, length);
        leb128::write::unsigned(&mut made, found as u64).unwrap();
        leb128::write::unsigned(&mut made, written.len() as u64).unwrap();
        data.extend_from_slice(written);
    }
    made.extend(data);
    sealed(1, &made)
}

#[test]
fn what_automerge_reads_and_would_write_otherwise_does_not_pass() {
    let two = written(&me(), |tx| {
        tx.put(fields(), "people", 4).unwrap();
        tx.put(fields(), "urgent", false).unwrap();
    });
    // Twice the action "put": as a run, and one by one.
    assert_eq!(with_column(&two, 0x42, &[2, 1]), two);
    let otherwise = with_column(&two, 0x42, &[0x7e, 1, 1]);
    assert!(Change::from_bytes(otherwise.clone()).is_ok());
    assert_eq!(malformed(&otherwise), "automerge would write it otherwise");
}

/// The honest opening of a dispute, with something altered.
fn opening(alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut expanded = Change::from_bytes(some_bytes()).unwrap().decode();
    alter(&mut expanded);
    Change::from(expanded).raw_bytes().to_vec()
}

#[test]
fn a_change_says_scope_and_form_once_and_both() {
    assert!(check_change(&opening(|_| {})).is_ok());
    for key in ["s", "form"] {
        let is_it = |op: &Op| matches!(&op.key, Key::Map(name) if name == key);
        let twice = opening(|c| {
            let again = c.operations.iter().find(|op| is_it(op)).unwrap().clone();
            c.operations.push(again);
        });
        assert_eq!(not_allowed(&twice), "a key of the skeleton", "{key}");
        let missing = opening(|c| c.operations.retain(|op| !is_it(op)));
        assert_eq!(not_allowed(&missing), "half an opening", "{key}");
    }
}

#[test]
fn a_change_is_of_one_kind() {
    let mixed = altered(|c| {
        let mut other = c.operations[0].clone();
        let visit = genesis::actor(Kind::Visit);
        other.obj = ObjectId::Id(OpId::new(1, &visit));
        other.pred = Vec::new().into();
        c.operations.push(other);
    });
    assert_eq!(not_allowed(&mixed), "two kinds at once");
}

#[test]
fn a_field_holds_text_whole_numbers_decimals_and_truths_and_may_be_emptied() {
    let bytes = written(&me(), |tx| {
        tx.put(fields(), "disputed_yuan", 1.5).unwrap();
        tx.put(fields(), "people", 4).unwrap();
        tx.put(fields(), "urgent", false).unwrap();
        tx.delete(fields(), "type").unwrap();
    });
    let does = check_change(&bytes).unwrap().operations;
    let set = [
        ("disputed_yuan".to_string(), Value::Float(1.5)),
        ("people".to_string(), Value::Int(4)),
        ("urgent".to_string(), Value::Bool(false)),
    ];
    assert_eq!(does.set, set);
    assert_eq!(does.remove, ["type".to_string()]);
}
