//! `cargo xtask bench`: release builds of the two programs, and the benchmarks of `tests/bench` against them.

use std::path::PathBuf;

use clap::Args;
use xunge_tests::Outcome;
use xunge_tests::programs::{self, Build};

use crate::run;

/// Measure, and print ratios against floors measured in the same run.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only those whose name begins so: `save`, `search`, `phone`, `day`, `edit`, `http`, `year`, `relay`, `ffi`; or `flat`,
    /// which runs when it is named only, since it fills a relay with a million records first.
    name: Option<String>,
    /// Write one flat object of name and number.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Bench {
    /// Builds and measures.
    pub(crate) fn run(self) -> Outcome {
        let bin = programs::build(Build::Release)?;
        let mut command = run::command(
            "cargo",
            &[
                "bench",
                "--workspace",
                "--bench",
                "product",
                "--quiet",
                "--",
            ],
        );
        command.env(programs::BIN_DIR, bin);
        command.args(self.name);
        if let Some(json) = self.json {
            command.arg("--json").arg(std::path::absolute(json)?);
        }
        run::shown(command)
    }
}
