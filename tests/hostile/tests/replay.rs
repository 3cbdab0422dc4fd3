//! Seeds, changed seeds, and whatever was ever found, on stable and without a fuzzer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use xunge_hostile::{TARGETS, seeds};

/// Inputs that are made of each target's seeds.
const CHANGED: usize = 1_500;

/// Panics that the readers contain are none, and many; they would fill the output.
fn quietly() {
    std::panic::set_hook(Box::new(|info| {
        if !info
            .location()
            .is_some_and(|at| at.file().contains("/automerge-"))
        {
            eprintln!("{info}");
        }
    }));
}

fn crashers(target: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/crashers")
        .join(target);
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn nothing_that_was_ever_found_breaks_a_reader_again() {
    quietly();
    for target in TARGETS {
        for file in crashers(target.name) {
            println!("{}", file.display());
            (target.read)(&std::fs::read(file).unwrap());
        }
    }
}

#[test]
fn every_crasher_belongs_to_a_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/crashers");
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    for folder in std::fs::read_dir(folder).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(
            name.ends_with(".md") || names.contains(&name.as_str()),
            "{name}"
        );
    }
}

#[test]
fn seeds_and_what_chance_makes_of_them_break_no_reader() {
    quietly();
    for target in TARGETS {
        let seeds = seeds(target.name);
        assert!(!seeds.is_empty(), "{} has seeds", target.name);
        for seed in &seeds {
            (target.read)(seed);
        }
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..CHANGED {
            let mut input = seeds[random.random_range(0..seeds.len())].clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..=input.len());
                match random.random_range(0..4) {
                    0 => input.truncate(at),
                    1 => input.insert(at, random.random()),
                    2 if at < input.len() => input[at] = random.random(),
                    _ if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
                    _ => {}
                }
            }
            (target.read)(&input);
        }
    }
}
