//! Who may do what: roles, openers, scopes, and verbs that are the relay's alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use xunge_protocol::system::WriterRole;
use xunge_protocol::{Confidence, RecordId, RefusalCode, ScopeId, Timestamp, WriterId};
use xunge_records::guard::rules::{Arrival, check_role};
use xunge_records::{
    Author, CheckedChange, Document, Edit, EventBody, EventId, Kind, Open, Verb, check_change,
};

const SCOPE: ScopeId = ScopeId([9; 8]);
const WORKER: u8 = 1;
const OTHER: u8 = 2;
const RELAY: u8 = 200;

fn written(by: u8) -> RecordId {
    RecordId::written(WriterId([by; 8]), 1)
}

fn opening() -> Edit {
    Edit {
        open: Some(Open {
            scope: SCOPE,
            form: "x@1".parse().unwrap(),
        }),
        ..Edit::default()
    }
}

fn event(by: u8, verb: Verb) -> (EventId, EventBody) {
    let writer = WriterId([by; 8]);
    let body = EventBody::new(verb, Timestamp(0), Confidence::Relay);
    (EventId { writer, n: 1 }, body)
}

fn with(verb: Verb, by: u8) -> Edit {
    let (id, body) = event(by, verb);
    Edit::default().event(id, body)
}

/// A record as the log brings it, step by step.
struct Log {
    arrival: Arrival,
    document: Document,
}

impl Log {
    fn of(kind: Kind, record: RecordId) -> Self {
        Self {
            arrival: Arrival {
                role: WriterRole::Worker,
                record,
                kind,
                scope: SCOPE,
            },
            document: Document::new(kind).unwrap(),
        }
    }

    /// Judges what `by` writes, and takes it if it may.
    fn push(&mut self, by: u8, edit: &Edit) -> Result<(), RefusalCode> {
        self.arrival.role = if by == RELAY {
            WriterRole::Relay
        } else {
            WriterRole::Worker
        };
        let author = Author {
            writer: WriterId([by; 8]),
            rebuild: 0,
        };
        let mut there = self.document.clone();
        let change = there.edit(author, Timestamp(0), edit).unwrap().unwrap();
        let change = check_change(&change.bytes).unwrap();
        check_role(&self.arrival, &change, &self.document)?;
        self.document.apply(&change).unwrap();
        Ok(())
    }
}

#[test]
fn a_worker_opens_a_dispute_of_their_own_and_others_add_to_it() {
    let mut log = Log::of(Kind::Dispute, written(WORKER));
    assert_eq!(log.push(WORKER, &opening().set("type", "02")), Ok(()));
    assert_eq!(log.push(OTHER, &with(Verb::Mediate, OTHER)), Ok(()));
    assert_eq!(log.push(RELAY, &with(Verb::Register, RELAY)), Ok(()));
    assert_eq!(log.push(OTHER, &Edit::default().set("people", 4)), Ok(()));
}

#[test]
fn nobody_opens_a_record_in_anothers_name() {
    let mut log = Log::of(Kind::Dispute, written(WORKER));
    let edit = opening().set("type", "02");
    assert_eq!(log.push(OTHER, &edit), Err(RefusalCode::ForeignRecord));
    assert_eq!(log.push(RELAY, &edit), Err(RefusalCode::ForeignRecord));
}

#[test]
fn a_record_belongs_to_its_segments_scope() {
    let mut log = Log::of(Kind::Visit, written(WORKER));
    log.arrival.scope = ScopeId([8; 8]);
    assert_eq!(log.push(WORKER, &opening()), Err(RefusalCode::WrongScope));
    log.arrival.scope = SCOPE;
    assert_eq!(log.push(WORKER, &opening()), Ok(()));
    log.arrival.scope = ScopeId([8; 8]);
    let edit = Edit::default().set("note", "x");
    assert_eq!(log.push(WORKER, &edit), Err(RefusalCode::WrongScope));
}

