//! One world from its beginning to its end, or only some of its steps; and the fewest steps that still go wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use xunge_protocol::Hash32;

use crate::counts::Counts;
use crate::world::World;

/// Steps of a world.
pub(crate) const STEPS: u64 = 1_500;
/// Phones of a world at its beginning.
pub(crate) const PHONES: usize = 10;

/// How a world ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Steps that were taken.
    pub(crate) steps: u64,
    pub(crate) counts: Counts,
    /// What must be true and was not; a panic is one as well (I8).
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Hash32,
}

/// Runs the world of `seed` through `steps`, and to rest, until something is violated.
pub(crate) fn run(seed: u64, steps: impl IntoIterator<Item = u64>) -> Ended {
    let mut world = World::new(seed, PHONES);
    let mut taken = 0;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        for step in steps {
            taken += 1;
            world.step(step);
            if !world.violations.is_empty() {
                return;
            }
        }
        world.come_to_rest();
    }));
    if let Err(panic) = panicked {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        let said = said.unwrap_or("no words");
        world.violations.push(format!("I8: panicked: {said}"));
    }
    Ended {
        steps: taken,
        trace: world.trace_hash(),
        counts: std::mem::take(&mut world.counts),
        violations: std::mem::take(&mut world.violations),
    }
}

/// Leaves out steps of a world that goes wrong within its first `steps`, as long as it still does (Zeller and Hildebrandt,
/// "Simplifying and Isolating Failure-Inducing Input", 2002, without complements).
pub(crate) fn shrink(seed: u64, steps: u64, at_most: Duration) -> (Vec<u64>, Ended) {
    let began = Instant::now();
    let mut left: Vec<u64> = (0..steps).collect();
    let mut ended = run(seed, left.iter().copied());
    let mut chunk = left.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        while at < left.len() && began.elapsed() < at_most {
            let fewer: Vec<u64> = left
                .iter()
                .enumerate()
                .filter(|(n, _)| !(at..at + chunk).contains(n))
                .map(|(_, step)| *step)
                .collect();
            let tried = run(seed, fewer.iter().copied());
            if tried.violations.is_empty() {
                at += chunk;
            } else {
                (left, ended) = (fewer, tried);
            }
        }
        chunk /= 2;
    }
    (left, ended)
}
