//! Faults of the disk while phone and relay work: any call may fail, once or from then on, for want of room or for no
//! reason. Nothing is answered that is not there afterwards, nothing is there twice, and once the disk is well again the
//! work goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use xunge_core::store::StoreError;
use xunge_core::sync::SyncError;
use xunge_vfs::{Call, Contents, Disk, Effect, Fault};

use crate::setting;
use crate::world::{World, disk};

/// Visits in one story.
const VISITS: u64 = 6;

/// Whose disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Phone,
    Relay,
}

/// What happens to the victim besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// At the end it is closed in good order and opened.
    Closed,
    /// At the end it is killed.
    Killed,
    /// At the end its power goes.
    Cut,
    /// It is killed at the first failure; at the end its power goes.
    KilledThenCut,
}

/// A phone and a relay on a disk each, and what these held before the story.
struct Stage {
    folder: tempfile::TempDir,
    world: World,
    disks: [Disk; 2],
    before: [Contents; 2],
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disks = ["phone", "relay"].map(|name| {
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            disk(&folder)
        });
        let mut world = World::new(folder.path(), 1);
        world.phone.close();
        world.relay.close();
        let before = [disks[0].contents(), disks[1].contents()];
        Self {
            folder,
            world,
            disks,
            before,
        }
    }

    fn disk(&self, victim: Victim) -> &Disk {
        &self.disks[victim as usize]
    }

    /// Phone and relay as they were before, working.
    fn begin(&self, seed: u64) -> World {
        for (disk, before) in self.disks.iter().zip(&self.before) {
            disk.heal();
            disk.seed_losses(seed);
            disk.put(before.clone());
        }
        let mut world = self.world.again(self.folder.path(), seed);
        world.phone.open().unwrap();
        world.relay.open().unwrap();
        world
    }
}

fn reopen(world: &mut World, victim: Victim) -> Result<(), String> {
    match victim {
        Victim::Phone => {
            world.phone.close();
            let opened = world.phone.open();
            opened.map_err(|e| format!("the phone does not open: {e}"))
        }
        Victim::Relay => {
            world.relay.close();
            let opened = world.relay.open();
            opened.map_err(|e| format!("the relay does not open: {e}"))
        }
    }
}

