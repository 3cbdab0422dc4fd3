//! The simulation for as long as asked, seed after seed. `cargo xtask soak` sets the wishes as environment variables.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use crate::counts::FAULTS;
use crate::scenario::{self, Ended, STEPS};

/// How long to look for fewer steps that go wrong.
const SHRINK: Duration = Duration::from_secs(60);

fn wish(name: &str) -> Option<String> {
    std::env::var(format!("XUNGE_SOAK_{name}")).ok()
}

/// Runs until the time is over or something is violated; prints and writes what happened.
pub(crate) fn run() {
    let seconds = wish("SECONDS").and_then(|s| s.parse().ok()).unwrap_or(60);
    let asked: Option<u64> = wish("SEED").and_then(|s| s.parse().ok());
    let only: Option<BTreeSet<u64>> = wish("STEPS").map(|steps| {
        steps
            .split(',')
            .filter_map(|s| s.trim().parse().ok())
            .collect()
    });
    plant_wish();
    let mut seed = asked.unwrap_or_else(rand::random);
    let began = Instant::now();
    let (mut steps, mut saves, mut exchanges) = (0, 0, 0);
    let mut faults = Map::new();
    let last: Ended = loop {
        let ended = match &only {
            Some(only) => scenario::run(seed, only.iter().copied()),
            None => scenario::run(seed, 0..STEPS),
        };
        steps += ended.steps;
        saves += ended.counts.get("save");
        exchanges += ended.counts.get("sync");
        for what in FAULTS {
            let before = faults
                .get(what)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0);
            faults.insert(what.into(), (before + ended.counts.get(what)).into());
        }
        println!(
            "seed {seed}, {} steps, trace {}: {}",
            ended.steps, ended.trace, ended.counts
        );
        let over = began.elapsed() >= Duration::from_secs(seconds);
        if asked.is_some() || !ended.violations.is_empty() || over {
            break ended;
        }
        seed += 1;
    };
    let violations = &last.violations;
    let report = json!({
        "seed": seed, "steps": steps, "saves": saves, "exchanges": exchanges,
        "violations": violations.len(), "faults": faults,
        "steps_per_second": (steps as f64 / began.elapsed().as_secs_f64()).round(),
        "steps_per_cpu_second": (steps as f64 / cpu_seconds()).round(),
        "saves_percent": percent(saves, steps),
        "exchanges_percent": percent(exchanges, steps),
    });
    println!("{report:#}");
    println!("{} violations", violations.len());
    if let Some(path) = wish("JSON") {
        std::fs::write(path, format!("{report:#}\n")).expect("the report can be written");
    }
    if !violations.is_empty() {
        println!("seed {seed}, step {}: {violations:#?}", last.steps);
        if only.is_none() {
            let (left, ended) = scenario::shrink(seed, last.steps, SHRINK);
            let steps: Vec<String> = left.iter().map(u64::to_string).collect();
            println!(
                "{} of these steps do it: {:#?}",
                left.len(),
                ended.violations
            );
            println!("cargo xtask soak --seed {seed} --steps {}", steps.join(","));
        }
        panic!("seed {seed}: {} violations", violations.len());
    }
}

fn percent(part: u64, of: u64) -> f64 {
    (part as f64 * 1000.0 / of.max(1) as f64).round() / 10.0
}

/// What the process has used of all cores.
fn cpu_seconds() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

#[cfg(feature = "planted")]
fn plant_wish() {
    if let Some(name) = wish("PLANT") {
        let bug = xunge_planted::Bug::from_name(&name);
        println!("planted: {name}");
        xunge_planted::plant(Some(bug.expect("the name of a bug that can be planted")));
    }
}

#[cfg(not(feature = "planted"))]
fn plant_wish() {}
