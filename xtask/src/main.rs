//! `cargo xtask`: everything that is done with the workspace as a whole. Each command is a module; none knows another.

mod android;
mod bench;
mod bindings;
mod county;
mod demo;
mod dictionary;
mod fuzz;
mod ios;
mod phrases;
mod pictures;
mod run;
mod schemathesis;
mod soak;
mod test;
mod texts;
mod trixie;
mod voices;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run a relay, its console and simulated phones through a day on a bad network.
    Demo(demo::Demo),
    /// Run every test there is, or one part.
    Test(test::Test),
    /// Measure, and print ratios against floors measured in the same run.
    Bench(bench::Bench),
    /// Run the simulation for as long as asked.
    Soak(soak::Soak),
    /// Breed inputs for the readers of bytes from outside.
    Fuzz(fuzz::Fuzz),
    /// Make the dictionaries of the batch codec out of made-up days.
    Dictionary(dictionary::MakeDictionary),
    /// Generate Kotlin, Swift and Python bindings.
    Bindings,
    /// Make the Android shell's vector drawables of `fixtures/pictures`.
    Pictures,
    /// Write the table of everything that phones say.
    Phrases,
    /// Make placeholder recordings of everything that phones say, with espeak-ng and lame.
    Voices,
    /// Build the Android app.
    Android,
    /// Build the iOS app.
    Ios,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Demo(demo) => demo.run(),
        Task::Test(test) => test.run(),
        Task::Bench(bench) => bench.run(),
        Task::Soak(soak) => soak.run(),
        Task::Fuzz(fuzz) => fuzz.run(),
        Task::Dictionary(dictionary) => dictionary.run(),
        Task::Bindings => bindings::run(),
        Task::Pictures => pictures::run(),
        Task::Phrases => phrases::run(),
        Task::Voices => voices::run(),
        Task::Android => android::run(),
        Task::Ios => ios::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Writes one JSON object to a file, with a line break at its end.
fn write_json(path: &PathBuf, object: &serde_json::Value) -> xunge_tests::Outcome {
    let text = serde_json::to_string_pretty(object)?;
    std::fs::write(path, format!("{text}\n")).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(())
}
