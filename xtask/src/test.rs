//! `cargo xtask test`: every test there is, or one part; installs what a part needs where it may, else says what to
//! install. It ends with the runners' own summary lines.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::Value;
use xunge_tests::{Outcome, fail, programs};

use crate::run::{self, Tested};
use crate::{android, bindings, ios, schemathesis};

/// Run every test there is, or one part.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// One part; all of them if none is named.
    part: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting, lints, licences, and the tests of every crate.
    Rust,
    /// Many phones, a relay and faults in one thread.
    Simulation,
    /// Power cuts, faults of the disk, and kills of both programs.
    Crash,
    /// The two programs as processes, by the contract alone.
    Contract,
    /// The open API under Schemathesis, by its own description.
    Api,
    /// The console in headless Chromium.
    Console,
    /// The phone's API from Python.
    Ffi,
    /// The Android shell.
    Android,
    /// The logic of the iOS shell.
    Ios,
    /// The relay's store on PostgreSQL.
    Postgres,
}

/// Test binaries of `tests` that are parts of their own.
const OUTSIDE: [&str; 4] = ["simulation", "crash", "contract", "console"];

/// Tests of the contract in which a database could make a difference.
const ON_POSTGRES: [&str; 9] = [
    "exactly_once::",
    "lifecycle::",
    "returned::",
    "restored::",
    "clone::",
    "erase::",
    "courier::",
    "media::",
    "relay_key::",
];

/// What was run, as the runners put it.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<String>,
    failures: Vec<String>,
}

impl Test {
    /// Runs what was asked for.
    pub(crate) fn run(self) -> Outcome {
        let parts = match self.part {
            Some(part) => vec![part],
            None => vec![
                Part::Rust,
                Part::Postgres,
                Part::Simulation,
                Part::Crash,
                Part::Contract,
                Part::Api,
                Part::Console,
                Part::Ffi,
                Part::Android,
                Part::Ios,
            ],
        };
        let mut report = Report::default();
        for part in parts {
            let began = Instant::now();
            match part {
                Part::Rust => rust(&mut report)?,
                Part::Simulation => simulation(&mut report)?,
                Part::Crash => outside(&mut report, "crash")?,
                Part::Contract => outside(&mut report, "contract")?,
                Part::Console => {
                    let driver = browser()?;
                    println!("browser driver: {driver}");
                    outside(&mut report, "console")?;
                }
                Part::Api => report.shell("api", schemathesis::test()?),
                Part::Ffi => ffi(&mut report)?,
                Part::Android => report.shell("android", android::test()?),
                Part::Ios => report.shell("ios", ios::test()?),
                Part::Postgres => postgres(&mut report)?,
            }
            report.took(part, began.elapsed());
        }
        println!("\nsummary");
        for line in &report.lines {
            println!("  {line}");
        }
        if report.failures.is_empty() {
            return Ok(());
        }
        fail!("failed: {}", report.failures.join("; "))
    }
}

impl Report {
    /// How long a part took, builds included.
    fn took(&mut self, part: Part, time: Duration) {
        let name = part.to_possible_value();
        let name = name.as_ref().map_or("", |value| value.get_name());
        self.lines.push(format!("{name} took {} s", time.as_secs()));
    }

    /// Runs a command; a failure is noted, so that the other parts still run.
    fn run(&mut self, name: &str, args: &[&str]) -> Outcome {
        let (passed, summaries) = run::watched(run::command("cargo", args))?;
        if summaries.is_empty() {
            self.lines
                .push(format!("{name}: {}", if passed { "ok" } else { "FAILED" }));
        }
        self.lines.extend(summaries);
        if !passed {
            self.failures.push(format!("cargo {}", args.join(" ")));
        }
        Ok(())
    }

    /// A shell's tests against the real library and a real relay.
    fn shell(&mut self, name: &str, tested: Tested) {
        match tested {
            Tested::Ran { passed, summary } => {
                self.lines.extend(summary);
                if !passed {
                    self.failures.push(format!("the {name} shell's tests"));
                }
            }
            Tested::Skipped(why) => self.lines.push(format!("{name}: skipped: {why}")),
        }
    }
}

