//! Documents as phones and relay use them: edits, changes from outside, differing values, saving.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use xunge_protocol::{Confidence, RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::{
    Author, Document, DocumentError, Edit, EventBody, EventId, Kind, Open, Value, Verb,
    check_change,
};

const SCOPE: ScopeId = ScopeId([9; 8]);

fn author(n: u8) -> Author {
    Author {
        writer: WriterId([n; 8]),
        rebuild: 0,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1000)
}

fn opening() -> Edit {
    Edit {
        open: Some(Open {
            scope: SCOPE,
            form: "household@1".parse().unwrap(),
        }),
        ..Edit::default()
    }
}

/// A household that author 1 opened, and a copy of it elsewhere.
fn two_copies() -> (Document, Document) {
    let mut here = Document::new(Kind::Household).unwrap();
    let edit = opening().set("door", "3-12").set("members", 4);
    let change = here.edit(author(1), at(100), &edit).unwrap().unwrap();
    let mut there = Document::new(Kind::Household).unwrap();
    there.apply(&check_change(&change.bytes).unwrap()).unwrap();
    (here, there)
}

#[test]
fn a_record_reads_the_same_where_its_change_arrives() {
    let (here, there) = two_copies();
    let id = RecordId::written(WriterId([1; 8]), 1);
    let record = there.read(id).unwrap();
    assert_eq!(record, here.read(id).unwrap());
    assert_eq!(record.scope, Some(SCOPE));
    assert_eq!(record.form.unwrap().to_string(), "household@1");
    assert_eq!(record.fields.text("door"), Some("3-12"));
    let members = &record.fields.0["members"];
    assert_eq!((members.writer, members.at), (WriterId([1; 8]), at(100)));
}

#[test]
fn kept_changes_make_the_same_document_at_once_without_those_that_have_no_place() {
    let (mut here, _) = two_copies();
    for members in [5, 6, 7] {
        let edit = Edit::default().set("members", members);
        here.edit(author(1), at(200 + members), &edit).unwrap();
    }
    let mut bodies: Vec<_> = here.changes().into_iter().map(|c| c.bytes).collect();
    let (all, left) = Document::of_kept(Kind::Household, bodies.clone()).unwrap();
    assert_eq!((all.heads(), left), (here.heads(), 0));
    assert_eq!(all.fields().unwrap(), here.fields().unwrap());
    // Without the second, the third and the fourth have nothing to build on.
    bodies.remove(1);
    let (fewer, left) = Document::of_kept(Kind::Household, bodies).unwrap();
    assert_eq!(left, 2);
    assert_eq!(fewer.fields().unwrap().0["members"].value, Value::Int(4));
    assert!(Document::of_kept(Kind::Household, vec![vec![0; 20]]).is_err());
}

#[test]
fn two_people_who_change_one_field_apart_are_both_heard_and_an_edit_settles_it() {
    let (mut here, mut there) = two_copies();
    let a = here
        .edit(author(1), at(200), &Edit::default().set("members", 5))
        .unwrap()
        .unwrap();
    let b = there
        .edit(author(2), at(300), &Edit::default().set("members", 6))
        .unwrap()
        .unwrap();
    here.apply(&check_change(&b.bytes).unwrap()).unwrap();
    there.apply(&check_change(&a.bytes).unwrap()).unwrap();
    let fields = here.fields().unwrap();
    assert_eq!(fields, there.fields().unwrap());
    let members = &fields.0["members"];
    assert_eq!(members.others.len(), 1);
    let mut seen = [members.value.clone(), members.others[0].value.clone()];
    seen.sort_by_key(|v| v.as_f64().map(|x| x as i64));
    assert_eq!(seen, [Value::Int(5), Value::Int(6)]);
    assert_eq!(fields.conflicts().count(), 1);

    let chosen = Edit::default().set("members", members.value.clone());
    here.edit(author(3), at(400), &chosen).unwrap().unwrap();
    assert_eq!(here.fields().unwrap().conflicts().count(), 0);
}

#[test]
fn two_people_who_write_the_same_do_not_differ() {
    let (mut here, mut there) = two_copies();
    let edit = Edit::default().set("members", 5);
    here.edit(author(1), at(200), &edit).unwrap().unwrap();
    let b = there.edit(author(2), at(300), &edit).unwrap().unwrap();
    here.apply(&check_change(&b.bytes).unwrap()).unwrap();
    assert_eq!(here.fields().unwrap().conflicts().count(), 0);
    assert!(here.edit(author(1), at(400), &edit).unwrap().is_none());
}

