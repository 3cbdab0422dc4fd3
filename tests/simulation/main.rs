//! The real phone core and the real relay in one thread, under a seed: what goes wrong is named in
//! `counts::FAULTS`, and what the product promises is checked after each step.
//!
//! `XUNGE_SIM_SEED=N` replays one seed; `XUNGE_SIM_SEEDS=N` and `XUNGE_SIM_STEPS=N` set how much is run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accidents;
mod check;
mod counts;
mod courier;
mod delivery;
mod disks;
mod files;
mod interviews;
mod intruder;
mod ledger;
mod network;
mod newcomers;
mod office;
mod phone;
#[cfg(feature = "planted")]
mod planted;
mod relay;
mod rest;
mod review;
mod scenario;
mod soak;
mod work;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use counts::Counts;
use scenario::STEPS;

/// One test at a time: a planted bug is in the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ONE_WORLD: Mutex<()> = Mutex::new(());
    ONE_WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Worlds that can be run at once.
fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u64)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

/// Steps of a run in which each fault must have come often enough.
const ENOUGH: u64 = 100_000;

#[test]
fn phones_and_a_relay_lose_nothing_and_claim_nothing_whatever_goes_wrong() {
    let _one = alone();
    let steps = setting("XUNGE_SIM_STEPS", STEPS);
    let first = setting("XUNGE_SIM_SEED", 1);
    let worlds = match std::env::var_os("XUNGE_SIM_SEED") {
        Some(_) => 1,
        None => setting("XUNGE_SIM_SEEDS", ENOUGH.div_ceil(steps)),
    };
    let next = AtomicU64::new(first);
    let ended = Mutex::new((Counts::default(), 0, Vec::new()));
    std::thread::scope(|threads| {
        for _ in 0..cores().min(worlds) {
            threads.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + worlds {
                        break;
                    }
                    let world = scenario::run(seed, 0..steps);
                    println!("seed {seed}: {}", world.counts);
                    let mut ended = ended.lock().unwrap();
                    ended.0.add(&world.counts);
                    ended.1 += world.steps;
                    if !world.violations.is_empty() {
                        let (at, what) = (world.steps, world.violations);
                        ended.2.push(format!("seed {seed}, step {at}: {what:#?}"));
                    }
                }
            });
        }
    });
    let (counts, steps, violations) = ended.into_inner().unwrap();
    println!("{steps} steps: {counts}");
    assert!(
        violations.is_empty(),
        "{}\nreplay one with XUNGE_SIM_SEED",
        violations.join("\n")
    );
    if steps >= ENOUGH {
        counts.assert_enough(steps);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let _one = alone();
    let trace = |seed| {
        let ended = scenario::run(seed, 0..200);
        (ended.trace, ended.counts.to_string())
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7).0, trace(8).0);
}

#[test]
#[ignore = "runs for as long as asked: cargo xtask soak"]
fn soak() {
    let _one = alone();
    soak::run();
}
