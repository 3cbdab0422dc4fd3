//! A simulation that finds no planted bug proves nothing: each must be found, by name, within a few worlds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use xunge_planted::{Bug, plant};

use crate::scenario;

/// Worlds in which a bug must show.
const WORLDS: u64 = 60;
const STEPS: u64 = 600;

/// The first world, of those that are tried on all cores at once, in which something goes wrong: seed, steps, what.
fn find() -> Option<(u64, u64, String)> {
    let next = AtomicU64::new(1);
    let found = Mutex::new(None);
    std::thread::scope(|threads| {
        for _ in 0..crate::cores() {
            threads.spawn(|| {
                while found.lock().unwrap().is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > WORLDS {
                        return;
                    }
                    let ended = scenario::run(seed, 0..STEPS);
                    if let Some(what) = ended.violations.first() {
                        let mut found = found.lock().unwrap();
                        found.get_or_insert((seed, ended.steps, what.clone()));
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn each_planted_bug_is_found() {
    let _one = crate::alone();
    let wanted = std::env::var("XUNGE_SIM_PLANT").ok();
    let wanted = |bug: &Bug| wanted.as_ref().is_none_or(|name| *name == bug.name());
    let mut missed = Vec::new();
    for bug in Bug::ALL.into_iter().filter(wanted) {
        plant(Some(bug));
        let found = find();
        plant(None);
        match found {
            Some((seed, steps, what)) => {
                let what: String = what.chars().take(120).collect();
                println!("{}: seed {seed}, {steps} steps: {what}", bug.name());
            }
            None => missed.push(bug.name()),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}
