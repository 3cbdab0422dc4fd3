//! The real phone core and the real relay in one thread, under a seed: what goes wrong is named in
//! `counts::FAULTS`, and what the product promises is checked after each step.
//!
//! `XUNGE_SIM_SEED=N` replays one seed; `XUNGE_SIM_SEEDS=N` and `XUNGE_SIM_STEPS=N` set how much is run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod check;
mod counts;
mod network;
mod phone;
mod relay;
mod soak;
mod world;

use std::sync::{Mutex, PoisonError};

use counts::Counts;
use world::World;

/// One world at a time: two threads that use SQLCipher for the first time at once may find it half set up.
static ONE_WORLD: Mutex<()> = Mutex::new(());

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(default)
}

#[test]
fn ten_phones_and_a_relay_lose_nothing_and_claim_nothing_on_a_bad_network() {
    let _one = ONE_WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    let steps = setting("XUNGE_SIM_STEPS", 1_500);
    let seeds: Vec<u64> = match std::env::var("XUNGE_SIM_SEED")
        .ok()
        .and_then(|v| v.parse().ok())
    {
        Some(seed) => vec![seed],
        None => (1..=setting("XUNGE_SIM_SEEDS", 4)).collect(),
    };
    let one = seeds.len() == 1;
    let mut counts = Counts::default();
    for seed in seeds {
        let mut world = World::new(seed, 10);
        for step in 0..steps {
            world.step();
            assert!(
                world.violations.is_empty(),
                "seed {seed}, step {step}: {:#?}\nreplay with XUNGE_SIM_SEED={seed}",
                world.violations
            );
        }
        world.come_to_rest();
        println!("seed {seed}: {}", world.counts);
        assert!(
            world.violations.is_empty(),
            "seed {seed}, at rest: {:#?}",
            world.violations
        );
        counts.add(&world.counts);
    }
    if !one {
        counts.assert_all_happened();
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let _one = ONE_WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    let trace = |seed| {
        let mut world = World::new(seed, 3);
        for _ in 0..200 {
            world.step();
        }
        (world.trace_hash(), world.counts.to_string())
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7).0, trace(8).0);
}

#[test]
#[ignore = "runs for as long as asked: cargo xtask soak"]
fn soak() {
    let _one = ONE_WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    soak::run();
}
