//! `xunge-hostile DIR`: writes the seeds of every target below a folder, for the fuzzer to breed from.
#![allow(clippy::unwrap_used, reason = "a tool of the developer")]

use std::path::PathBuf;
use std::process::ExitCode;

use xunge_hostile::{TARGETS, seeds};

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: xunge-hostile DIR");
        return ExitCode::from(2);
    };
    for target in TARGETS {
        let folder = dir.join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (n, seed) in seeds(target.name).into_iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n}")), seed).unwrap();
        }
    }
    ExitCode::SUCCESS
}
