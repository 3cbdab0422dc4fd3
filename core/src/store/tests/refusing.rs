//! What was rejected for good leaves the document; what its author wrote later stays.

use xunge_protocol::message::ReceiptCursor;
use xunge_protocol::{Confidence, RefusalCode};
use xunge_records::{Record, Verb};

use super::super::SyncState;
use super::*;

fn state(store: &Store, record: &RecordId) -> SyncState {
    store.record(record).unwrap().unwrap().sync_state
}

fn edit(record: RecordId, path: &str, value: &str) -> Save {
    Save::edit(record, Kind::Dispute).set(path, value)
}

fn text(record: Option<Record>, path: &str) -> Option<String> {
    record.unwrap().fields.text(path).map(str::to_owned)
}

#[test]
fn an_edit_that_was_not_sent_is_written_again_without_the_rejected_one() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    store.save(&edit(record, "place", "错地方")).unwrap();
    store.seal_segments().unwrap();
    store.save(&edit(record, "narrative", "吵架")).unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |_| Verdict::Rejected {
        reason: "地点不对".into(),
    });
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    let now = || store.load_record(&record).unwrap();
    assert_eq!(text(now(), "place"), None);
    assert_eq!(text(now(), "narrative").as_deref(), Some("吵架"));
    assert_eq!(state(&store, &record), SyncState::Waiting);
    let refused = store.load_refused(&record).unwrap();
    assert_eq!(text(refused, "place").as_deref(), Some("错地方"));
    assert_eq!(store.newly_rejected().unwrap(), [record]);
    assert!(store.newly_rejected().unwrap().is_empty());

    // What is written again goes, and the refusal stays visible until its author does something about it.
    phone.relay.accept_all(&store);
    assert_eq!(state(&store, &record), SyncState::Refused);
    store.save(&edit(record, "place", "村口")).unwrap();
    phone.relay.accept_all(&store);
    assert_eq!(state(&store, &record), SyncState::Received);
    assert_eq!(text(now(), "place").as_deref(), Some("村口"));
    assert_eq!(text(now(), "narrative").as_deref(), Some("吵架"));
}

#[test]
fn an_edit_that_fell_with_a_rejected_one_is_written_again_once() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    store.save(&edit(record, "place", "错地方")).unwrap();
    store.save(&edit(record, "narrative", "吵架")).unwrap();
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let first = segment.entries[0].clone();
    let receipt = phone.relay.receipt(&segment, 0, |entry| Verdict::Rejected {
        reason: if *entry == first { "地点不对" } else { "" }.into(),
    });
    let response = phone.relay.response(vec![receipt.clone()], vec![]);
    store.apply_response(&response).unwrap();
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    phone.relay.accept_all(&store);
    let read = store.load_record(&record).unwrap();
    assert_eq!(text(read, "narrative").as_deref(), Some("吵架"));
    let authors: Vec<u8> = history(&store, &record)
        .iter()
        .map(|c| c.author.rebuild)
        .collect();
    // Opened, rejected, fallen, written again: each actor counts for itself.
    assert_eq!(authors, [0, 0, 2, 0], "in the order of their rows");
    assert_eq!(state(&store, &record), SyncState::Refused);
}

#[test]
fn what_is_rejected_of_an_earlier_incarnation_leaves_the_document_and_is_said_again() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    store.save(&edit(record, "place", "错地方")).unwrap();
    let mut mediated = Save::edit(record, Kind::Dispute);
    let event = EventBody::new(Verb::Mediate, MORNING, Confidence::Unsure);
    mediated.events.push(event);
    store.save(&mediated).unwrap();
    let said = store.load_record(&record).unwrap().unwrap().events[0].id;
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |_| Verdict::Quarantined {
        code: RefusalCode::InvalidContent,
        detail: None,
    });
    phone.relay.succeed(&store, &segment, receipt);
    assert_eq!(state(&store, &record), SyncState::Refused);
    let position = store.sync_position().unwrap();
    let asked = ReceiptCursor {
        writer: ME,
        sequence: 2,
    };
    assert_eq!((position.receipt_cursor, position.former), (0, vec![asked]));

    let first = segment.entries[0].clone();
    let receipt = phone.relay.receipt(&segment, 1, |entry| Verdict::Rejected {
        reason: if *entry == first { "地点不对" } else { "" }.into(),
    });
    let response = phone.relay.response(vec![receipt], vec![]);
    store.apply_response(&response).unwrap();
    let now = store.load_record(&record).unwrap().unwrap();
    assert_eq!(now.fields.text("place"), None);
    let [again] = now.events.as_slice() else {
        panic!("{:?}", now.events);
    };
    assert_eq!((again.id.writer, again.body.first), (TWIN, Some(said)));
    assert_eq!(state(&store, &record), SyncState::Waiting);
    assert_eq!(store.newly_rejected().unwrap(), [record]);
    // Receipts of the earlier incarnation do not count as this one's, and nothing of it is open any more.
    let position = store.sync_position().unwrap();
    assert_eq!((position.receipt_cursor, position.former), (0, vec![]));
}

#[test]
fn a_quarantined_change_of_an_earlier_incarnation_that_the_relay_forgot_is_said_again() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    store.save(&edit(record, "place", "村口")).unwrap();
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let quarantined = |_: &Entry| Verdict::Quarantined {
        code: RefusalCode::InvalidContent,
        detail: None,
    };
    let receipt = phone.relay.receipt(&segment, 0, quarantined);
    phone.relay.succeed(&store, &segment, receipt);
    let another = EpochId([0xe1; 8]);
    store.adopt_epoch(another).unwrap();
    let response = SyncResponse {
        epoch: another,
        ..phone.relay.response(vec![], vec![])
    };
    store.apply_response(&response).unwrap();
    // The relay forgot the whole record, so it begins again under an id of this incarnation.
    let own = RecordQuery {
        own: true,
        ..RecordQuery::default()
    };
    let rows = store.records(&own).unwrap();
    let row = rows
        .iter()
        .find(|row| row.kind == Kind::Dispute)
        .expect("it is said again");
    assert_ne!(row.record, record);
    assert_eq!(row.sync_state, SyncState::Waiting);
    let said = store.load_record(&row.record).unwrap();
    assert_eq!(text(said, "place").as_deref(), Some("村口"));
    assert!(store.sync_position().unwrap().former.is_empty());
}

#[test]
fn what_was_rejected_as_a_whole_is_mended_by_another_incarnation_under_another_id() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    store.seal_segments().unwrap();
    let segment = store.unacknowledged(64, usize::MAX, &[]).unwrap().remove(0);
    let receipt = phone.relay.receipt(&segment, 0, |_| Verdict::Rejected {
        reason: "写清楚".into(),
    });
    phone.relay.succeed(&store, &segment, receipt);
    assert_eq!(state(&store, &record), SyncState::Refused);
    let again = Save {
        record: Some(record),
        ..Save::new(Kind::Dispute, open(Kind::Dispute)).set("place", "村口")
    };
    let saved = store.save(&again).unwrap();
    // Nobody but the incarnation in the old id may begin that again.
    assert_eq!(
        saved.record,
        record.said_again(&Hash32::of(&segment.entries[0].body[8..]))
    );
    let mended = text(store.load_record(&saved.record).unwrap(), "former_id");
    assert_eq!(mended, Some(record.to_string()));
    assert!(store.record(&record).unwrap().is_none());
    let progress = store.progress().unwrap();
    assert_eq!((progress.saved, progress.waiting), (1, 1));
    phone.relay.accept_all(&store);
    assert_eq!(state(&store, &saved.record), SyncState::Received);
}
