//! `cargo xtask soak`: the simulation, for as long as asked. The simulation itself is a test binary of `tests`; this
//! passes the wishes on and lets its exit code speak.

use std::path::PathBuf;

use clap::Args;
use xunge_planted::Bug;
use xunge_tests::{Outcome, fail};

use crate::run;

/// Run the simulation for as long as asked.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// How long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Replays a run.
    #[arg(long)]
    seed: Option<u64>,
    /// Takes only these steps of that run, with commas between them.
    #[arg(long, requires = "seed")]
    steps: Option<String>,
    /// Plants a bug, which is to be found: exit 1 is the good end then.
    #[arg(long, value_parser = planted)]
    plant: Option<Bug>,
    /// Runs the release build, which cannot have planted bugs.
    #[arg(long, conflicts_with = "plant")]
    release: bool,
    /// Lists the bugs that can be planted.
    #[arg(long)]
    plants: bool,
    /// Writes `{seed, steps, saves, exchanges, violations, faults, steps_per_second}`.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Soak {
    /// Runs `soak` of the simulation.
    pub(crate) fn run(self) -> Outcome {
        if !xunge_tests::programs::workspace()
            .join("tests/simulation/main.rs")
            .is_file()
        {
            fail!("soak: tests/simulation is missing from this version");
        }
        if self.plants {
            for bug in Bug::ALL {
                println!("{}", bug.name());
            }
            return Ok(());
        }
        let seconds = self.seconds.to_string();
        let mut command = run::command(
            "cargo",
            &["test", "--workspace", "--test", "simulation", "--quiet"],
        );
        if self.release {
            command.arg("--release");
        }
        if let Some(bug) = self.plant {
            command.args(["--features", "xunge-tests/planted"]);
            command.env("XUNGE_SOAK_PLANT", bug.name());
        }
        if let Some(steps) = self.steps {
            command.env("XUNGE_SOAK_STEPS", steps);
        }
        command.args(["--", "--exact", "soak", "--ignored", "--nocapture"]);
        command.env("XUNGE_SOAK_SECONDS", seconds);
        if let Some(seed) = self.seed {
            command.env("XUNGE_SOAK_SEED", seed.to_string());
        }
        if let Some(json) = self.json {
            command.env("XUNGE_SOAK_JSON", std::path::absolute(json)?);
        }
        run::shown(command)
    }
}

fn planted(name: &str) -> Result<Bug, String> {
    Bug::from_name(name).ok_or_else(|| "no such bug; --plants lists them".into())
}
