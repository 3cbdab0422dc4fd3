//! Running other programs: shown before they start, and failing by name.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::thread;

use xunge_tests::{Outcome, fail, programs};

/// What the tests said: whether all passed, and their summary; or why they could not run here.
pub(crate) enum Tested {
    /// They ran.
    Ran {
        /// All passed.
        passed: bool,
        /// The runner's closing lines.
        summary: Vec<String>,
    },
    /// Something is missing that may not be installed here.
    Skipped(String),
}

/// A command in the folder of the workspace.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let program = match program {
        "cargo" => env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        other => OsString::from(other),
    };
    let mut command = Command::new(program);
    command
        .current_dir(programs::workspace())
        .args(args)
        .stdin(Stdio::null());
    command
}

/// Shows a command, runs it, and fails if it does.
pub(crate) fn shown(mut command: Command) -> Outcome {
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = words.join(" ");
    let name = Path::new(&words[0])
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    println!("\n$ {} {}", name.unwrap_or_default(), words[1..].join(" "));
    let status = command.status().map_err(|e| format!("{line}: {e}"))?;
    if !status.success() {
        fail!("{line}: {status}");
    }
    Ok(())
}

/// Whether a program is on the path.
pub(crate) fn is_here(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|dir| dir.join(program).is_file())
}

/// Whether packages of the distribution may be installed here.
pub(crate) fn may_install() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|o| o.stdout == b"0\n") && is_here("apt-get")
}

/// Installs packages of the distribution.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    shown(command("apt-get", &["update", "-q"]))?;
    let mut install = command(
        "apt-get",
        &["install", "-q", "-y", "--no-install-recommends"],
    );
    install
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    shown(install)
}

/// Like [`shown`], but a failure is an answer, and the lines with which cargo's tests sum up are kept, each with the
/// name of its test binary.
pub(crate) fn watched(command: Command) -> Outcome<(bool, Vec<String>)> {
    let running = Mutex::new(String::new());
    watch(
        command,
        |line| {
            if let Some(name) = line.trim_start().strip_prefix("Running ") {
                *lock(&running) = binary(name);
            }
        },
        |line| {
            line.starts_with("test result:")
                .then(|| format!("{}: {line}", lock(&running)))
        },
    )
}

/// The same for another runner: `summary` picks and words its closing lines.
pub(crate) fn watched_by(
    command: Command,
    summary: impl FnMut(&str) -> Option<String>,
) -> Outcome<(bool, Vec<String>)> {
    watch(command, |_| {}, summary)
}

fn watch(
    mut command: Command,
    error: impl Fn(&str) + Send + Sync,
    mut summary: impl FnMut(&str) -> Option<String>,
) -> Outcome<(bool, Vec<String>)> {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let name = Path::new(&words[0]).file_name().unwrap_or_default();
    println!("\n$ {} {}", name.display(), words[1..].join(" "));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let summaries = thread::scope(|scope| {
        scope.spawn(|| {
            for line in errors
                .into_iter()
                .flat_map(|e| BufReader::new(e).lines())
                .map_while(Result::ok)
            {
                eprintln!("{line}");
                error(&line);
            }
        });
        let mut summaries = Vec::new();
        for line in output
            .into_iter()
            .flat_map(|o| BufReader::new(o).lines())
            .map_while(Result::ok)
        {
            println!("{line}");
            summaries.extend(summary(&line));
        }
        summaries
    });
    Ok((child.wait()?.success(), summaries))
}

fn lock(text: &Mutex<String>) -> MutexGuard<'_, String> {
    text.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// `xunge_core` of `unittests src/lib.rs (target/debug/deps/xunge_core-0f3c…)`.
fn binary(running: &str) -> String {
    let file = running
        .rsplit(['/', '('])
        .next()
        .unwrap_or(running)
        .trim_end_matches(')');
    file.rsplit_once('-').map_or(file, |(name, _)| name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_line_names_the_binary_that_it_sums_up() {
        let line = "unittests src/lib.rs (/x/target/debug/deps/xunge_core-0f3c55)";
        assert_eq!(binary(line), "xunge_core");
        assert_eq!(
            binary("tests/contract/main.rs (target/debug/deps/contract-aa)"),
            "contract"
        );
    }
}
