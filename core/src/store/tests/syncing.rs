//! Between phone and relay: sealed segments, receipts, other people's entries, cursors.

use super::super::SyncState;
use super::*;
use xunge_protocol::system::{OrgNode, Resource, item_id};
use xunge_protocol::{Confidence, RefusalCode, wire};
use xunge_records::{Review, Verb};

fn state(store: &Store, record: &RecordId) -> SyncState {
    store.record(record).unwrap().unwrap().sync_state
}

#[test]
fn waiting_changes_become_one_segment_a_scope_that_stays_the_same_for_ever() {
    let phone = Phone::new();
    let store = phone.enrolled();
    dispute(&store);
    dispute(&store);
    assert_eq!(store.seal_segments().unwrap(), 1);
    assert_eq!(store.seal_segments().unwrap(), 0);
    let sent = store.unacknowledged(64, usize::MAX, &[]).unwrap();
    assert_eq!((sent.len(), sent[0].entries.len()), (1, 2));
    drop(store);
    let store = phone.open();
    dispute(&store);
    store.seal_segments().unwrap();
    let again = store.unacknowledged(64, usize::MAX, &[]).unwrap();
    assert_eq!(again[0], sent[0]);
    assert_eq!(again[1].header.index, 1);
    assert_eq!(again[1].header.previous, sent[0].header.hash());
    let key = store.identity().unwrap().unwrap().key.public();
    for segment in &again {
        let hash_of = |entry: &Entry| {
            xunge_records::check_change(&entry.body)
                .map(|c| c.hash)
                .map_err(|_| xunge_protocol::WireError::UnknownSuite(0))
        };
        segment.verify(&key, hash_of).unwrap();
    }
    assert_eq!(store.unacknowledged(1, usize::MAX, &[]).unwrap().len(), 1);
    assert_eq!(store.unacknowledged(64, 1, &[]).unwrap().len(), 1);
}

#[test]
fn only_a_receipt_makes_a_record_received_and_a_forged_one_does_not() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    assert_eq!(state(&store, &record), SyncState::Waiting);
    let mut forged = phone.relay.receipt(&segment, 0, |_| accepted());
    forged.receipt.received_at = Timestamp(0);
    let mut foreign = segment.clone();
    foreign.header.root = Hash32([1; 32]);
    let foreign = phone.relay.receipt(&foreign, 0, |_| accepted());
    for (receipt, code) in [(forged, "not_authentic"), (foreign, "forked")] {
        let response = phone.relay.response(vec![receipt], vec![]);
        assert_eq!(store.apply_response(&response).unwrap_err().code(), code);
        assert_eq!(state(&store, &record), SyncState::Waiting);
    }
    let receipt = phone.relay.receipt(&segment, 0, |_| accepted());
    let response = phone.relay.response(vec![receipt.clone()], vec![]);
    let applied = store.apply_response(&response).unwrap();
    assert_eq!(applied.changed, [record]);
    assert_eq!(applied.after.acknowledged, 1);
    assert_eq!(state(&store, &record), SyncState::Received);
    assert_eq!(store.receipts(Some(&record)).unwrap(), [receipt]);
    assert!(
        store
            .unacknowledged(64, usize::MAX, &[])
            .unwrap()
            .is_empty()
    );
    // The same answer again changes nothing.
    assert!(store.apply_response(&response).unwrap().changed.is_empty());
}

#[test]
fn a_receipt_answers_every_entry_of_its_segment_or_none() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let records = [dispute(&store).record, dispute(&store).record];
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    for count in [1, 3] {
        let mut receipt = phone.relay.receipt(&segment, 0, |_| accepted()).receipt;
        receipt.verdicts.resize(count, accepted());
        let receipt = receipt.sign(&phone.relay.key);
        let response = phone.relay.response(vec![receipt], vec![]);
        let refused = store.apply_response(&response).unwrap_err();
        assert_eq!(refused.code(), "foreign_receipt");
        for record in &records {
            assert_eq!(state(&store, record), SyncState::Waiting);
        }
        assert!(store.receipts(None).unwrap().is_empty());
    }
}

