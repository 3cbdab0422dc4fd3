//! A simulation that finds no planted bug proves nothing: each must be found, by name, within a few worlds.

use xunge_planted::{Bug, plant};

use crate::scenario;

/// Worlds in which a bug must show.
const WORLDS: u64 = 24;
const STEPS: u64 = 600;

#[test]
fn each_planted_bug_is_found() {
    let _one = crate::alone();
    let wanted = std::env::var("XUNGE_SIM_PLANT").ok();
    let wanted = |bug: &Bug| wanted.as_ref().is_none_or(|name| *name == bug.name());
    let mut missed = Vec::new();
    for bug in Bug::ALL.into_iter().filter(wanted) {
        plant(Some(bug));
        let found = (1..=WORLDS).find_map(|seed| {
            let ended = scenario::run(seed, 0..STEPS);
            let first = ended.violations.first()?.clone();
            Some((seed, ended.steps, first))
        });
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
