//! `cargo xtask soak`: the simulation, for as long as asked. The simulation itself is a test binary of `tests`; this
//! passes the wishes on and lets its exit code speak.

use std::path::PathBuf;

use clap::Args;
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
        let seconds = self.seconds.to_string();
        let mut command = run::command(
            "cargo",
            &[
                "test",
                "--workspace",
                "--test",
                "simulation",
                "--quiet",
                "--",
            ],
        );
        command.args(["--exact", "soak", "--ignored", "--nocapture"]);
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
