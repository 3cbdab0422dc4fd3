//! Power cuts at every write while a phone lets go of what is past: each record is then here whole, or past and counted, and
//! the next start goes on with it.

use std::collections::BTreeMap;

use xunge_core::store::Store;
use xunge_protocol::RecordId;

use crate::world::{World, disk};

const RECORDS: usize = 100;
/// More than phones keep what is over, unless the operator says otherwise.
const LONG_MILLIS: u64 = 401 * 86_400_000;
/// Images at each write.
const EACH: u64 = 2;

/// One step after the other, until all was looked at; `done` hears after each.
fn let_go(store: &Store, mut done: impl FnMut()) {
    let mut after = None;
    loop {
        after = store.let_go(after).unwrap();
        done();
        if after.is_none() {
            return;
        }
    }
}

/// A phone of whose visits, which the town has, all but the last are past.
fn old_world(folder: &std::path::Path) -> World {
    let mut world = World::new(folder, 3);
    for n in 0..RECORDS {
        let mut visit = world.visit(&format!("#{n}"));
        visit.set.retain(|(path, _)| path != "visited_on");
        let day = format!("2026-{:02}-{:02}", 1 + n / 28, 1 + n % 28);
        let visit = visit.set("visited_on", day);
        world.phone.store().save(&visit).unwrap();
    }
    world.sync().unwrap();
    world.phone.env.advance(LONG_MILLIS);
    world.relay.pass(LONG_MILLIS);
    world.sync().unwrap();
    world
}

fn check(world: &World, all: &BTreeMap<RecordId, String>) {
    let progress = world.phone.store().progress().unwrap();
    let counted = (progress.saved, progress.acknowledged);
    assert_eq!(counted, (RECORDS as u64, RECORDS as u64));
    for (record, token) in world.phone.says().unwrap() {
        assert_eq!(all.get(&record), Some(&token));
    }
}

#[test]
fn a_power_cut_while_a_phone_lets_go_loses_no_count_and_no_half_of_a_record() {
    let _one = crate::alone();
    let folder = tempfile::tempdir().unwrap();
    let first = disk(folder.path());
    let world = old_world(folder.path());
    let all = world.phone.says().unwrap();
    assert_eq!(all.len(), RECORDS);
    first.record();
    let mut steps = 0;
    let_go(world.phone.store(), || {
        steps += 1;
        first.mark(steps);
    });
    assert!(steps > 2, "{steps}");
    let recording = first.recorded().unwrap();
    assert_eq!(world.phone.says().unwrap().len(), 1);

    let folder = tempfile::tempdir().unwrap();
    let second = disk(folder.path());
    let (mut replay, mut images, mut between) = (recording.replay(), 0, 0);
    loop {
        for _ in 0..EACH {
            images += 1;
            second.put(replay.image(images));
            let mut after = world.again(folder.path(), images);
            after.phone.open().unwrap();
            check(&after, &all);
            let left = after.phone.says().unwrap().len();
            between += usize::from(left > 1 && left < RECORDS);
            let_go(after.phone.store(), || {});
            check(&after, &all);
            assert_eq!(after.phone.says().unwrap().len(), 1);
        }
        if !replay.step() {
            break;
        }
    }
    println!("{images} images, {between} of them between two steps");
    assert!(between > 0);
}