#[test]
fn what_the_town_erased_is_gone_here_and_no_later_receipt_brings_it_back() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (erased, kept) = (dispute(&store).record, dispute(&store).record);
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |entry| {
        if entry.record == erased {
            Verdict::Erased
        } else {
            accepted()
        }
    });
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    assert!(store.record(&erased).unwrap().is_none());
    assert_eq!(state(&store, &kept), SyncState::Received);
    let late = phone.relay.receipt(&segment, 1, |_| Verdict::Quarantined {
        code: RefusalCode::OutsideGrid,
        detail: Some("李四".into()),
    });
    let response = phone.relay.response(vec![late], vec![]);
    store.apply_response(&response).unwrap();
    assert!(store.record(&erased).unwrap().is_none());
    assert!(store.refusals(&erased).unwrap().is_empty());
    assert_eq!(state(&store, &kept), SyncState::Refused);
}

#[test]
fn a_quarantined_record_is_refused_with_its_reason_until_a_supervisor_admits_it() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (refused, kept) = (dispute(&store).record, dispute(&store).record);
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |entry| {
        if entry.record == refused {
            Verdict::Quarantined {
                code: RefusalCode::OutsideGrid,
                detail: Some("不在本网格".into()),
            }
        } else {
            accepted()
        }
    });
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    assert_eq!(state(&store, &refused), SyncState::Refused);
    assert_eq!(state(&store, &kept), SyncState::Received);
    let refusals = store.refusals(&refused).unwrap();
    assert_eq!(refusals[0].code, "outside_grid");
    assert_eq!(refusals[0].detail.as_deref(), Some("不在本网格"));
    assert!(!refusals[0].is_final);
    let progress = store.progress().unwrap();
    assert_eq!(
        progress.saved,
        progress.acknowledged + progress.waiting + progress.refused
    );
    let admitted = phone.relay.receipt(&segment, 1, |_| accepted());
    let stale = phone.relay.receipt(&segment, 0, |_| Verdict::Rejected {
        reason: "旧".into(),
    });
    let response = phone.relay.response(vec![admitted, stale], vec![]);
    store.apply_response(&response).unwrap();
    assert_eq!(state(&store, &refused), SyncState::Received);
    assert!(store.refusals(&refused).unwrap().is_empty());
}

#[test]
fn a_rejected_edit_leaves_the_document_and_the_next_one_builds_on_what_is_left() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    let edit = |place: &str| Save::edit(record, Kind::Dispute).set("place", place);
    store.save(&edit("错地方")).unwrap();
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |_| Verdict::Rejected {
        reason: "地点不对".into(),
    });
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    assert_eq!(state(&store, &record), SyncState::Refused);
    assert!(store.refusals(&record).unwrap()[0].is_final);
    let place = || {
        let record = store.load_record(&record).unwrap().unwrap();
        record.fields.text("place").map(str::to_owned)
    };
    assert_eq!(place(), None);
    store.save(&edit("村口")).unwrap();
    assert_eq!(place().as_deref(), Some("村口"));
    assert_eq!(state(&store, &record), SyncState::Waiting);
    let rebuilds: Vec<u8> = history(&store, &record)
        .iter()
        .map(|c| c.author.rebuild)
        .collect();
    assert_eq!(rebuilds, [0, 0, 1]);
    phone.relay.accept_all(&store);
    assert_eq!(state(&store, &record), SyncState::Received);
}

#[test]
fn a_rejected_record_still_shows_what_was_refused() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |_| Verdict::Rejected {
        reason: "重复".into(),
    });
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    assert_eq!(state(&store, &record), SyncState::Refused);
    let shown = store.load_record(&record).unwrap().unwrap();
    assert_eq!(shown.fields.text("party_a/name"), Some("张三"));
}

#[test]
fn a_return_by_the_town_shows_on_the_phone_and_a_fix_waits() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    let mut body = EventBody::new(Verb::Return, MORNING, Confidence::Relay);
    body.note = Some("请写清地点".into());
    body.audio = Some(format!("{} audio/mp4 9", Hash32([8; 32])));
    let entry = phone.relay.event(&store, &record, 1, body);
    phone.relay.push(&store, vec![entry]);
    assert_eq!(state(&store, &record), SyncState::Returned);
    let progress = store.progress().unwrap();
    assert_eq!((progress.returned, progress.acknowledged), (1, 1));
    assert_eq!(store.wanted_media().unwrap()[0].hash, Hash32([8; 32]));
    let mut fix = Save::edit(record, Kind::Dispute).set("place", "村口");
    fix.events = vec![EventBody::new(Verb::Fix, MORNING, Confidence::Unsure)];
    assert_eq!(store.save(&fix).unwrap().sync_state, SyncState::Waiting);
    let fixed = store.load_record(&record).unwrap().unwrap();
    assert!(matches!(fixed.state.review, Review::Fixed { .. }));
    phone.relay.accept_all(&store);
    assert_eq!(state(&store, &record), SyncState::Received);
}

