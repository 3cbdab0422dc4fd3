//! First copies of scopes: usable with the base, proven with the history, the log's if they are not what they should be.

use super::*;
use xunge_protocol::snapshot::{Part, SignedSnapshot, Snapshot, pack_part, vouched};

/// A list and its parts: the base, then the history.
fn copy(
    relay: &Relay,
    base: &[PulledSegment],
    history: &[PulledSegment],
) -> (SignedSnapshot, [Vec<u8>; 2]) {
    let parts = [base, history].map(|segments| pack_part(GRID, RELAY, segments).unwrap());
    let [base, history] = [0, 1].map(|n: usize| Part {
        hash: Hash32::of(&parts[n]),
        bytes: parts[n].len() as u32,
    });
    let snapshot = Snapshot {
        suite: 1,
        scope: GRID,
        epoch: EPOCH,
        relay: RELAY,
        position: relay.position,
        made_at: MORNING,
        since: None,
        base: vec![base],
        history: vec![history],
    };
    (SignedSnapshot::sign(&relay.key, snapshot), parts)
}

/// The relay's log of two households, and a copy whose base has the first.
fn two_households(relay: &mut Relay) -> (PulledSegment, SignedSnapshot, [Vec<u8>; 2]) {
    let (_, first) = relay.household("张三", "1号");
    let (_, second) = relay.household("李四", "2号");
    let leaf = first.0.leaf(first.1).hash();
    let log = relay.segment(vec![first.clone(), second]);
    let mut history = log.clone();
    history.entries[0] = PulledEntry::Absent(leaf);
    let base = vouched(RELAY, GRID, vec![(1, first.0, leaf)]);
    let (signed, parts) = copy(relay, &[base], &[history]);
    (log, signed, parts)
}

fn cursor(store: &Store) -> u64 {
    let position = store.sync_position().unwrap();
    let of_grid = position.cursors.iter().find(|c| c.scope == GRID);
    of_grid.unwrap().position
}

#[test]
fn the_base_is_usable_before_the_history_and_a_cut_part_goes_on_after_a_restart() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (_, signed, [base, history]) = two_households(&mut phone.relay);
    store.begin_snapshot(&signed).unwrap();
    let wanted = store.next_part().unwrap().unwrap();
    assert_eq!((wanted.part, wanted.held), (signed.snapshot.base[0], 0));
    let half = base.len() / 2;
    let taken = store.take_part(&wanted, &base[..half]).unwrap();
    assert_eq!((taken.received, taken.usable), (0, false));
    drop(store);

    let store = phone.open();
    let wanted = store.next_part().unwrap().unwrap();
    assert_eq!((wanted.part, wanted.held), (signed.snapshot.base[0], half));
    let taken = store.take_part(&wanted, &base[half..]).unwrap();
    assert_eq!(
        (taken.received, taken.usable, taken.complete),
        (1, true, false)
    );
    assert_eq!(all(&store).len(), 1);
    assert_eq!(cursor(&store), 0, "nothing is proven yet");
    assert_eq!(store.snapshots_under_way().unwrap(), [GRID]);

    let wanted = store.next_part().unwrap().unwrap();
    let taken = store.take_part(&wanted, &history).unwrap();
    assert_eq!(
        (taken.received, taken.usable, taken.complete),
        (1, false, true),
        "it was usable before"
    );
    assert_eq!(all(&store).len(), 2);
    assert_eq!(cursor(&store), signed.snapshot.position);
    assert_eq!(store.next_part().unwrap(), None);
}

#[test]
fn a_spoiled_part_leaves_nothing_behind_and_the_log_is_read() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (log, signed, [mut base, _]) = two_households(&mut phone.relay);
    store.begin_snapshot(&signed).unwrap();
    let wanted = store.next_part().unwrap().unwrap();
    let middle = base.len() / 2;
    base[middle] ^= 1;
    let refused = store.take_part(&wanted, &base).unwrap_err();
    assert_eq!(refused.code(), "snapshot_refused");
    base.push(0);
    assert!(
        store.take_part(&wanted, &base).is_err(),
        "longer than it says"
    );
    assert_eq!((all(&store).len(), cursor(&store)), (0, 0));
    store.drop_snapshot(None).unwrap();
    assert_eq!(store.next_part().unwrap(), None);
    let response = phone.relay.response(vec![], vec![log]);
    assert_eq!(store.apply_response(&response).unwrap().received, 2);
    assert_eq!(all(&store).len(), 2);
}

#[test]
fn a_list_that_the_relay_did_not_sign_or_of_another_epoch_is_refused() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (_, signed, _) = two_households(&mut phone.relay);
    let mut forged = signed.clone();
    forged.snapshot.position += 1;
    let mut other = signed.snapshot.clone();
    other.epoch = EpochId([1; 8]);
    let mut empty = signed.snapshot;
    (empty.base, empty.history) = (vec![], vec![]);
    let sign = |snapshot| SignedSnapshot::sign(&phone.relay.key, snapshot);
    for refused in [forged, sign(other), sign(empty)] {
        let error = store.begin_snapshot(&refused).unwrap_err();
        assert_eq!(error.code(), "snapshot_refused");
    }
    assert_eq!(store.snapshots_under_way().unwrap(), []);
}

#[test]
fn what_no_author_signed_moves_no_cursor_and_a_forged_history_is_refused() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (_, never_logged) = phone.relay.household("王五", "3号");
    let leaf = never_logged.0.leaf(never_logged.1).hash();
    let base = vouched(RELAY, GRID, vec![(1, never_logged.0, leaf)]);
    let (_, logged) = phone.relay.household("赵六", "4号");
    let history = phone.relay.segment(vec![logged]);
    let (signed, parts) = copy(&phone.relay, &[base], std::slice::from_ref(&history));
    store.begin_snapshot(&signed).unwrap();
    let wanted = store.next_part().unwrap().unwrap();
    store.take_part(&wanted, &parts[0]).unwrap();
    let wanted = store.next_part().unwrap().unwrap();
    let unproven = store.take_part(&wanted, &parts[1]).unwrap_err();
    assert_eq!(unproven.code(), "snapshot_refused");
    assert_eq!(cursor(&store), 0);

    store.drop_snapshot(None).unwrap();
    let mut forged = history;
    forged.signature.0[0] ^= 1;
    let (_, base) = phone.relay.household("钱七", "5号");
    let leaf = base.0.leaf(base.1).hash();
    let base = vouched(RELAY, GRID, vec![(2, base.0, leaf)]);
    let (signed, parts) = copy(&phone.relay, &[base], &[forged]);
    store.begin_snapshot(&signed).unwrap();
    for (n, refused) in [(0, false), (1, true)] {
        let wanted = store.next_part().unwrap().unwrap();
        assert_eq!(store.take_part(&wanted, &parts[n]).is_err(), refused);
    }
    assert_eq!(cursor(&store), 0);
}
