//! `cargo xtask fuzz`: breeds inputs for the readers of bytes from outside, from the seeds and from what was ever found.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use xunge_tests::{Outcome, fail, programs};

use crate::run;

/// Fuzz targets: see `tests/hostile`.
const TARGETS: [&str; 10] = [
    "guard",
    "segment",
    "receipt",
    "batch",
    "bundle",
    "ticket",
    "snapshot",
    "form",
    "households",
    "organisation",
];

/// Those that only the whole phone or the whole relay reads, which take long to build.
const WHOLE: [&str; 3] = ["form", "households", "organisation"];

/// Breed inputs for the readers of bytes from outside.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// One target; all of them, one after the other, if none is named.
    #[arg(value_parser = TARGETS)]
    target: Option<String>,
    /// How long, each.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

impl Fuzz {
    /// Runs the fuzzer. What it finds lies in `fuzz/artifacts`, and is an error.
    pub(crate) fn run(self) -> Outcome {
        ready()?;
        let fuzz = programs::workspace().join("fuzz");
        let corpus = fuzz.join("corpus");
        let seeds = ["run", "--quiet", "--package", "xunge-hostile", "--"];
        let mut command = run::command("cargo", &seeds);
        command.arg(&corpus);
        run::shown(command)?;
        let targets = match &self.target {
            Some(target) => vec![target.as_str()],
            None => TARGETS.to_vec(),
        };
        let mut found = Vec::new();
        for target in targets {
            if let Err(failure) = breed(&fuzz, target, self.seconds) {
                eprintln!("{failure}");
                found.push(target);
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        fail!(
            "found something in {}: see fuzz/artifacts, make it small with `cargo +nightly fuzz tmin`, keep it in \
             fixtures/crashers",
            found.join(", ")
        )
    }
}

/// Says what to install, once, instead of a linker's error.
fn ready() -> Outcome {
    if !run::is_here("cargo-fuzz") {
        fail!("fuzz: needs cargo-fuzz: cargo install cargo-fuzz --locked");
    }
    let nightly = run::command("rustup", &["run", "nightly", "rustc", "--version"]).output();
    if !nightly.is_ok_and(|output| output.status.success()) {
        fail!(
            "fuzz: needs a nightly toolchain: rustup toolchain install nightly --profile minimal"
        );
    }
    Ok(())
}

fn breed(fuzz: &Path, target: &str, seconds: u64) -> Outcome {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let mut command = run::command("rustup", &["run", "nightly", "cargo", "fuzz", "run"]);
    if !WHOLE.contains(&target) {
        command.arg("--no-default-features");
    }
    command.arg(target);
    let crashers = fuzz.join("../fixtures/crashers").join(target);
    command.arg(fuzz.join("corpus").join(target));
    if crashers.is_dir() {
        command.arg(crashers);
    }
    command.args([
        "--",
        "-rss_limit_mb=2048",
        "-malloc_limit_mb=512",
        "-timeout=20",
    ]);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-seed={}", since.subsec_nanos().max(1)));
    // Cargo says by these which of its own it is; the nightly one must find itself.
    for name in [
        "CARGO",
        "RUSTC",
        "RUSTDOC",
        "RUSTUP_TOOLCHAIN",
        "CARGO_TARGET_DIR",
    ] {
        command.env_remove(name);
    }
    command.current_dir(fuzz);
    run::shown(command)
}
