//! What is over for longer than the town keeps it on phones: gone, but counted and proven; asked for when more is said of it.

use super::super::sync_state::{Progress, SyncState};
use super::super::{Draft, inbound};
use super::*;
use xunge_protocol::Confidence;
use xunge_records::Verb;

const DAY: i64 = 86_400_000;

/// What the relay says `days` after the morning: that phones keep what is over for 30 days.
fn later(relay: &Relay, days: i64, segments: Vec<PulledSegment>) -> SyncResponse {
    SyncResponse {
        time: MORNING.plus_millis(days * DAY),
        keep_days: Some(30),
        ..relay.response(vec![], segments)
    }
}

/// Lets go until all was looked at, as after a sync.
fn let_go(store: &Store) {
    let mut after = None;
    loop {
        after = store.let_go(after).unwrap();
        if after.is_none() {
            return;
        }
    }
}

fn is_here(store: &Store, record: &RecordId) -> bool {
    store.record(record).unwrap().is_some()
}

fn numbers(progress: Progress) -> [u64; 4] {
    let Progress {
        saved,
        acknowledged,
        waiting,
        refused,
        ..
    } = progress;
    assert_eq!(saved, acknowledged + waiting + refused);
    [saved, acknowledged, waiting, refused]
}

/// A phone with a household of two visits that the town has, and the segment in which they went.
fn visited(phone: &mut Phone) -> (Store, [RecordId; 2], Segment) {
    let store = phone.enrolled();
    let (household, entry) = phone.relay.household("王桂兰", "3号");
    phone.relay.push(&store, vec![entry]);
    let visits = ["2026-11-01", "2026-11-20"].map(|day| visit(&store, &household, day).record);
    phone.env.advance(60_000);
    store.seal_segments().unwrap();
    let sealed = store.unacknowledged(9, usize::MAX, &[]).unwrap();
    phone.relay.accept_all(&store);
    (store, visits, sealed[0].clone())
}

#[test]
fn what_is_past_goes_and_still_counts_and_what_somebody_needs_stays() {
    let mut phone = Phone::new();
    let (store, [past, last], _) = visited(&mut phone);
    let household = store.load_record(&past).unwrap().unwrap();
    let household: RecordId = household.fields.text("household").unwrap().parse().unwrap();
    let on = |day| visit(&store, &household, day).record;
    let [drafted, returned, pictured] = ["2026-11-02", "2026-11-03", "2026-11-04"].map(on);
    let photo = store.put_media("image/jpeg", &mut b"jpeg".as_slice());
    let mut with_photo = Save::new(Kind::Visit, open(Kind::Visit));
    with_photo.record = Some(pictured);
    store
        .save(&with_photo.set("photo", photo.unwrap().to_string()))
        .unwrap();
    let open_case = dispute(&store).record;
    phone.relay.accept_all(&store);
    let mut body = EventBody::new(Verb::Return, MORNING, Confidence::Relay);
    body.note = Some("请写清地点".into());
    let entry = phone.relay.event(&store, &returned, 1, body);
    phone.relay.push(&store, vec![entry]);
    let draft = Draft {
        id: "i1".into(),
        kind: "visit".into(),
        title: String::new(),
        record: Some(drafted),
        changed_at: MORNING,
        state: "{}".into(),
    };
    store.save_draft(&draft).unwrap();
    let waiting = on("2026-11-05");
    let before = numbers(store.progress().unwrap());
    assert_eq!(before, [7, 6, 1, 0]);

    // Nothing is said of how long, or it is not over for as long.
    let_go(&store);
    store
        .apply_response(&later(&phone.relay, 29, vec![]))
        .unwrap();
    let_go(&store);
    assert!(is_here(&store, &past));

    store
        .apply_response(&later(&phone.relay, 31, vec![]))
        .unwrap();
    let_go(&store);
    assert!(!is_here(&store, &past));
    for kept in [
        last, drafted, returned, pictured, open_case, waiting, household,
    ] {
        assert!(is_here(&store, &kept), "{kept}");
    }
    assert_eq!(numbers(store.progress().unwrap()), before);
    let row = store.record(&returned).unwrap().unwrap();
    assert_eq!(row.sync_state, SyncState::Returned);

    // Another day, after a restart: what was needed then goes when it is needed no more.
    store.discard_draft("i1").unwrap();
    phone.relay.accept_all(&store);
    drop(store);
    let store = phone.open();
    store
        .apply_response(&later(&phone.relay, 32, vec![]))
        .unwrap();
    let_go(&store);
    assert_eq!(
        [drafted, waiting, returned].map(|id| is_here(&store, &id)),
        [false, false, true]
    );
    assert_eq!(numbers(store.progress().unwrap()), [7, 7, 0, 0]);
}

