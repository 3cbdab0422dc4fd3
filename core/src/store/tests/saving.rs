//! Saving: one transaction, there after reopening, the same as a replay of its changes.

use super::super::{Draft, Progress, SyncState};
use super::*;
use xunge_records::Verb;

#[test]
fn a_visit_saved_before_the_power_went_is_there_after_reopening() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let saved = dispute(&store);
    assert_eq!(saved.record, RecordId::written(ME, 1));
    assert_eq!(saved.sync_state, SyncState::Waiting);
    drop(store);
    let store = phone.open();
    let record = store.load_record(&saved.record).unwrap().unwrap();
    assert_eq!(record.fields.text("party_a/name"), Some("张三"));
    assert_eq!(record.scope, Some(GRID));
    let row = store.record(&saved.record).unwrap().unwrap();
    assert_eq!((row.title.as_str(), row.own), ("张三 · 李四", true));
    // The counter went to disk with the record.
    assert_eq!(dispute(&store).record, RecordId::written(ME, 2));
}

#[test]
fn a_projection_equals_the_replay_of_the_changes() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (household, entry) = phone.relay.household("王桂兰", "3组12号");
    let (_, person) = phone.relay.record(
        Kind::Person,
        &[("name", "单雄信"), ("household", &household.to_string())],
    );
    phone.relay.push(&store, vec![entry, person]);
    visit(&store, &household, "2026-11-20");
    dispute(&store);
    let look = |store: &Store| {
        (
            all(store),
            store.next_visits(9).unwrap(),
            store.search("shan", 9).unwrap(),
            store.progress().unwrap(),
        )
    };
    let before = look(&store);
    store.write(crate::store::projection::rebuild).unwrap();
    assert_eq!(look(&store), before);
    assert_eq!(before.0.len(), 4);
}

#[test]
fn two_records_that_say_the_same_in_the_same_second_are_two() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let twins = [dispute(&store).record, dispute(&store).record];
    let hash = |record| history(&store, record)[0].hash;
    assert_eq!(hash(&twins[0]), hash(&twins[1]));
    phone.relay.accept_all(&store);
    assert_eq!(store.progress().unwrap().acknowledged, 2);
}

#[test]
fn an_edit_of_a_record_is_one_more_change_and_an_edit_that_changes_nothing_is_none() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let saved = dispute(&store);
    let edit = Save::edit(saved.record, Kind::Dispute).set("place", "村口");
    store.save(&edit).unwrap();
    store.save(&edit).unwrap();
    assert_eq!(history(&store, &saved.record).len(), 2);
}

#[test]
fn events_get_ids_time_basis_and_name_from_the_store() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let saved = dispute(&store);
    let body = EventBody::new(
        Verb::Mediate,
        Timestamp(0),
        xunge_protocol::Confidence::Unsure,
    );
    let mut save = Save::edit(saved.record, Kind::Dispute);
    save.events = vec![body.clone(), body];
    phone.env.advance(5000);
    store.save(&save).unwrap();
    let events = store.load_document(&saved.record).unwrap().unwrap();
    let events = events.events().unwrap();
    let id = |n| EventId { writer: ME, n };
    assert_eq!(events[0].0, id(1));
    assert_eq!(events[0].1.at, MORNING.plus_millis(5000));
    assert_eq!(events[0].1.confidence, xunge_protocol::Confidence::Derived);
    assert_eq!(events[0].1.name.as_deref(), Some("王桂兰"));
    assert_eq!(events[0].1.basis, []);
    assert_eq!(events[1].1.basis, [id(1)]);
}

#[test]
fn a_save_ends_its_draft_in_the_same_transaction_and_a_failed_save_keeps_it() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let draft = Draft {
        id: store.new_draft_id().unwrap(),
        kind: "dispute".into(),
        title: String::new(),
        record: None,
        changed_at: MORNING,
        state: "{}".into(),
    };
    store.save_draft(&draft).unwrap();
    let mut save = Save::new(Kind::Dispute, open(Kind::Dispute)).set("type", "02");
    save.draft = Some(draft.id.clone());
    let mut elsewhere = save.clone();
    elsewhere.open.as_mut().unwrap().scope = COUNTY;
    assert_eq!(
        store.save(&elsewhere).unwrap_err().code(),
        "scope_not_writable"
    );
    let mut bad = save.clone();
    bad.set.push(("no field!".into(), true.into()));
    assert_eq!(store.save(&bad).unwrap_err().code(), "invalid_content");
    assert_eq!(store.drafts().unwrap(), [draft]);
    assert_eq!(store.progress().unwrap().drafts, 1);
    // What failed took no number.
    assert_eq!(store.save(&save).unwrap().record, RecordId::written(ME, 1));
    assert!(store.drafts().unwrap().is_empty());
}

#[test]
fn a_full_disk_says_so_and_nothing_half_written_stays() {
    let phone = Phone::new();
    let store = phone.enrolled();
    dispute(&store);
    let pages: i64 = store
        .read(|tx| Ok(tx.pragma_query_value(None, "page_count", |row| row.get(0))?))
        .unwrap();
    // A database that may not grow fails as a disk without room does.
    store
        .read(|tx| Ok(tx.pragma_update(None, "max_page_count", pages)?))
        .unwrap();
    let before = (all(&store), store.progress().unwrap());
    let long = "长".repeat(4000);
    let save = Save::new(Kind::Dispute, open(Kind::Dispute))
        .set("narrative", long.clone())
        .set("place", long);
    let error = store.save(&save).unwrap_err();
    assert_eq!((error.code(), error.retry()), ("disk_full", true));
    assert_eq!((all(&store), store.progress().unwrap()), before);
    store
        .read(|tx| Ok(tx.pragma_update(None, "max_page_count", 1_000_000)?))
        .unwrap();
    assert_eq!(store.save(&save).unwrap().record, RecordId::written(ME, 2));
}

#[test]
fn progress_adds_up_and_counts_only_the_workers_own_records() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (household, entry) = phone.relay.household("王桂兰", "1号");
    phone.relay.push(&store, vec![entry]);
    assert_eq!(store.progress().unwrap(), Progress::default());
    visit(&store, &household, "2026-11-23");
    dispute(&store);
    let waiting = Progress {
        saved: 2,
        waiting: 2,
        ..Progress::default()
    };
    assert_eq!(store.progress().unwrap(), waiting);
    phone.relay.accept_all(&store);
    dispute(&store);
    let now = store.progress().unwrap();
    assert_eq!((now.saved, now.acknowledged, now.waiting), (3, 2, 1));
    // An edit of the town's household is the worker's work too.
    store
        .save(&Save::edit(household, Kind::Household).set("phone", "13800000000"))
        .unwrap();
    assert_eq!(store.progress().unwrap().saved, 4);
}

#[test]
fn lists_page_from_the_latest_and_filter() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let ids: Vec<RecordId> = (0..5)
        .map(|_| {
            phone.env.advance(1000);
            dispute(&store).record
        })
        .collect();
    let mut query = RecordQuery {
        limit: 2,
        ..RecordQuery::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = store.records(&query).unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(last.record);
        listed.extend(page.into_iter().map(|row| row.record));
    }
    listed.reverse();
    assert_eq!(listed, ids);
    let none = RecordQuery {
        kind: Some(Kind::Visit),
        ..RecordQuery::default()
    };
    assert!(store.records(&none).unwrap().is_empty());
}
