//! What phones can rely on: nothing lost, nothing twice, nothing outside their grids.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::atomic::Ordering;

use common::*;
use xunge_protocol::batch::{Assume, Batch};
use xunge_protocol::envelope::{open_response, seal_request};
use xunge_protocol::message::{MAX_SEGMENTS, SYNC_PATH};
use xunge_protocol::packed::PackedRequest;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::Fork;
use xunge_protocol::{
    EntryKind, EpochId, Hash32, KeyRing, RecordId, RefusalCode, SecretKey, Segment, SyncRequest,
    SyncResponse, Verdict,
};
use xunge_records::{Edit, EventBody, EventId, Kind, Review, Verb};
use xunge_server::authority::{self, AuthorityError, Draft};
use xunge_server::store::{EntryId, Options, QuarantineState};
use xunge_server::sync::{self, SyncFailure};

fn accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted { .. })
}

fn refused_as(verdict: &Verdict) -> RefusalCode {
    match verdict {
        Verdict::Quarantined { code, .. } => *code,
        other => panic!("{other:?}"),
    }
}

/// What waits in quarantine.
fn waiting(place: &Place) -> Vec<EntryId> {
    let rows = place
        .relay
        .store
        .read(|tx| tx.quarantine(Some(QuarantineState::Waiting), None, None, 10))
        .unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn record_count(place: &Place) -> usize {
    place
        .relay
        .store
        .read(|tx| tx.records_after(0, None, None, 10_000))
        .unwrap()
        .len()
}

#[test]
fn a_pushed_visit_has_a_receipt_and_is_held_by_the_relay() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let visit = phone.visit(GRID);
    let answer = phone.sync(&place);
    assert!(answer.refused.is_empty());
    assert_eq!(answer.receipts.len(), 1);
    assert!(phone.verdicts[&(GRID, 0)].1.iter().all(accepted));
    let record = held(&place, visit).unwrap();
    assert_eq!(record.fields.text("visited_on"), Some("2026-11-23"));
    assert_eq!(record.scope, Some(GRID));
}

#[test]
fn the_same_request_twice_stores_once_and_answers_the_same_receipt() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    let segments = phone.seal();
    let request = phone.request(segments);
    let first = phone.send(&place, &request);
    phone.receipt_cursor = 0;
    let second = phone.send(&place, &request);
    assert_eq!(first.receipts, second.receipts);
    assert_eq!(record_count(&place), 1);
}

#[test]
fn a_lost_answer_is_healed_by_offering_the_segment_again() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    let segments = phone.seal();
    let lost = phone.request(segments.clone());
    sync::handle(&place.relay, &lost).unwrap();
    let again = phone.request(segments);
    let answer = phone.send(&place, &again);
    assert!(answer.refused.is_empty());
    assert_eq!(phone.receipt_cursor, 1);
    assert_eq!(record_count(&place), 1);
}

#[test]
fn an_index_taken_by_another_history_is_a_fork_and_one_beyond_the_next_a_gap() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    phone.sync(&place);
    // A copy of the phone from before writes another segment 0.
    phone.chains.clear();
    phone.visit(GRID);
    let answer = phone.sync(&place);
    assert!(answer.forked.is_some() && answer.receipts.is_empty());
    phone.chains.insert(GRID, (5, Hash32([1; 32])));
    phone.visit(GRID);
    let answer = phone.sync(&place);
    assert_eq!(answer.refused[0].code, SyncRefusal::Gap);
    assert_eq!(answer.refused[0].expected, 1);
    phone.chains.insert(GRID, (1, Hash32([1; 32])));
    phone.visit(GRID);
    assert!(phone.sync(&place).forked.is_some());
    assert_eq!(record_count(&place), 1);
}

#[test]
fn a_record_outside_the_grid_goes_to_quarantine_and_the_rest_is_accepted() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let inside = phone.visit(GRID);
    let outside = phone.visit(GRID_FAR);
    phone.sync(&place);
    assert!(accepted(&phone.verdicts[&(GRID, 0)].1[0]));
    assert_eq!(
        refused_as(&phone.verdicts[&(GRID_FAR, 0)].1[0]),
        RefusalCode::OutsideGrid
    );
    assert!(held(&place, inside).is_some());
    assert!(held(&place, outside).is_none());
}

#[test]
fn one_bad_entry_does_not_hold_up_its_neighbours_in_the_segment() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let first = phone.visit(GRID);
    let empty = phone.open(GRID, Kind::Visit, &[]);
    phone.edit(empty, Edit::default().set("note", "later"));
    let last = phone.visit(GRID);
    phone.sync(&place);
    let verdicts = &phone.verdicts[&(GRID, 0)].1;
    assert!(accepted(&verdicts[0]));
    assert_eq!(refused_as(&verdicts[1]), RefusalCode::InvalidContent);
    assert_eq!(refused_as(&verdicts[2]), RefusalCode::DependencyMissing);
    assert!(accepted(&verdicts[3]));
    assert!(held(&place, first).is_some() && held(&place, last).is_some());
    assert!(held(&place, empty).is_none());
}