#[test]
fn two_values_for_one_field_stay_both_visible() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (household, entry) = phone.relay.household("王桂兰", "1号");
    phone.relay.push(&store, vec![entry]);
    let mut elsewhere = store.load_document(&household).unwrap().unwrap();
    store
        .save(&Save::edit(household, Kind::Household).set("phone", "13800000001"))
        .unwrap();
    let edit = Edit::default().set("phone", "13800000002");
    let theirs = change(&mut elsewhere, RELAY, household, &edit);
    phone.relay.push(&store, vec![theirs]);
    let record = store.load_record(&household).unwrap().unwrap();
    let conflicts: Vec<&str> = record.fields.conflicts().map(|(path, _)| path).collect();
    assert_eq!(conflicts, ["phone"]);
}

#[test]
fn an_entry_that_came_before_what_it_builds_on_waits_for_it() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let id = RecordId::written(RELAY, 77);
    let mut document = Document::new(Kind::Household).unwrap();
    let first = Edit {
        open: Some(open(Kind::Household)),
        ..Edit::default()
    }
    .set("head_name", "王桂兰")
    .set("door", "1号");
    let opening = change(&mut document, RELAY, id, &first);
    let later = change(
        &mut document,
        RELAY,
        id,
        &Edit::default().set("phone", "13800000000"),
    );
    let segment = phone.relay.segment(vec![later]);
    let response = phone.relay.response(vec![], vec![segment]);
    let applied = store.apply_response(&response).unwrap();
    assert_eq!((applied.received, applied.set_aside), (0, 1));
    assert!(store.record(&id).unwrap().is_none());
    phone.relay.push(&store, vec![opening]);
    let record = store.load_record(&id).unwrap().unwrap();
    assert_eq!(record.fields.text("phone"), Some("13800000000"));
}

#[test]
fn a_segment_of_an_unknown_writer_waits_for_its_certificate_and_a_false_one_blocks_nothing() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let colleague = WriterId([0x22; 8]);
    let key = SecretKey::from_seed(&[2; 32]);
    let sealed = |n: u32, key: &SecretKey| {
        let id = RecordId::written(colleague, n);
        let mut document = Document::new(Kind::Dispute).unwrap();
        let edit = Edit {
            open: Some(open(Kind::Dispute)),
            ..Edit::default()
        };
        let entry = change(&mut document, colleague, id, &edit.set("type", "02"));
        Segment::seal(key, colleague, GRID, n.into(), Hash32([0; 32]), vec![entry])
    };
    let early = phone.relay.pulled(sealed(0, &key));
    let response = phone.relay.response(vec![], vec![early]);
    assert_eq!(store.apply_response(&response).unwrap().set_aside, 1);
    let certificate = phone
        .relay
        .certificate(colleague, key.public(), "7b")
        .sign(&phone.relay.key);
    let entry = Entry {
        record: certificate.certificate.entry_id(),
        kind: EntryKind::CERTIFICATE,
        body: wire::encode(&certificate),
    };
    let hash = Hash32::of(&entry.body);
    let certified = phone.relay.segment(vec![(entry, hash)]);
    let false_one = phone
        .relay
        .pulled(sealed(1, &SecretKey::from_seed(&[3; 32])));
    let response = phone.relay.response(vec![], vec![false_one, certified]);
    let applied = store.apply_response(&response).unwrap();
    assert_eq!(applied.changed, [RecordId::written(colleague, 0)]);
    assert_eq!(
        store.writer_name(colleague).unwrap().as_deref(),
        Some("王桂兰")
    );
    // A colleague's record is no part of this worker's progress.
    assert_eq!(store.progress().unwrap().saved, 0);
    assert!(
        store
            .record(&RecordId::written(colleague, 1))
            .unwrap()
            .is_none()
    );
}