#[test]
fn the_chain_of_what_was_let_go_of_is_proven_by_its_leaves() {
    let mut phone = Phone::new();
    let (store, [past, _], sealed) = visited(&mut phone);
    store
        .apply_response(&later(&phone.relay, 31, vec![]))
        .unwrap();
    let_go(&store);
    assert!(!is_here(&store, &past));
    assert!(store.offer_again(GRID, 0).unwrap());
    let again = store.unacknowledged(9, usize::MAX, &[]).unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].header, sealed.header);
    let erased = again[0].entries.iter().map(|e| e.erased_leaf().is_some());
    assert_eq!(erased.collect::<Vec<_>>(), [true, false]);
    let key = store.identity().unwrap().unwrap().key.public();
    again[0].verify(&key, inbound::entry_hash).unwrap();
}

#[test]
fn more_of_a_record_that_is_past_is_shown_once_all_of_it_was_asked_for() {
    let mut phone = Phone::new();
    let (store, [past, _], sealed) = visited(&mut phone);
    let before = store.load_record(&past).unwrap().unwrap();
    let mut document = store.load_document(&past).unwrap().unwrap();
    let author = Author {
        writer: RELAY,
        rebuild: 0,
    };
    let later_on = MORNING.plus_millis(40 * DAY);
    let noted = Edit::default().set("note", "后来补的");
    let noted = document.edit(author, later_on, &noted).unwrap().unwrap();
    let entry = Entry {
        record: past,
        kind: Kind::Visit.entry_kind(),
        body: noted.bytes,
    };
    store
        .apply_response(&later(&phone.relay, 31, vec![]))
        .unwrap();
    let_go(&store);
    let counted = numbers(store.progress().unwrap());

    let noted = phone.relay.segment(vec![(entry, noted.hash)]);
    let response = later(&phone.relay, 40, vec![noted]);
    assert_eq!(store.apply_response(&response).unwrap().set_aside, 1);
    assert!(!is_here(&store, &past));
    let wanted = store.wanted_records(9, |_| false).unwrap();
    assert_eq!(wanted, [past]);
    assert!(store.wanted_records(9, |_| true).unwrap().is_empty());

    // All of it comes: what this phone wrote, too.
    let whole = phone.relay.pulled(sealed);
    let response = later(&phone.relay, 40, vec![whole]);
    store.apply_response(&response).unwrap();
    let shown = store.load_record(&past).unwrap().unwrap();
    assert_eq!(shown.fields.text("note"), Some("后来补的"));
    for path in ["household", "visited_on", "met"] {
        assert_eq!(shown.fields.get(path), before.fields.get(path));
    }
    let row = store.record(&past).unwrap().unwrap();
    assert_eq!((row.sync_state, row.own), (SyncState::Received, true));
    assert!(store.wanted_records(9, |_| false).unwrap().is_empty());
    assert_eq!(numbers(store.progress().unwrap()), counted);
    let_go(&store);
    assert!(is_here(&store, &past));
}

#[test]
fn what_was_written_under_a_clock_that_tells_nothing_stays() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    phone.env.reboot();
    phone.env.set_wall_clock(Timestamp(86_400_000));
    let old = visit(&store, &RecordId::written(RELAY, 1), "1970-01-02").record;
    assert!(store.record(&old).unwrap().unwrap().changed_at < MORNING);
    phone.relay.accept_all(&store);
    store
        .apply_response(&later(&phone.relay, 31, vec![]))
        .unwrap();
    let_go(&store);
    assert!(is_here(&store, &old));
}