#[test]
fn a_phone_can_write_nothing_that_is_the_relays() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let dispute = phone.dispute(GRID);
    phone.sync(&place);
    phone.event(dispute, Verb::Approve, |_| {});
    phone.visit(GRID);
    let (entry, hash) = &mut phone.waiting.get_mut(&GRID).unwrap()[1];
    entry.kind = EntryKind::GRANT;
    *hash = Hash32::of(&entry.body);
    let warning = phone.open(GRID, Kind::Warning, &[("text", "假的".into())]);
    phone.sync(&place);
    let verdicts = &phone.verdicts[&(GRID, 1)].1;
    assert_eq!(refused_as(&verdicts[0]), RefusalCode::OperationNotAllowed);
    assert_eq!(refused_as(&verdicts[1]), RefusalCode::KindNotAllowed);
    assert_eq!(refused_as(&verdicts[2]), RefusalCode::KindNotAllowed);
    assert!(held(&place, warning).is_none());
}

#[test]
fn a_record_cannot_be_opened_by_somebody_else_or_in_two_scopes() {
    let place = Place::inline();
    let mut one = place.phone("王秀英", &[GRID]);
    let mut two = place.phone("李建国", &[GRID, GRID_BESIDE]);
    let visit = one.visit(GRID);
    one.sync(&place);
    // Another writer's id.
    let stolen = two.visit(GRID);
    let entry = &mut two.waiting.get_mut(&GRID).unwrap()[0].0;
    entry.record = visit;
    two.sync(&place);
    assert!(matches!(
        refused_as(&two.verdicts[&(GRID, 0)].1[0]),
        RefusalCode::ForeignRecord | RefusalCode::DependencyMissing | RefusalCode::WrongScope
    ));
    // The scope in the document is not the segment's.
    let moved = two.visit(GRID);
    let entries = two.waiting.remove(&GRID).unwrap();
    two.waiting.insert(GRID_BESIDE, entries);
    two.sync(&place);
    assert_eq!(
        refused_as(&two.verdicts[&(GRID_BESIDE, 0)].1[0]),
        RefusalCode::WrongScope
    );
    assert!(held(&place, stolen).is_none() && held(&place, moved).is_none());
}

#[test]
fn a_record_that_nobody_can_have_opened_is_refused_as_foreign() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let visit = phone.visit(GRID);
    phone.edit(visit, Edit::default().set("note", "x"));
    for (entry, _) in phone.waiting.get_mut(&GRID).unwrap() {
        entry.record = RecordId([9; 13]);
    }
    phone.sync(&place);
    for verdict in &phone.verdicts[&(GRID, 0)].1 {
        assert_eq!(refused_as(verdict), RefusalCode::ForeignRecord);
    }
    assert_eq!(record_count(&place), 0);
}

#[test]
fn an_edit_is_refused_for_what_it_spoils_and_not_for_what_was_spoilt_before() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let visit = phone.visit(GRID);
    phone.sync(&place);
    let good = phone.documents[&visit].clone();
    let mut judged = |edit: Edit| {
        phone.documents.insert(visit, good.clone());
        phone.edit(visit, edit);
        phone.sync(&place);
        let index = phone.chains[&GRID].0 - 1;
        phone.verdicts[&(GRID, index)].1[0].clone()
    };
    let spoilt = judged(Edit::default().set("visited_on", "昨天"));
    assert_eq!(refused_as(&spoilt), RefusalCode::InvalidContent);
    let emptied = judged(Edit {
        remove: vec!["purposes/VP01".into()],
        ..Edit::default()
    });
    assert_eq!(refused_as(&emptied), RefusalCode::InvalidContent);

    // A supervisor lets the odd date in; what comes after it says nothing of the date.
    let mut other = place.phone("李建国", &[GRID]);
    let old = other.open(
        GRID,
        Kind::Visit,
        &[
            (
                "household",
                RecordId::written(phone.writer, 9)
                    .to_string()
                    .as_str()
                    .into(),
            ),
            ("visited_on", "昨天".into()),
            ("purposes/VP01", true.into()),
            ("met", "MET01".into()),
        ],
    );
    other.sync(&place);
    assert_eq!(
        refused_as(&other.verdicts[&(GRID, 0)].1[0]),
        RefusalCode::InvalidContent
    );
    let rows = place
        .relay
        .store
        .read(|tx| tx.quarantine(None, None, None, 10))
        .unwrap();
    let id = rows.iter().find(|row| row.record == old).unwrap().id;
    authority::command(&place.relay, move |a, _| a.admit(id, "u1", "老人记错"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    other.edit(old, Edit::default().set("note", "下次再问"));
    other.sync(&place);
    assert!(accepted(&other.verdicts[&(GRID, 1)].1[0]));
}

#[test]
fn what_is_said_of_an_erased_record_is_answered_and_not_kept() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let visit = phone.visit(GRID);
    phone.sync(&place);
    authority::command(&place.relay, move |a, _| a.erase(visit))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    phone.edit(visit, Edit::default().set("note", "王秀英说"));
    phone.visit(GRID);
    let hash = phone.waiting[&GRID][1].1;
    let mut segments = phone.seal();
    // What the phone itself has erased since it sealed comes as its leaf alone.
    let entry = &mut segments[0].entries[1];
    entry.body = entry.leaf(hash).hash().0.to_vec();
    entry.kind = EntryKind::ERASED;
    let request = phone.request(segments);
    phone.send(&place, &request);
    let verdicts = &phone.verdicts[&(GRID, 1)].1;
    assert_eq!(verdicts[..], [Verdict::Erased, Verdict::Erased]);
    let writer = phone.writer;
    let rows = place
        .relay
        .store
        .read(|tx| tx.entries(GRID, writer, 1))
        .unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert!(row.entry.body.is_empty() && row.position.is_none());
    }
    assert_eq!(record_count(&place), 0);
}

