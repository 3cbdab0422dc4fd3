//! The simulation for as long as asked, seed after seed. `cargo xtask soak` sets the wishes as environment variables.

use std::time::{Duration, Instant};

use serde_json::{Map, json};

use crate::counts::FAULTS;
use crate::world::World;

const PHONES: usize = 10;
const STEPS: u64 = 1_500;

fn wish(name: &str) -> Option<String> {
    std::env::var(format!("XUNGE_SOAK_{name}")).ok()
}

/// Runs until the time is over or something is violated; prints and writes what happened.
pub(crate) fn run() {
    let seconds = wish("SECONDS").and_then(|s| s.parse().ok()).unwrap_or(60);
    let asked: Option<u64> = wish("SEED").and_then(|s| s.parse().ok());
    let replay = asked.is_some();
    let mut seed = asked.unwrap_or_else(rand::random);
    let began = Instant::now();
    let (mut steps, mut saves, mut exchanges) = (0, 0, 0);
    let mut faults = Map::new();
    let mut violations;
    loop {
        let mut world = World::new(seed, PHONES);
        let mut step = 0;
        while step < STEPS && world.violations.is_empty() {
            world.step();
            step += 1;
        }
        if world.violations.is_empty() {
            world.come_to_rest();
        }
        steps += step;
        saves += world.counts.get("save");
        exchanges += world.counts.get("sync");
        for what in FAULTS {
            let before = faults
                .get(what)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0);
            faults.insert(what.into(), (before + world.counts.get(what)).into());
        }
        violations = world.violations.clone();
        println!(
            "seed {seed}, {step} steps, trace {}: {}",
            world.trace_hash(),
            world.counts
        );
        if replay || !violations.is_empty() || began.elapsed() >= Duration::from_secs(seconds) {
            break;
        }
        seed += 1;
    }
    let report = json!({
        "seed": seed, "steps": steps, "saves": saves, "exchanges": exchanges,
        "violations": violations.len(), "faults": faults,
        "steps_per_second": (steps as f64 / began.elapsed().as_secs_f64()).round(),
    });
    println!("{report:#}");
    println!("{} violations", violations.len());
    if let Some(path) = wish("JSON") {
        std::fs::write(path, format!("{report:#}\n")).expect("the report can be written");
    }
    assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
}