/// One story; says whether the fault came, and what is wrong.
fn story(stage: &Stage, seed: u64) -> (bool, String, Result<(), String>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let victim = *[Victim::Phone, Victim::Phone, Victim::Relay]
        .choose(&mut random)
        .unwrap();
    let blow = *[Blow::Closed, Blow::Killed, Blow::Cut, Blow::KilledThenCut]
        .choose(&mut random)
        .unwrap();
    let (on, most) = *[
        (Call::ALL, 160),
        (Call::CHANGES, 100),
        (&[Call::Sync] as &'static [Call], 16),
    ]
    .choose(&mut random)
    .unwrap();
    let fault = Fault {
        on,
        skip: random.random_range(0..most),
        sticky: random.random(),
        effect: *[Effect::Io, Effect::Full].choose(&mut random).unwrap(),
    };
    let told = format!("{victim:?} {blow:?} {fault:?}");
    let mut world = stage.begin(seed);
    let fired = stage.disk(victim).faults_fired();
    stage.disk(victim).plan(fault);
    let outcome = tell(stage, &mut world, victim, blow, seed);
    (stage.disk(victim).faults_fired() > fired, told, outcome)
}

fn tell(
    stage: &Stage,
    world: &mut World,
    victim: Victim,
    blow: Blow,
    seed: u64,
) -> Result<(), String> {
    let disk = stage.disk(victim);
    let mut saved = BTreeSet::new();
    let mut struck = false;
    for n in 0..VISITS {
        let failed = match visit(world, n) {
            Ok(()) => {
                saved.insert(format!("#{n}"));
                false
            }
            Err(StoreError::Io(_) | StoreError::DiskFull) if victim == Victim::Phone => true,
            Err(error) => return Err(format!("visit {n}: {} {error}", error.code())),
        };
        let failed = match world.sync() {
            _ if n % 2 == 0 => failed,
            Ok(()) => failed,
            Err(SyncError::Busy) if victim == Victim::Relay => true,
            Err(SyncError::Store(StoreError::Io(_) | StoreError::DiskFull))
                if victim == Victim::Phone =>
            {
                true
            }
            Err(error) => return Err(format!("sync {n}: {} {error}", error.code())),
        };
        if failed && !struck && blow == Blow::KilledThenCut {
            disk.heal();
            disk.kill();
            reopen(world, victim)?;
        }
        struck |= failed;
        if n == VISITS / 2 {
            disk.heal();
        }
        if n > VISITS / 2 && failed {
            return Err(format!("visit or sync {n} failed on a disk that is well"));
        }
    }
    match blow {
        Blow::Closed => {}
        Blow::Killed => disk.kill(),
        Blow::Cut | Blow::KilledThenCut => disk.cut_power(seed),
    }
    reopen(world, victim)?;
    settled(world, &saved)
}

/// A worker answers, saves, and saves again if that failed and the interview is still there.
fn visit(world: &World, n: u64) -> Result<(), StoreError> {
    let interview = format!("i{n}");
    let store = world.phone.store();
    let mut save = world.visit(&format!("#{n}"));
    save.draft = Some(interview.clone());
    world.phone.draft(&interview, "{}")?;
    match store.save(&save) {
        Ok(_) => Ok(()),
        Err(error) if store.draft(&interview)?.is_some() => {
            store.save(&save).map(|_| ()).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// All that was saved is there once, at both ends, after one more visit and a sync.
fn settled(world: &mut World, saved: &BTreeSet<String>) -> Result<(), String> {
    let tell = |error: &dyn std::error::Error| error.to_string();
    let once = |says: &BTreeMap<_, String>, who: &str| {
        let mut times = BTreeMap::<&str, u32>::new();
        for token in says.values() {
            *times.entry(token).or_default() += 1;
        }
        let lost = saved.iter().find(|t| !times.contains_key(t.as_str()));
        let twice = times.iter().find(|(_, n)| **n > 1);
        match (lost, twice) {
            (None, None) => Ok(()),
            wrong => Err(format!(
                "lost or twice at the {who}: {wrong:?}, of {saved:?}"
            )),
        }
    };
    once(&world.phone.says().map_err(|e| tell(&e))?, "phone")?;
    let later = world.visit("#later");
    world.phone.store().save(&later).map_err(|e| tell(&e))?;
    for _ in 0..2 {
        world.sync().map_err(|e| tell(&e))?;
    }
    let (phone, town) = (
        world.phone.says().map_err(|e| tell(&e))?,
        world.relay.says().map_err(|e| tell(&e))?,
    );
    once(&town, "relay")?;
    let progress = world.phone.store().progress().map_err(|e| tell(&e))?;
    let all = phone.len() as u64;
    match phone == town && (progress.saved, progress.acknowledged) == (all, all) {
        true => Ok(()),
        false => Err(format!(
            "{progress:?}: the phone has {phone:?}, the town {town:?}"
        )),
    }
}

#[test]
fn no_fault_of_a_disk_makes_phone_or_relay_answer_what_is_not_there_or_keep_anything_twice() {
    let _one = crate::alone();
    let wanted = setting("XUNGE_CRASH_FAULTS", 300);
    let began = Instant::now();
    let parts = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let part = |part| {
        let stage = Stage::new();
        let (mut fired, mut wrong) = (0, Vec::new());
        for seed in (part..wanted).step_by(parts as usize) {
            let (came, told, outcome) = story(&stage, seed);
            fired += u64::from(came);
            if let Err(why) = outcome {
                wrong.push(format!("story {seed}: {told}: {why}"));
            }
        }
        (fired, wrong)
    };
    let done: Vec<(u64, Vec<String>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..parts).map(|n| scope.spawn(move || part(n))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let fired: u64 = done.iter().map(|(fired, _)| fired).sum();
    let wrong: Vec<&String> = done.iter().flat_map(|(_, wrong)| wrong).collect();
    println!(
        "{wanted} stories, {fired} with a fault, {} wrong, {:.1} s",
        wrong.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(8)]);
    assert!(fired * 2 > wanted);
}

#[test]
fn a_full_phone_says_so_keeps_what_it_has_and_takes_work_again_once_there_is_room() {
    let _one = crate::alone();
    let stage = Stage::new();
    let mut world = stage.begin(1);
    let disk = stage.disk(Victim::Phone);
    disk.set_capacity(Some(disk.used() + 60_000));
    let refused = (0..).find_map(|n| Some((n, visit(&world, n).err()?)));
    let (n, error) = refused.unwrap();
    assert_eq!((error.code(), error.retry()), ("disk_full", true));
    assert!(n > 0);
    assert_eq!(world.phone.says().unwrap().len() as u64, n);
    // Neither a kill nor a full disk at the next start loses anything.
    disk.kill();
    world.phone.close();
    let opened = world.phone.open();
    assert!(
        matches!(opened, Ok(()) | Err(StoreError::DiskFull)),
        "{opened:?}"
    );
    disk.set_capacity(None);
    reopen(&mut world, Victim::Phone).unwrap();
    visit(&world, n).unwrap();
    let saved = (0..=n).map(|n| format!("#{n}")).collect();
    settled(&mut world, &saved).unwrap();
}

#[test]
fn a_full_relay_is_busy_and_receives_everything_once_there_is_room() {
    let _one = crate::alone();
    let stage = Stage::new();
    let mut world = stage.begin(1);
    let disk = stage.disk(Victim::Relay);
    disk.set_capacity(Some(disk.used()));
    let saved: BTreeSet<String> = (0..20).map(|n| format!("#{n}")).collect();
    for n in 0..20 {
        visit(&world, n).unwrap();
    }
    assert!(matches!(world.sync(), Err(SyncError::Busy)));
    assert_eq!(world.phone.store().progress().unwrap().acknowledged, 0);
    disk.set_capacity(None);
    settled(&mut world, &saved).unwrap();
}