#[test]
fn cursors_time_and_scopes_move_with_the_answer_and_a_new_epoch_starts_over() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (_, entry) = phone.relay.household("王桂兰", "1号");
    phone.relay.push(&store, vec![entry]);
    let cursor = |store: &Store, scope| {
        let position = store.sync_position().unwrap();
        position
            .cursors
            .iter()
            .find(|c| c.scope == scope)
            .map(|c| c.position)
    };
    assert_eq!(cursor(&store, GRID), Some(1));
    assert_eq!(
        [
            store.next_request_counter().unwrap(),
            store.next_request_counter().unwrap()
        ],
        [1, 2]
    );
    let mut other = phone.relay.response(vec![], vec![]);
    other.epoch = EpochId([1; 8]);
    assert_eq!(
        store.apply_response(&other).unwrap_err().code(),
        "epoch_changed"
    );
    store.adopt_epoch(other.epoch).unwrap();
    assert_eq!(cursor(&store, GRID), Some(0));
    other.scopes.retain(|status| status.scope == COUNTY);
    store.apply_response(&other).unwrap();
    assert_eq!(cursor(&store, GRID), None);
    let save = Save::new(Kind::Dispute, open(Kind::Dispute)).set("type", "02");
    assert_eq!(store.save(&save).unwrap_err().code(), "scope_not_writable");
}

#[test]
fn a_new_epoch_believes_no_receipt_of_the_old_one_and_keeps_them_all() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    let kept = store.receipts(Some(&record)).unwrap();
    assert!(!store.has_waiting(&[]).unwrap());
    store.adopt_epoch(EpochId([1; 8])).unwrap();
    assert_eq!(state(&store, &record), SyncState::Waiting);
    assert!(store.has_waiting(&[]).unwrap());
    assert!(!store.has_waiting(&[GRID]).unwrap());
    assert_eq!(store.receipts(Some(&record)).unwrap(), kept);
    let offered = store.unacknowledged(64, usize::MAX, &[]).unwrap();
    assert_eq!(offered[0].entries.len(), 1);
    let receipt = phone.relay.receipt(&offered[0], 0, |_| accepted());
    let mut answer = phone.relay.response(vec![receipt.clone()], vec![]);
    answer.epoch = EpochId([1; 8]);
    store.apply_response(&answer).unwrap();
    assert_eq!(state(&store, &record), SyncState::Received);
    assert_eq!(store.receipts(Some(&record)).unwrap(), [receipt]);
}

#[test]
fn the_phones_clock_is_only_believed_as_far_as_the_relay_confirms_it() {
    let phone = Phone::new();
    let store = phone.open();
    assert_eq!(store.now().unwrap().confidence, Confidence::Unsure);
    drop(store);
    let store = phone.enrolled();
    phone.env.advance(60_000);
    phone.env.set_wall_clock(Timestamp(0));
    let now = store.now().unwrap();
    assert_eq!(now.at, MORNING.plus_millis(60_000));
    assert_eq!(now.confidence, Confidence::Derived);
    assert_eq!(now.day().to_string(), "2026-11-23");
    phone.env.reboot();
    assert_eq!(store.now().unwrap().confidence, Confidence::Unsure);
    phone.env.set_wall_clock(MORNING.plus_millis(86_400_000));
    assert_eq!(store.now().unwrap().confidence, Confidence::Checked);
}

#[test]
fn the_countys_lists_and_names_replace_those_built_in() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let name = "codelists/sex.csv";
    assert_eq!(store.resource(name).unwrap().unwrap().version, 0);
    let resource = |version, content: &str| {
        let resource = Resource {
            name: name.into(),
            version,
            content: content.into(),
        };
        let entry = Entry {
            record: item_id("resource", name.as_bytes()),
            kind: EntryKind::RESOURCE,
            body: wire::encode(&resource),
        };
        let hash = Hash32::of(&entry.body);
        (entry, hash)
    };
    let node = OrgNode {
        scope: GRID,
        parent: None,
        level: "4".into(),
        code: "999999001001001".into(),
        name: "第一网格".into(),
        from: MORNING,
        help_phone: None,
    };
    let entry = Entry {
        record: item_id("org", &GRID.0),
        kind: EntryKind::ORG_NODE,
        body: wire::encode(&node),
    };
    let hash = Hash32::of(&entry.body);
    let unknown = Entry {
        kind: EntryKind(0xf0),
        ..entry.clone()
    };
    let entries = vec![resource(2, "new"), resource(1, "old"), (entry, hash)];
    phone.relay.push(&store, entries);
    assert_eq!(store.resource(name).unwrap().unwrap().content, b"new");
    assert_eq!(store.scopes().unwrap()[0].node, Some(node));
    assert!(store.resources("codelists/").unwrap().len() > 20);
    let segment = phone.relay.segment(vec![(unknown, hash)]);
    let response = phone.relay.response(vec![], vec![segment]);
    assert_eq!(store.apply_response(&response).unwrap().set_aside, 1);
}
