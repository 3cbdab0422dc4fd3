//! `cargo xtask test api`: Schemathesis asks a real relay everything that its own OpenAPI description allows, and much that it
//! does not, and finds an answer that the description does not say, or a status 5xx.

use std::env;

use xunge_tests::relay::{self, Relay};
use xunge_tests::{Outcome, programs};

use crate::run::{self, Tested};

const VERSION: &str = "4.32.5";
/// Cases for each of the six operations, of those that chance makes; others come of the description itself.
const EXAMPLES: &str = "60";
/// Sets how many, for a longer run.
const SETTING: &str = "XUNGE_API_EXAMPLES";

/// Started by what the package calls `schemathesis`, which lies in a folder of modules here.
const MAIN: &str =
    "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())";

/// Checks that say nothing here: what a scope or a cursor is, only an earlier answer says, so that a text which fits the
/// description may still be refused.
const NOT_CHECKED: &str = "positive_data_acceptance";

/// Runs it; skipped where it cannot be installed.
pub(crate) fn test() -> Outcome<Tested> {
    if !run::is_here("python3") {
        let why = "needs python3 with pip; on Debian: apt-get install python3-pip";
        return Ok(Tested::Skipped(why.into()));
    }
    let modules = match programs::python_modules("schemathesis", VERSION) {
        Ok(modules) => modules,
        Err(why) => return Ok(Tested::Skipped(why.to_string())),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("relay");
    let (relay, token) = runtime.block_on(async {
        relay::init(&data, "village", 7).await?;
        let relay = Relay::serve(&data, "127.0.0.1:0").await?;
        let token = relay.token().await?;
        Ok::<_, xunge_tests::Failure>((relay, token))
    })?;
    let examples = env::var(SETTING).unwrap_or_else(|_| EXAMPLES.into());
    let mut command = run::command("python3", &["-c", MAIN, "run"]);
    command
        .arg(format!("{}/api/openapi.json", relay.url()))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--max-examples", &examples, "--exclude-checks", NOT_CHECKED])
        .args(["--seed", "1", "--no-color", "--continue-on-failure"])
        .env("PYTHONPATH", &modules)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Only this machine's own address is asked, and nothing is told to anybody.
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(folder.path());
    let (passed, summary) = run::watched_by(command, |line| {
        let line = line.trim().trim_matches('=').trim();
        let sums_up =
            line.ends_with("passed") || line.contains(" generated") || line.contains(" failures");
        sums_up.then(|| format!("api by its description: {line}"))
    })?;
    runtime.block_on(relay.stop())?;
    Ok(Tested::Ran { passed, summary })
}