#[test]
fn nothing_is_written_into_a_record_that_nobody_opened() {
    let mut log = Log::of(Kind::Visit, written(WORKER));
    let edit = Edit::default().set("note", "x");
    assert_eq!(log.push(WORKER, &edit), Err(RefusalCode::WrongScope));
}

#[test]
fn decisions_are_the_relays_alone() {
    for verb in Verb::ALL.iter().filter(|v| v.is_relay_only()) {
        let mut log = Log::of(Kind::Dispute, written(WORKER));
        log.push(WORKER, &opening()).unwrap();
        let judged = log.push(WORKER, &with(*verb, WORKER));
        assert_eq!(judged, Err(RefusalCode::OperationNotAllowed), "{verb:?}");
        assert_eq!(log.push(RELAY, &with(*verb, RELAY)), Ok(()), "{verb:?}");
    }
}

#[test]
fn a_worker_writes_nothing_into_a_warning_but_that_it_arrived() {
    let mut log = Log::of(Kind::Warning, written(WORKER));
    assert_eq!(
        log.push(WORKER, &opening()),
        Err(RefusalCode::KindNotAllowed)
    );
    let mut log = Log::of(Kind::Warning, written(RELAY));
    log.push(RELAY, &opening().set("text", "x")).unwrap();
    log.push(RELAY, &with(Verb::Issue, RELAY)).unwrap();
    assert_eq!(log.push(WORKER, &with(Verb::Deliver, WORKER)), Ok(()));
    for edit in [with(Verb::Hear, OTHER), Edit::default().set("text", "y")] {
        assert_eq!(log.push(OTHER, &edit), Err(RefusalCode::KindNotAllowed));
    }
}

#[test]
fn an_acknowledgement_stands_under_the_id_of_its_warning_and_household() {
    let (warning, household) = (written(RELAY), written(WORKER));
    let edit = opening()
        .set("warning", warning.to_string())
        .set("household", household.to_string());
    let ack = RecordId::acknowledgement(&warning, &household);
    let mut log = Log::of(Kind::WarningAck, ack);
    assert_eq!(log.push(OTHER, &edit), Ok(()));
    let elsewhere = Edit::default().set("household", written(7).to_string());
    assert_eq!(
        log.push(OTHER, &elsewhere),
        Err(RefusalCode::OperationNotAllowed)
    );
    let swapped = RecordId::acknowledgement(&household, &warning);
    let mut log = Log::of(Kind::WarningAck, swapped);
    assert_eq!(log.push(OTHER, &edit), Err(RefusalCode::ForeignRecord));
    let mut log = Log::of(Kind::Visit, ack);
    assert_eq!(log.push(OTHER, &edit), Err(RefusalCode::ForeignRecord));
}

#[test]
fn two_who_acknowledge_apart_are_both_taken() {
    let (warning, household) = (written(RELAY), written(WORKER));
    let edit = opening()
        .set("warning", warning.to_string())
        .set("household", household.to_string());
    let mut log = Log::of(
        Kind::WarningAck,
        RecordId::acknowledgement(&warning, &household),
    );
    let mut apart = Document::new(Kind::WarningAck).unwrap();
    let author = Author {
        writer: WriterId([OTHER; 8]),
        rebuild: 0,
    };
    let second = apart.edit(author, Timestamp(0), &edit).unwrap().unwrap();
    log.push(WORKER, &edit).unwrap();
    let second = check_change(&second.bytes).unwrap();
    assert_eq!(check_role(&log.arrival, &second, &log.document), Ok(()));
    log.document.apply(&second).unwrap();
}

#[test]
fn what_the_relay_links_no_worker_rewrites() {
    for (kind, path) in [
        (Kind::Household, "merged_into"),
        (Kind::Household, "ref"),
        (Kind::Person, "id_index"),
    ] {
        let mut log = Log::of(kind, written(WORKER));
        log.push(WORKER, &opening()).unwrap();
        let edit = Edit::default().set(path, "x");
        assert_eq!(
            log.push(WORKER, &edit),
            Err(RefusalCode::OperationNotAllowed)
        );
        assert_eq!(log.push(RELAY, &edit), Ok(()));
    }
}