#[test]
fn a_phone_reads_its_own_grids_and_the_county_and_nothing_else() {
    let place = Place::inline();
    let mut one = place.phone("王秀英", &[GRID]);
    let mut two = place.phone("李建国", &[GRID]);
    let mut far = place.phone("赵强", &[GRID_FAR]);
    let visit = one.visit(GRID);
    one.sync(&place);
    two.sync(&place);
    let answer = far.sync(&place);
    let scopes: Vec<_> = answer.scopes.iter().map(|s| (s.scope, s.write)).collect();
    assert_eq!(scopes, [(COUNTY, false), (GRID_FAR, true)]);
    assert!(two.seen[&GRID].iter().any(|(_, e)| e.record == visit));
    assert!(!far.seen.contains_key(&GRID));
    // One's own entries do not come back.
    one.sync(&place);
    assert!(!one.seen[&GRID].iter().any(|(_, e)| e.record == visit));
    // The first that a scope says is who the relay is, then the places, then who works there.
    let kinds: Vec<_> = two.seen[&GRID].iter().map(|(_, e)| e.kind).collect();
    assert_eq!(kinds[0], EntryKind::CERTIFICATE);
    assert!(kinds[1..5].iter().all(|k| *k == EntryKind::ORG_NODE));
    assert_eq!(kinds[5], EntryKind::GRANT);
}

#[test]
fn what_was_pulled_verifies_with_the_certificates_that_came_before_it() {
    use std::collections::BTreeMap;
    use xunge_protocol::system::SignedCertificate;
    use xunge_protocol::{PulledEntry, WireError, wire};

    let place = Place::inline();
    let mut one = place.phone("王秀英", &[GRID]);
    let mut two = place.phone("李建国", &[GRID]);
    one.visit(GRID);
    let dispute = one.dispute(GRID);
    one.sync(&place);
    one.event(dispute, Verb::Mediate, |b| b.note = Some("谈了一次".into()));
    one.sync(&place);
    let answer = two.sync(&place);
    let mut keys = BTreeMap::from([(place.relay.writer(), two.relay_key)]);
    let mut verified = 0;
    for segment in &answer.segments {
        let key = keys[&segment.header.writer];
        segment
            .verify::<WireError>(&key, |entry| {
                Ok(if entry.kind.is_system() {
                    Hash32::of(&entry.body)
                } else {
                    xunge_records::check_change(&entry.body).unwrap().hash
                })
            })
            .unwrap();
        verified += 1;
        for entry in &segment.entries {
            if let PulledEntry::Body { entry, .. } = entry
                && entry.kind == EntryKind::CERTIFICATE
            {
                let signed: SignedCertificate = wire::decode("certificate", &entry.body).unwrap();
                signed.verify(&two.relay_key).unwrap();
                keys.insert(signed.certificate.writer, signed.certificate.key);
            }
        }
    }
    assert!(verified >= 4, "{verified} segments");
}