/// The border, driven from a language that is not ours.
fn ffi(report: &mut Report) -> Outcome {
    if !run::is_here("python3") {
        report
            .lines
            .push("ffi: skipped: needs python3; on Debian: apt-get install python3".into());
        return Ok(());
    }
    let made = bindings::generate()?;
    let python = made.bindings.join("python");
    let name = format!(
        "{}xunge_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    // The generated module looks for the library beside itself.
    std::fs::copy(made.bin.join(&name), python.join(&name))?;
    let mut command = run::command("python3", &["ffi/tests/python/test_border.py"]);
    command
        .env("PYTHONPATH", &python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env(programs::BIN_DIR, &made.bin);
    let (passed, summary) = run::watched_by(command, |line| {
        let sums_up = line.starts_with("Ran ") || line == "OK" || line.starts_with("FAILED");
        sums_up.then(|| format!("ffi from Python: {line}"))
    })?;
    report.lines.extend(summary);
    if !passed {
        report.failures.push("the border from Python".into());
    }
    Ok(())
}

fn rust(report: &mut Report) -> Outcome {
    report.run("formatting", &["fmt", "--all", "--check"])?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    report.run("lints", &clippy)?;
    match run::is_here("cargo-deny") {
        true => report.run(
            "licences",
            &["deny", "check", "licenses", "bans", "sources"],
        )?,
        false => report
            .lines
            .push("licences: not checked here (cargo install --locked cargo-deny); CI does".into()),
    }
    let names = test_binaries()?;
    let mut args = vec!["test", "--workspace", "--no-fail-fast", "--lib", "--bins"];
    for name in &names {
        args.extend(["--test", name]);
    }
    report.run("tests", &args)
}

/// The relay's own tests and part of the contract's once more, on PostgreSQL, which they start for themselves.
fn postgres(report: &mut Report) -> Outcome {
    xunge_tests::postgres::ready()?;
    let mut command = run::command("cargo", &["test", "--workspace", "--no-fail-fast"]);
    for name in ["both_stores", "sync", "commands", "http", "media"] {
        command.args(["--test", name]);
    }
    let mut outside = run::command(
        "cargo",
        &[
            "test",
            "--workspace",
            "--no-fail-fast",
            "--test",
            "contract",
            "--",
        ],
    );
    outside.args(ON_POSTGRES);
    for (what, mut command) in [("the relay's", command), ("the contract's", outside)] {
        command.env("XUNGE_TEST_DATABASE", "postgres");
        let (passed, summaries) = run::watched(command)?;
        report.lines.extend(summaries);
        if !passed {
            report.failures.push(format!("{what} tests on PostgreSQL"));
        }
    }
    Ok(())
}

/// Names of the workspace's test binaries that are not parts of their own.
fn test_binaries() -> Outcome<Vec<String>> {
    let output =
        run::command("cargo", &["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut names: Vec<String> = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let is_test = target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.contains(&"test".into()));
            match target["name"].as_str() {
                Some(name) if is_test && !OUTSIDE.contains(&name) => names.push(name.into()),
                _ => {}
            }
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn outside(report: &mut Report, name: &str) -> Outcome {
    if !programs::workspace()
        .join("tests")
        .join(name)
        .join("main.rs")
        .is_file()
    {
        fail!("{name}: tests/{name} is missing from this version");
    }
    report.run(
        name,
        &["test", "--workspace", "--no-fail-fast", "--test", name],
    )
}

/// The simulation as it is, then with each planted bug in turn; and that no release build can have one.
fn simulation(report: &mut Report) -> Outcome {
    outside(report, "simulation")?;
    let mut planted = vec![
        "test",
        "--workspace",
        "--no-fail-fast",
        "--test",
        "simulation",
    ];
    planted.extend(["--features", "xunge-tests/planted", "planted"]);
    report.run("planted bugs", &planted)?;
    let release = [
        "check",
        "--quiet",
        "--release",
        "--package",
        "xunge-planted",
    ];
    let mut refused = run::command("cargo", &release);
    let output = refused.args(["--features", "planted"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let is_refused =
        !output.status.success() && said.contains("planted bugs are for the simulation");
    let verdict = if is_refused { "ok" } else { "FAILED" };
    report
        .lines
        .push(format!("a release build refuses planted bugs: {verdict}"));
    if !is_refused {
        report
            .failures
            .push("a release build takes planted bugs".into());
    }
    Ok(())
}

/// A browser, its driver and Chinese glyphs.
fn browser() -> Outcome<String> {
    if let Some(driver) = xunge_tests::programs::chromedriver() {
        return Ok(driver.display().to_string());
    }
    let packages = ["chromium", "chromium-driver", "fonts-noto-cjk"];
    let wanted = packages.join(" ");
    if !run::may_install() {
        fail!("console: needs Chromium with chromedriver; on Debian: apt-get install {wanted}");
    }
    run::install(&packages)?;
    match xunge_tests::programs::chromedriver() {
        Some(driver) => Ok(driver.display().to_string()),
        None => {
            fail!("console: {wanted} are installed, and still there is no chromedriver on the path")
        }
    }
}