#[test]
fn members_of_a_set_that_two_people_add_apart_are_all_there() {
    let (mut here, mut there) = two_copies();
    here.edit(author(1), at(1), &Edit::default().set("flags/HF10", true))
        .unwrap();
    let b = there
        .edit(author(2), at(2), &Edit::default().set("flags/HF13", true))
        .unwrap()
        .unwrap();
    here.apply(&check_change(&b.bytes).unwrap()).unwrap();
    let fields = here.fields().unwrap();
    assert_eq!(
        fields.members("flags").collect::<Vec<_>>(),
        ["HF10", "HF13"]
    );
}

#[test]
fn two_who_open_one_record_apart_make_one_record() {
    let edit = opening().set("outcome", "W40");
    let mut here = Document::new(Kind::WarningAck).unwrap();
    let mut there = Document::new(Kind::WarningAck).unwrap();
    let a = here.edit(author(1), at(1), &edit).unwrap().unwrap();
    let b = there.edit(author(2), at(2), &edit).unwrap().unwrap();
    here.apply(&check_change(&b.bytes).unwrap()).unwrap();
    there.apply(&check_change(&a.bytes).unwrap()).unwrap();
    assert_eq!(here.heads(), there.heads());
    assert_eq!(here.fields().unwrap(), there.fields().unwrap());
    assert_eq!(here.scope().unwrap(), Some(SCOPE));
}

#[test]
fn a_change_taken_twice_changes_nothing() {
    let (mut here, there) = two_copies();
    let all = there.changes();
    assert_eq!(all.len(), 1);
    here.apply(&check_change(&all[0].bytes).unwrap()).unwrap();
    assert_eq!(here.heads(), there.heads());
    assert!(here.knows(&all[0].hash));
}

#[test]
fn a_change_without_what_it_builds_on_names_what_is_missing() {
    let (mut here, _) = two_copies();
    let first = here.changes()[0].hash;
    let next = here
        .edit(author(1), at(5), &Edit::default().set("members", 1))
        .unwrap()
        .unwrap();
    let mut empty = Document::new(Kind::Household).unwrap();
    match empty.apply(&check_change(&next.bytes).unwrap()) {
        Err(DocumentError::MissingDependencies(missing)) => assert_eq!(missing, [first]),
        other => panic!("{other:?}"),
    }
    assert!(empty.changes().is_empty());
}

#[test]
fn a_change_of_another_kind_is_not_taken() {
    let (here, _) = two_copies();
    let mut visit = Document::new(Kind::Visit).unwrap();
    let change = check_change(&here.changes()[0].bytes).unwrap();
    assert!(matches!(
        visit.apply(&change),
        Err(DocumentError::WrongKind(Kind::Household))
    ));
}

#[test]
fn a_saved_document_comes_back_whole() {
    let (mut here, _) = two_copies();
    let id = EventId {
        writer: WriterId([1; 8]),
        n: 1,
    };
    let body = EventBody::new(Verb::Deliver, at(7), Confidence::Checked);
    here.edit(author(1), at(7), &Edit::default().event(id, body.clone()))
        .unwrap();
    let mut back = Document::load(&here.save()).unwrap();
    assert_eq!(back.kind(), Kind::Household);
    assert_eq!(back.heads(), here.heads());
    assert_eq!(back.changes(), here.changes());
    assert_eq!(back.events().unwrap(), [(id, body.clone())]);
    let again = Edit::default().event(id, body);
    assert!(back.edit(author(1), at(8), &again).unwrap().is_none());
    let other = EventBody::new(Verb::Hear, at(7), Confidence::Checked);
    assert!(matches!(
        back.edit(author(1), at(8), &Edit::default().event(id, other)),
        Err(DocumentError::EventExists(_))
    ));
}

#[test]
fn a_removed_field_is_gone_and_an_unwritable_one_is_refused() {
    let (mut here, _) = two_copies();
    let remove = Edit {
        remove: vec!["members".into(), "never_there".into()],
        ..Edit::default()
    };
    here.edit(author(1), at(9), &remove).unwrap().unwrap();
    assert_eq!(here.fields().unwrap().get("members"), None);
    for (path, value) in [
        ("", Value::from(1)),
        ("a//b", Value::from(1)),
        ("门", Value::from(1)),
        ("x", Value::Float(f64::NAN)),
        ("x", Value::Text("长".repeat(6000))),
    ] {
        let edit = Edit::default().set(path, value);
        assert!(matches!(
            here.edit(author(1), at(9), &edit),
            Err(DocumentError::BadEdit { .. })
        ));
    }
}