#[test]
fn a_small_budget_brings_everything_in_order_over_several_requests() {
    let place = Place::inline();
    let mut one = place.phone("王秀英", &[GRID]);
    for _ in 0..60 {
        one.visit(GRID);
    }
    one.sync(&place);
    let mut two = place.phone("李建国", &[GRID, GRID_BESIDE]);
    let mut rounds = 0;
    loop {
        let request = two.request_with(Vec::new(), 1);
        let answer = two.send(&place, &request);
        rounds += 1;
        if answer.scopes.iter().all(|s| !s.more) {
            break;
        }
    }
    assert!(rounds > 2, "{rounds}");
    let positions: Vec<u64> = two.seen[&GRID].iter().map(|(p, _)| *p).collect();
    let expected: Vec<u64> = (1..=positions.len() as u64).collect();
    assert_eq!(positions, expected);
    let visits = two.seen[&GRID]
        .iter()
        .filter(|(_, e)| e.kind == Kind::Visit.entry_kind());
    assert_eq!(visits.count(), 60);
}

#[test]
fn a_new_dispute_gets_number_owner_and_deadline_by_itself() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let first = phone.dispute(GRID);
    let second = phone.dispute(GRID);
    phone.sync(&place);
    let mut far = place.phone("赵强", &[GRID_FAR]);
    let elsewhere = far.dispute(GRID_FAR);
    far.sync(&place);
    let state = |id| held(&place, id).unwrap().state;
    assert_eq!(state(first).number.as_deref(), Some("D-2026-000001"));
    assert_eq!(state(second).number.as_deref(), Some("D-2026-000002"));
    assert_eq!(state(elsewhere).number.as_deref(), Some("D-2026-000001"));
    assert_eq!(state(first).owner.as_deref(), Some("柳村"));
    assert_eq!(state(first).owner_scope, Some(VILLAGE));
    assert!(state(first).deadline.unwrap().0 > MONDAY + 7 * DAY);
    // The next year counts from one again.
    place.later(60 * DAY);
    let later = phone.dispute(GRID);
    phone.sync(&place);
    assert_eq!(state(later).number.as_deref(), Some("D-2027-000001"));
    // The phone learns the number in the answer of the same round trip.
    let own = phone.documents[&later].1.read(later).unwrap();
    assert_eq!(own.state.number.as_deref(), Some("D-2027-000001"));
}

#[test]
fn a_return_reaches_the_phone_and_its_fix_the_relay() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let dispute = phone.dispute(GRID);
    phone.sync(&place);
    let version = held(&place, dispute).unwrap().state.version;
    authority::command(&place.relay, move |a, _| {
        let mut body = a.event(Verb::Return, Some(("u1", "陈主任")));
        body.note = Some("请补充对方电话".into());
        a.write(dispute, Some(version), Draft::default().event(body))
    })
    .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    // The same version again is stale: somebody decided meanwhile.
    let stale = authority::command(&place.relay, move |a, _| {
        let mut body = a.event(Verb::Return, None);
        body.note = Some("再次".into());
        a.write(dispute, Some(version), Draft::default().event(body))
    });
    assert!(matches!(stale, Err(AuthorityError::Stale { .. })));
    phone.sync(&place);
    let read = phone.documents[&dispute].1.read(dispute).unwrap();
    assert!(matches!(read.state.review, Review::Returned { .. }));
    phone.event(dispute, Verb::Fix, |b| b.note = Some("补了".into()));
    phone.sync(&place);
    let state = held(&place, dispute).unwrap().state;
    assert!(matches!(state.review, Review::Fixed { .. }));
    let row = place
        .relay
        .store
        .read(|tx| tx.record(GRID, dispute))
        .unwrap()
        .unwrap();
    assert_eq!(row.review, "fixed");
}

