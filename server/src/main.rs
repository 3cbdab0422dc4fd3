//! The binary `xunge`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use xunge_server::admin;
use xunge_server::admin::args::Cli;
use xunge_server::admin::failure::Failure;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return end(&usage(&error)),
    };
    match admin::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure),
    }
}

/// What clap says in many lines, in one.
fn usage(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let said = text
        .split("\n\nUsage:")
        .next()
        .unwrap_or(&text)
        .trim_start_matches("error: ");
    let said: Vec<&str> = said.split_whitespace().collect();
    Failure::Usage(format!("{}: see `xunge --help`", said.join(" ")))
}

fn end(failure: &Failure) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "xunge: {}", failure.line());
    ExitCode::from(failure.code())
}
