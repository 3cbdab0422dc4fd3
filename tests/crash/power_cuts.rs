//! Power cuts at every write: the phone and the relay lose power together, at any moment of a day's work. Both must open,
//! hold what they had answered, and go on.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use xunge_vfs::{Call, Disk, Effect, Fault, Recording};

use crate::day::{self, Answer};
use crate::held;
use crate::world::{World, disk};
use crate::{copy_folder, setting};

/// One image in so many also has to go on syncing, to the end.
const SYNCS: u64 = 16;
/// Images at each write of a day.
const EACH: u64 = 2;

/// A day's work on a disk, and what was answered in it.
struct Day {
    folder: tempfile::TempDir,
    recording: Recording,
    answers: Vec<Answer>,
    world: World,
    _disk: Disk,
}

impl Day {
    fn of(seed: u64, prepare: impl FnOnce(&Disk)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path());
        prepare(&disk);
        let mut world = World::new(folder.path(), seed);
        disk.record();
        let answers = day::work(&mut world, seed, |n| disk.mark(n));
        Self {
            recording: disk.recorded().unwrap(),
            folder,
            answers,
            world,
            _disk: disk,
        }
    }
}

/// What was looked at, and what was wrong.
#[derive(Debug, Default)]
struct Tally {
    images: AtomicU64,
    synced: AtomicU64,
    wrong: std::sync::Mutex<Vec<String>>,
}

impl Tally {
    fn wrong(&self) -> usize {
        self.wrong.lock().unwrap().len()
    }
}

/// Looks at images of a day, those whose number leaves `part` when divided by `parts`, while more are wanted.
fn look(day: &Day, seed: u64, (part, parts): (u64, u64), wanted: u64, tally: &Tally) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(day.folder.path(), folder.path());
    let disk = disk(folder.path());
    let mut replay = day.recording.replay();
    let mut number = 0;
    loop {
        for _ in 0..EACH {
            number += 1;
            if number % parts != part {
                continue;
            }
            if tally.images.load(Ordering::Relaxed) >= wanted {
                return;
            }
            let n = tally.images.fetch_add(1, Ordering::Relaxed);
            let image_seed = seed << 32 | number;
            disk.put(replay.image(image_seed));
            let goes_on = n.is_multiple_of(SYNCS);
            let answered = (&day.answers[..], replay.marked().unwrap_or(0) as usize);
            let wrong = look_at(&day.world, folder.path(), answered, image_seed, goes_on);
            tally
                .synced
                .fetch_add(u64::from(goes_on), Ordering::Relaxed);
            if !wrong.is_empty() {
                let mut all = tally.wrong.lock().unwrap();
                all.push(format!("day {seed}, image {number}: {wrong:?}"));
            }
        }
        if !replay.step() {
            return;
        }
    }
}

fn look_at(
    was: &World,
    folder: &Path,
    (answers, answered): (&[Answer], usize),
    seed: u64,
    goes_on: bool,
) -> Vec<String> {
    let mut world = was.again(folder, seed);
    let opened = world
        .phone
        .open()
        .map_err(|e| format!("the phone does not open: {e}"))
        .and_then(|()| {
            let relay = world.relay.show();
            relay.map_err(|e| format!("the relay does not open: {e}"))
        });
    if let Err(why) = opened {
        return vec![why];
    }
    let mut wrong = held::check(&world, answers, answered);
    if goes_on && wrong.is_empty() {
        wrong = held::goes_on(&mut world);
    }
    wrong
}

/// Images of as many days as it takes.
fn run(wanted: u64, prepare: impl Fn(&Disk)) -> Tally {
    let tally = Tally::default();
    let parts = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    for seed in 1.. {
        let day = Day::of(seed, &prepare);
        std::thread::scope(|scope| {
            for part in 0..parts {
                let (day, tally) = (&day, &tally);
                scope.spawn(move || look(day, seed, (part, parts), wanted, tally));
            }
        });
        let looked = tally.images.load(Ordering::Relaxed);
        if looked >= wanted || tally.wrong() > 20 {
            return tally;
        }
    }
    tally
}

#[test]
fn whatever_a_power_cut_leaves_opens_holds_what_was_answered_and_goes_on_syncing() {
    let _one = crate::alone();
    let wanted = setting("XUNGE_CRASH_IMAGES", 5_000);
    let began = Instant::now();
    let tally = run(wanted, |_| {});
    let (images, synced) = (tally.images.into_inner(), tally.synced.into_inner());
    let wrong = tally.wrong.into_inner().unwrap();
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{images} images, {synced} of them synced to the end, {} wrong, {:.0} images a second",
        wrong.len(),
        images as f64 / seconds
    );
    assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(5)]);
    assert!(images >= wanted && synced * SYNCS >= wanted);
}

#[test]
fn weaker_settings_and_a_disk_that_lies_are_caught() {
    let _one = crate::alone();
    for (name, prepare) in [
        (
            "synchronous=NORMAL",
            (|disk: &Disk| disk.hold_pragma("synchronous", "1")) as fn(&Disk),
        ),
        ("synchronous=OFF", |disk| {
            disk.hold_pragma("synchronous", "0")
        }),
        ("a sync that lies", |disk| {
            disk.plan(Fault::from_then_on(&[Call::Sync], 0, Effect::Lie));
        }),
    ] {
        let tally = run(600, prepare);
        println!(
            "{name}: {} of {} wrong",
            tally.wrong(),
            tally.images.into_inner()
        );
        assert!(tally.wrong.into_inner().unwrap().len() > 10, "{name}");
    }
}