#[test]
fn an_admitted_entry_gets_a_place_at_the_end_and_a_revised_receipt_with_its_dependants() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let empty = phone.open(GRID, Kind::Visit, &[]);
    phone.edit(empty, Edit::default().set("note", "later"));
    phone.visit(GRID);
    phone.sync(&place);
    let waiting = place
        .relay
        .store
        .read(|tx| tx.quarantine(Some(QuarantineState::Waiting), Some(&[GRID]), None, 10))
        .unwrap();
    assert_eq!(waiting.len(), 2);
    let (opening, edit) = (waiting[0].id, waiting[1].id);
    let not_alone = authority::command(&place.relay, move |a, _| a.admit(edit, "u1", "好"));
    assert!(matches!(
        not_alone,
        Err(AuthorityError::NotAdmissible(
            RefusalCode::DependencyMissing
        ))
    ));
    let admitted = authority::command(&place.relay, move |a, _| a.admit(opening, "u1", "可以"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    assert_eq!(admitted, [opening, edit]);
    assert!(held(&place, empty).is_some());
    phone.sync(&place);
    let (revision, verdicts) = &phone.verdicts[&(GRID, 0)];
    assert_eq!(*revision, 1);
    assert!(verdicts.iter().all(accepted));
    let again = authority::command(&place.relay, move |a, _| a.admit(opening, "u1", "可以"));
    assert!(matches!(again, Err(AuthorityError::AlreadyDecided(_))));
    // Another phone of the grid reads both, and can verify whose they are.
    let mut two = place.phone("李建国", &[GRID]);
    two.sync(&place);
    let read = two.seen[&GRID].iter().filter(|(_, e)| e.record == empty);
    assert_eq!(read.count(), 2);
}

#[test]
fn a_rejected_entry_says_so_in_a_revised_receipt() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID_FAR);
    phone.sync(&place);
    let waiting = place
        .relay
        .store
        .read(|tx| tx.quarantine(None, None, None, 10))
        .unwrap();
    let id = waiting[0].id;
    assert_eq!(id.to_string().parse(), Ok(id));
    authority::command(&place.relay, move |a, _| a.reject(id, "u1", "不是你的网格"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    phone.sync(&place);
    let (revision, verdicts) = &phone.verdicts[&(GRID_FAR, 0)];
    assert_eq!(*revision, 1);
    assert!(matches!(&verdicts[0], Verdict::Rejected { reason } if reason == "不是你的网格"));
}

#[test]
fn a_rejected_entry_takes_with_it_what_builds_on_it_and_nothing_else() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let empty = phone.open(GRID, Kind::Visit, &[]);
    phone.edit(empty, Edit::default().set("note", "later"));
    phone.edit(empty, Edit::default().set("note", "latest"));
    let other = phone.visit(GRID_FAR);
    phone.sync(&place);
    let waiting = place
        .relay
        .store
        .read(|tx| tx.quarantine(Some(QuarantineState::Waiting), None, None, 10))
        .unwrap();
    let of = |record| waiting.iter().filter(move |row| row.record == record);
    let ids: Vec<_> = of(empty).map(|row| row.id).collect();
    assert_eq!((ids.len(), of(other).count()), (3, 1));
    let first = ids[0];
    let rejected = authority::command(&place.relay, move |a, _| a.reject(first, "u1", "空的"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    assert_eq!(rejected, ids);
    phone.sync(&place);
    let (_, verdicts) = &phone.verdicts[&(GRID, 0)];
    let reasons: Vec<&str> = verdicts
        .iter()
        .map(|v| match v {
            Verdict::Rejected { reason } => reason.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(reasons, ["空的", "", ""]);
    assert!(matches!(
        phone.verdicts[&(GRID_FAR, 0)].1[0],
        Verdict::Quarantined { .. }
    ));
}

#[test]
fn a_copy_under_another_name_hears_what_was_decided_about_what_it_was_before() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID_FAR);
    phone.sync(&place);
    let mut copy = phone.copy(&place, [21; 32]);
    let id = waiting(&place)[0];
    authority::command(&place.relay, move |a, _| a.reject(id, "u1", "不是你的网格"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    let told = copy.sync(&place).receipts;
    let [told] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (told.receipt.writer, told.receipt.revision),
        (phone.writer, 1)
    );
    assert!(
        matches!(&told.receipt.verdicts[0], Verdict::Rejected { reason } if reason == "不是你的网格")
    );
    // Nobody else is told.
    let mut other = place.phone("李建国", &[GRID]);
    other.former = copy.former;
    assert!(other.sync(&place).receipts.is_empty());
}

#[test]
fn what_two_copies_say_again_is_decided_once() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = phone.dispute(GRID);
    phone.sync(&place);
    let mut copies = [31, 32, 33].map(|seed| phone.copy(&place, [seed; 32]));
    for copy in &mut copies {
        copy.edit(record, Edit::default().set("scale", 77));
    }
    // Another worker who says so is another.
    let mut other = place.phone("李建国", &[GRID]);
    other.documents.clone_from(&phone.documents);
    other.edit(record, Edit::default().set("scale", 77));
    other.sync(&place);
    let [one, two, three] = &mut copies;
    one.sync(&place);
    two.sync(&place);
    let mine = |id: &EntryId| id.writer == one.writer;
    let id = waiting(&place).into_iter().find(mine).unwrap();
    let rejected = authority::command(&place.relay, move |a, _| a.reject(id, "u1", "写错了"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    let writers: Vec<_> = rejected.iter().map(|id| id.writer).collect();
    assert_eq!(writers, [one.writer, two.writer]);
    // One that comes later hears the same, and so does what it builds on that.
    three.edit(record, Edit::default().set("narrative", "吵架"));
    for copy in [two, three] {
        copy.sync(&place);
        let (_, verdicts) = &copy.verdicts[&(GRID, 0)];
        assert!(matches!(&verdicts[0], Verdict::Rejected { reason } if reason == "写错了"));
        let fell = |v: &Verdict| matches!(v, Verdict::Rejected { reason } if reason.is_empty());
        assert!(verdicts[1..].iter().all(fell), "{verdicts:?}");
    }
    assert!(waiting(&place).iter().all(|id| id.writer == other.writer));
}

#[test]
fn what_two_copies_say_again_is_let_in_once_decided() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = phone.dispute(GRID);
    phone.sync(&place);
    let mut copies = [31, 32].map(|seed| phone.copy(&place, [seed; 32]));
    for copy in &mut copies {
        copy.edit(record, Edit::default().set("scale", 77));
    }
    let [one, two] = &mut copies;
    one.sync(&place);
    let id = waiting(&place)[0];
    authority::command(&place.relay, move |a, _| a.admit(id, "u1", "核对过"))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    two.sync(&place);
    assert!(accepted(&two.verdicts[&(GRID, 0)].1[0]));
    assert!(waiting(&place).is_empty());
}

#[test]
fn nobody_says_again_what_another_worker_said() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = phone.dispute(GRID);
    let other = place.phone("李建国", &[GRID]);
    let said = |writer| move |body: &mut EventBody| body.first = Some(EventId { writer, n: 1 });
    phone.event(record, Verb::Mediate, said(phone.writer));
    phone.event(record, Verb::Mediate, said(other.writer));
    phone.sync(&place);
    let (_, verdicts) = &phone.verdicts[&(GRID, 0)];
    assert!(verdicts[..2].iter().all(accepted), "{verdicts:?}");
    assert_eq!(refused_as(&verdicts[2]), RefusalCode::OperationNotAllowed);
}

#[test]
fn an_admitted_dispute_from_outside_the_grid_is_registered_there() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let dispute = phone.dispute(GRID_FAR);
    phone.sync(&place);
    authority::command(&place.relay, move |a, tx| {
        let waiting = tx.quarantine(None, None, None, 10)?;
        a.admit(waiting[0].id, "u1", "可以")
    })
    .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    let state = held(&place, dispute).unwrap().state;
    assert_eq!(state.owner.as_deref(), Some("河村"));
    assert!(state.number.is_some());
}

#[test]
fn work_after_the_grant_was_closed_is_late_within_the_drain_and_quarantined_after_it() {
    use xunge_protocol::system::Grant;
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let worker = phone.worker.clone();
    authority::command(&place.relay, move |a, _| {
        a.grant(&Grant {
            worker,
            scope: GRID,
            from: xunge_protocol::Timestamp(MONDAY),
            until: Some(xunge_protocol::Timestamp(MONDAY + DAY)),
            drain_days: 30,
        })
    })
    .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    phone.visit(GRID);
    phone.sync(&place);
    assert!(matches!(
        phone.verdicts[&(GRID, 0)].1[0],
        Verdict::Accepted { late: false, .. }
    ));
    place.later(2 * DAY);
    phone.visit(GRID);
    let answer = phone.sync(&place);
    assert!(matches!(
        phone.verdicts[&(GRID, 1)].1[0],
        Verdict::Accepted { late: true, .. }
    ));
    assert!(
        answer.scopes.iter().all(|s| s.scope != GRID),
        "nothing is pulled"
    );
    place.later(30 * DAY);
    phone.visit(GRID);
    phone.sync(&place);
    assert_eq!(
        refused_as(&phone.verdicts[&(GRID, 2)].1[0]),
        RefusalCode::OutsideGrid
    );
}

#[test]
fn what_a_revoked_device_sends_waits_in_quarantine_and_it_reads_nothing() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let writer = phone.writer;
    let now = place.relay.now();
    place
        .relay
        .store
        .write(move |tx| tx.revoke_writer(writer, now))
        .unwrap();
    phone.visit(GRID);
    let answer = phone.sync(&place);
    assert_eq!(
        refused_as(&phone.verdicts[&(GRID, 0)].1[0]),
        RefusalCode::DeviceRevoked
    );
    assert!(answer.scopes.is_empty() && answer.segments.is_empty());
}

