//! Where the two programs are. They are built here, once, so that a test can never run yesterday's binary.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::{Outcome, fail};

/// Names a folder with `xunge` and `xunge-phone` that are fresh already; then nothing is built.
pub const BIN_DIR: &str = "XUNGE_BIN_DIR";

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// What cargo brings up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The programs alone, in the dev profile: for who runs no tests.
    Programs,
    /// Programs and libraries as the tests use them, in the dev profile. The tests' dependencies turn on features of
    /// ours, so that anything else would compile the workspace a second time.
    Tested,
    /// The programs in the release profile.
    Release,
}

impl Build {
    fn args(self) -> &'static [&'static str] {
        // Always the whole workspace: a single package has other features again.
        match self {
            Self::Programs => &["build", "--quiet", "--workspace", "--bins"],
            Self::Tested => &[
                "build",
                "--quiet",
                "--workspace",
                "--bins",
                "--lib",
                "--tests",
            ],
            Self::Release => &["build", "--quiet", "--workspace", "--bins", "--release"],
        }
    }
}

static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// The folder with the binaries, which cargo has been asked to bring up to date.
pub fn build(what: Build) -> Outcome<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace()).args(what.args());
    if !command.status()?.success() {
        fail!(
            "cargo {} failed: its messages stand above",
            what.args().join(" ")
        );
    }
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let profile = if what == Build::Release {
        "release"
    } else {
        "debug"
    };
    Ok(target.join(profile))
}

/// Path of a binary: in [`BIN_DIR`], else freshly built in the dev profile.
pub fn path(name: &str) -> Outcome<PathBuf> {
    path_of(name, Build::Tested)
}

/// Path of a binary, likewise, by who runs no tests and asks first.
pub fn path_alone(name: &str) -> Outcome<PathBuf> {
    path_of(name, Build::Programs)
}

fn path_of(name: &str, what: Build) -> Outcome<PathBuf> {
    let dir = match env::var_os(BIN_DIR) {
        Some(dir) => PathBuf::from(dir),
        None => BUILT
            .get_or_init(|| build(what).map_err(|e| e.to_string()))
            .clone()?,
    };
    let path = dir.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if path.is_file() {
        Ok(path)
    } else {
        fail!(
            "{} is not there: run `cargo build --workspace --bins`",
            path.display()
        )
    }
}

/// A folder for `PYTHONPATH` with a package of PyPI and what it needs, installed into the cache if it is not there yet.
pub fn python_modules(package: &str, version: &str) -> Outcome<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let home = env::var_os("HOME").map_or_else(env::temp_dir, PathBuf::from);
    let folder = home.join(format!(".cache/xunge/python/{package}-{version}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let fresh = folder.with_extension("new");
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"])
        .arg(&fresh)
        .arg(format!("{package}=={version}"))
        .status();
    if !installed.is_ok_and(|status| status.success()) {
        fail!("{package} {version} is not installed: needs python3 with pip, and PyPI");
    }
    std::fs::rename(&fresh, &folder)?;
    Ok(folder)
}

/// `chromedriver`: on the path, or where the environment of a hosted runner says.
pub fn chromedriver() -> Option<PathBuf> {
    let mut dirs: Vec<PathBuf> = env::var_os("CHROMEWEBDRIVER")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    dirs.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    dirs.into_iter()
        .map(|dir| dir.join("chromedriver"))
        .find(|path| path.is_file())
}