#[test]
fn an_event_is_set_once_even_by_a_rebuilt_document() {
    let mut log = Log::of(Kind::Dispute, written(WORKER));
    log.push(WORKER, &opening()).unwrap();
    let mut apart = log.document.clone();
    log.push(WORKER, &with(Verb::Mediate, WORKER)).unwrap();
    let rebuilt = Author {
        writer: WriterId([WORKER; 8]),
        rebuild: 1,
    };
    let edit = with(Verb::Agree, WORKER);
    let change = apart.edit(rebuilt, Timestamp(0), &edit).unwrap().unwrap();
    let change = check_change(&change.bytes).unwrap();
    let judged = check_role(&log.arrival, &change, &log.document);
    assert_eq!(judged, Err(RefusalCode::OperationNotAllowed));
}

#[test]
fn an_entry_that_names_another_kind_than_its_change_is_refused() {
    let mut log = Log::of(Kind::Dispute, written(WORKER));
    log.arrival.kind = Kind::Request;
    let judged = log.push(WORKER, &opening().set("type", "02"));
    assert_eq!(judged, Err(RefusalCode::OperationNotAllowed));
}

/// What `by` writes into a record of `kind` that nobody else has written into.
fn change(by: u8, rebuild: u8, kind: Kind, edit: &Edit) -> CheckedChange {
    let author = Author {
        writer: WriterId([by; 8]),
        rebuild,
    };
    let mut apart = Document::new(kind).unwrap();
    let change = apart.edit(author, Timestamp(0), edit).unwrap().unwrap();
    check_change(&change.bytes).unwrap()
}

#[test]
fn entry_change_and_record_are_of_one_kind() {
    let judge = |arrival: Kind, record: Kind, written_as: Kind| {
        let mut log = Log::of(record, written(WORKER));
        log.arrival.kind = arrival;
        let edit = opening().set("note", "x");
        let change = change(WORKER, 0, written_as, &edit);
        check_role(&log.arrival, &change, &log.document)
    };
    let refused = Err(RefusalCode::OperationNotAllowed);
    assert_eq!(judge(Kind::Visit, Kind::Visit, Kind::Visit), Ok(()));
    assert_eq!(judge(Kind::Visit, Kind::Visit, Kind::Dispute), refused);
    assert_eq!(judge(Kind::Visit, Kind::Dispute, Kind::Visit), refused);
    assert_eq!(judge(Kind::Dispute, Kind::Visit, Kind::Visit), refused);
}

#[test]
fn a_record_is_opened_once() {
    let mut log = Log::of(Kind::Visit, written(WORKER));
    log.push(WORKER, &opening()).unwrap();
    let again = change(WORKER, 1, Kind::Visit, &opening());
    let judged = check_role(&log.arrival, &again, &log.document);
    assert_eq!(judged, Err(RefusalCode::OperationNotAllowed));
}

#[test]
fn what_an_acknowledgement_says_is_mended_and_a_visit_is_moved_to_the_right_household() {
    let (warning, household) = (written(RELAY), written(WORKER));
    let edit = opening()
        .set("warning", warning.to_string())
        .set("household", household.to_string());
    let ack = RecordId::acknowledgement(&warning, &household);
    let mut log = Log::of(Kind::WarningAck, ack);
    log.push(WORKER, &edit).unwrap();
    let outcome = Edit::default().set("outcome", "W41");
    assert_eq!(log.push(WORKER, &outcome), Ok(()));
    let mut log = Log::of(Kind::Visit, written(WORKER));
    log.push(WORKER, &opening()).unwrap();
    let moved = Edit::default().set("household", household.to_string());
    assert_eq!(log.push(WORKER, &moved), Ok(()));
}