#[test]
fn a_ticket_makes_one_writer_for_one_key_and_dies_of_age() {
    let place = Place::inline();
    let ticket = place.ticket("王秀英", &[GRID]);
    let first = Phone::enrol(&place, &ticket, [1; 32]).unwrap();
    let again = Phone::enrol(&place, &ticket, [1; 32]).unwrap();
    assert_eq!(first.writer, again.writer);
    let other = Phone::enrol(&place, &ticket, [2; 32]);
    assert!(matches!(other, Err(SyncFailure::TicketInvalid)));
    let mut forged = ticket.clone();
    forged.secret[0] ^= 1;
    let unknown = Phone::enrol(&place, &forged, [1; 32]);
    assert!(matches!(unknown, Err(SyncFailure::TicketInvalid)));
    place.later(2 * DAY);
    let late = Phone::enrol(&place, &ticket, [1; 32]);
    assert!(matches!(late, Err(SyncFailure::TicketInvalid)));
}

#[test]
fn replayed_truncated_and_flipped_requests_are_refused_and_leave_nothing() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let old = phone.request(Vec::new());
    phone.send(&place, &old);
    phone.visit(GRID);
    let segments = phone.seal();
    let request = phone.request(segments);
    for cut in (0..request.len()).step_by(7) {
        assert!(
            sync::handle(&place.relay, &request[..cut]).is_err(),
            "{cut}"
        );
    }
    for at in 0..request.len() {
        let mut flipped = request.clone();
        flipped[at] ^= 0x20;
        assert!(sync::handle(&place.relay, &flipped).is_err(), "{at}");
    }
    assert_eq!(record_count(&place), 0);
    phone.send(&place, &request);
    let last = Some(Fork {
        counter: phone.counter,
    });
    let answer = sync::handle(&place.relay, &old).unwrap();
    let ring = KeyRing::pinned(phone.relay_key);
    let replay: SyncResponse = open_response(&ring, &old, &answer).unwrap().message;
    assert_eq!(replay.forked, last);
    // The same counter on another request is no repetition.
    phone.counter -= 1;
    let twin = phone.request(Vec::new());
    let answer = sync::handle(&place.relay, &twin).unwrap();
    let twin: SyncResponse = open_response(&ring, &twin, &answer).unwrap().message;
    assert_eq!(twin.forked, last);
}

