//! `cargo xtask bindings`: Kotlin, Swift and Python for what the library exports, under `target/bindings/`.

use std::path::{Path, PathBuf};

use xunge_tests::programs::{self, Build};
use xunge_tests::{Outcome, fail};

use crate::run;

/// Generates and says where.
pub(crate) fn run() -> Outcome {
    let made = generate()?;
    for language in ["kotlin", "swift", "python"] {
        println!("{}", made.bindings.join(language).display());
    }
    Ok(())
}

/// What the shells' tests need of cargo.
pub(crate) struct Made {
    /// Holds the library and the programs.
    pub(crate) bin: PathBuf,
    /// Holds `kotlin`, `swift` and `python`.
    pub(crate) bindings: PathBuf,
}

/// Builds the library and writes the bindings of exactly this build.
pub(crate) fn generate() -> Outcome<Made> {
    let bin = programs::build(Build::Tested)?;
    let library = library(&bin)?;
    let bindings = bin.parent().unwrap_or(&bin).join("bindings");
    let generator = bin.join(format!("xunge-bindgen{}", std::env::consts::EXE_SUFFIX));
    let mut command = run::command(&generator.display().to_string(), &[]);
    command.arg(&library).arg(&bindings);
    run::shown(command)?;
    Ok(Made { bin, bindings })
}

fn library(bin: &Path) -> Outcome<PathBuf> {
    let name = format!(
        "{}xunge_ffi{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let path = bin.join(name);
    if !path.is_file() {
        fail!(
            "{} is not there: cargo build --workspace --lib",
            path.display()
        );
    }
    Ok(path)
}

/// Where cargo builds.
pub(crate) fn target_folder() -> Outcome<PathBuf> {
    let output =
        run::command("cargo", &["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    match metadata["target_directory"].as_str() {
        Some(folder) => Ok(folder.into()),
        None => fail!("cargo metadata names no target folder"),
    }
}