#[test]
fn segments_that_were_tampered_with_or_signed_by_others_are_refused_and_leave_nothing() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let mut other = place.phone("李建国", &[GRID]);
    phone.visit(GRID);
    let segment = phone.seal().remove(0);
    let mut bad: Vec<Segment> = (0..5).map(|_| segment.clone()).collect();
    let last = bad[0].entries[0].body.len() - 1;
    bad[0].entries[0].body[last] ^= 1;
    bad[1].header.count = 2;
    bad[2].header.root = Hash32([1; 32]);
    bad[3].signature = bad[3].header.sign(&SecretKey::from_seed(&[99; 32]));
    bad[4].entries.clear();
    let request = phone.request(bad);
    let answer = phone.send(&place, &request);
    let codes: Vec<_> = answer.refused.iter().map(|r| r.code).collect();
    assert_eq!(codes[..4], [SyncRefusal::BadSignature; 4]);
    assert_eq!(codes[4], SyncRefusal::Malformed);
    // Somebody else's segment, whole and authentic.
    let request = other.request(vec![segment.clone()]);
    let answer = other.send(&place, &request);
    assert_eq!(answer.refused[0].code, SyncRefusal::ForeignSegment);
    assert_eq!(record_count(&place), 0);
    // Too many of them.
    let request = phone.request(vec![segment.clone(); MAX_SEGMENTS + 1]);
    let refused = sync::handle(&place.relay, &request);
    assert!(matches!(
        refused,
        Err(SyncFailure::Refused(SyncRefusal::TooLarge))
    ));
    let request = phone.request(vec![segment]);
    assert!(phone.send(&place, &request).refused.is_empty());
    assert_eq!(record_count(&place), 1);
}

#[test]
fn a_body_that_is_no_change_is_quarantined_without_a_panic() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    for length in [0usize, 3, 8, 40, 300] {
        let record = phone.visit(GRID);
        let batch = phone.waiting.get_mut(&GRID).unwrap();
        let (entry, hash) = batch.last_mut().unwrap();
        assert_eq!(entry.record, record);
        entry.body = vec![0x85; length];
        *hash = Hash32::of(entry.body.get(8..).unwrap_or_default());
    }
    let good = phone.visit(GRID);
    phone.sync(&place);
    let verdicts = &phone.verdicts[&(GRID, 0)].1;
    for verdict in &verdicts[..5] {
        assert_eq!(refused_as(verdict), RefusalCode::Malformed);
    }
    assert!(accepted(&verdicts[5]));
    assert!(held(&place, good).is_some());
}

#[test]
fn two_phones_that_differ_leave_both_values_visible() {
    let place = Place::inline();
    let mut one = place.phone("王秀英", &[GRID]);
    let mut two = place.phone("李建国", &[GRID]);
    let dispute = one.dispute(GRID);
    one.sync(&place);
    // The other phone builds the document from what it pulls.
    let empty = xunge_records::Document::new(Kind::Dispute).unwrap();
    two.documents.insert(dispute, (GRID, empty));
    two.sync(&place);
    one.edit(dispute, Edit::default().set("place", "东头"));
    two.edit(dispute, Edit::default().set("place", "西头"));
    one.sync(&place);
    two.sync(&place);
    let record = held(&place, dispute).unwrap();
    assert_eq!(record.fields.conflicts().count(), 1);
    let row = place
        .relay
        .store
        .read(|tx| tx.record(GRID, dispute))
        .unwrap()
        .unwrap();
    assert_eq!(row.conflicts, 1);
}

#[test]
fn a_puller_never_skips_a_row_while_many_write() {
    use std::sync::atomic::AtomicBool;
    let place = Place::new(Options {
        writer_thread: true,
    });
    let mut writers: Vec<Phone> = (0..4)
        .map(|n| place.phone(&format!("writer {n}"), &[GRID]))
        .collect();
    let mut reader = place.phone("reader", &[GRID]);
    let done = AtomicBool::new(false);
    let mut written = std::thread::scope(|threads| {
        let handles: Vec<_> = writers
            .iter_mut()
            .map(|phone| {
                let place = &place;
                threads.spawn(move || {
                    let mut written = Vec::new();
                    for _ in 0..12 {
                        written.push(phone.visit(GRID));
                        phone.sync(place);
                    }
                    written
                })
            })
            .collect();
        let (place, done, reader) = (&place, &done, &mut reader);
        let pulling = threads.spawn(move || {
            while !done.load(Ordering::SeqCst) {
                reader.sync(place);
            }
            reader.sync(place);
        });
        let written: Vec<_> = handles
            .into_iter()
            .flat_map(|h| h.join().unwrap())
            .collect();
        done.store(true, Ordering::SeqCst);
        pulling.join().unwrap();
        written
    });
    let mut seen: Vec<_> = reader.seen[&GRID]
        .iter()
        .filter(|(_, e)| e.kind == Kind::Visit.entry_kind())
        .map(|(_, e)| e.record)
        .collect();
    let positions: Vec<u64> = reader.seen[&GRID].iter().map(|(p, _)| *p).collect();
    assert!(positions.is_sorted(), "rows came in their order");
    seen.sort();
    written.sort();
    assert_eq!(seen, written);
}

#[test]
fn a_dispute_opened_and_declined_in_one_day_without_signal_still_gets_its_number() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let mut cases = Vec::new();
    for verb in [Verb::Decline, Verb::Withdraw, Verb::Mediate] {
        let dispute = phone.dispute(GRID);
        phone.event(dispute, verb, |b| b.reason = Some("一方不愿".into()));
        cases.push(dispute);
    }
    phone.sync(&place);
    for dispute in cases {
        let record = held(&place, dispute).unwrap();
        assert!(record.state.number.is_some(), "{:?}", record.events);
        assert_eq!(record.events.len(), 2);
    }
}

/// `segments` in a request of `phone`, in columns or as `batch` has them.
fn packed(
    place: &Place,
    phone: &mut Phone,
    segments: Vec<Segment>,
    batch: Option<Batch>,
) -> Vec<u8> {
    phone.counter += 1;
    let request = SyncRequest {
        receipt_cursor: phone.receipt_cursor,
        segments,
        plain: true,
        ..SyncRequest::default()
    };
    let relay = place.relay.writer();
    let assume = Some(Assume::ChangesAndHeaders);
    let mut packed = PackedRequest::of(&request, phone.writer, relay, assume);
    assert!(!packed.batch.is_plain());
    packed.batch = batch.unwrap_or(packed.batch);
    let epoch = EpochId([9; 8]);
    seal_request(
        &phone.key,
        phone.writer,
        SYNC_PATH,
        epoch,
        phone.counter,
        &packed,
    )
    .unwrap()
}

#[test]
fn segments_in_columns_are_taken_like_raw_ones() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let first = phone.visit(GRID);
    for index in 0..3 {
        let visit = phone.visit(GRID);
        // Builds on what came with the request before.
        phone.edit(first, Edit::default().set("note", format!("{index}")));
        let segments = phone.seal();
        let request = packed(&place, &mut phone, segments, None);
        let answer = phone.send(&place, &request);
        assert!(answer.refused.is_empty() && !answer.send_plain);
        assert!(phone.verdicts[&(GRID, index)].1.iter().all(accepted));
        assert!(held(&place, visit).is_some());
    }
}

#[test]
fn a_batch_that_the_relay_cannot_open_is_asked_for_again_as_raw_bytes() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let visit = phone.visit(GRID);
    let segments = phone.seal();
    for bytes in [vec![9, 1, 2], vec![1], vec![1, 3, 200, 200]] {
        let batch = Some(Batch::from_bytes(bytes));
        let request = packed(&place, &mut phone, segments.clone(), batch);
        let answer = phone.send(&place, &request);
        assert!(answer.send_plain && answer.receipts.is_empty());
        assert!(held(&place, visit).is_none());
    }
    let request = phone.request(segments);
    let answer = phone.send(&place, &request);
    assert!(!answer.send_plain);
    assert!(phone.verdicts[&(GRID, 0)].1.iter().all(accepted));
}
