//! The Android shell: its tests on any machine with a JDK (`cargo xtask test android`), and its packages where the
//! Android SDK is (`cargo xtask android`).

use std::env;
use std::path::PathBuf;
use std::process::Command;

use xunge_tests::{Outcome, fail, programs};

use crate::bindings;
use crate::run::{self, Tested};

/// Architectures of old and new phones, and of the emulator.
const ABIS: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "x86_64"];

/// What the tests need, as Debian calls it.
const PACKAGES: [&str; 3] = ["openjdk-17-jdk-headless", "maven", "aapt"];
const PROGRAMS: [&str; 3] = ["javac", "mvn", "aapt2"];

/// Builds the library for each architecture and the app around it.
pub(crate) fn run() -> Outcome {
    let mut missing = Vec::new();
    if env::var_os("ANDROID_HOME").is_none_or(|dir| !PathBuf::from(dir).is_dir()) {
        missing.push("the Android SDK with platform 36 (ANDROID_HOME names its folder)");
    }
    if env::var_os("ANDROID_NDK_HOME").is_none_or(|dir| !PathBuf::from(dir).is_dir()) {
        missing.push("the Android NDK r28 (ANDROID_NDK_HOME names its folder)");
    }
    if !run::is_here("cargo-ndk") {
        missing.push("cargo-ndk (cargo install --locked cargo-ndk)");
    }
    if !run::is_here("java") {
        missing.push("JDK 17");
    }
    if !run::is_here("gradle") {
        missing.push("Gradle 8.13 or newer");
    }
    if !missing.is_empty() {
        fail!(
            "android: missing here: {}. The shell's tests need none of these: cargo xtask test android",
            missing.join("; ")
        );
    }
    bindings::generate()?;
    let mut ndk = run::command("cargo", &["ndk", "--platform", "21"]);
    for abi in ABIS {
        ndk.args(["--target", abi]);
    }
    ndk.args(["--output-dir", "android-shell/build/jniLibs"]);
    ndk.args(["build", "--release", "--package", "xunge-ffi", "--lib"]);
    run::shown(ndk)?;
    let mut gradle = run::command("gradle", &["assembleRelease", "bundleRelease"]);
    gradle.current_dir(programs::workspace().join("android-shell"));
    run::shown(gradle)
}

/// Real views against the real library, on the JVM.
pub(crate) fn test() -> Outcome<Tested> {
    if let Some(reason) = install()? {
        return Ok(Tested::Skipped(reason));
    }
    let made = bindings::generate()?;
    let mut maven = Command::new("mvn");
    maven
        .current_dir(programs::workspace().join("android-shell"))
        .args(["--batch-mode", "--no-transfer-progress"])
        .arg("-Dkotlin.compiler.daemon=false")
        .arg(format!("-Dxunge.bin={}", made.bin.display()))
        .arg(format!(
            "-Dxunge.bindings={}",
            made.bindings.join("kotlin").display()
        ))
        .arg("test");
    let (passed, summary) = run::watched_by(maven, |line| {
        let line = line
            .trim_start_matches("[INFO] ")
            .trim_start_matches("[ERROR] ");
        (line.starts_with("Tests run:") && !line.contains("Time elapsed"))
            .then(|| format!("android: {line}"))
    })?;
    Ok(Tested::Ran { passed, summary })
}

/// None when all is there; else why it is not.
fn install() -> Outcome<Option<String>> {
    let lacking = || -> Vec<&str> {
        let all = PROGRAMS.into_iter();
        all.filter(|program| !run::is_here(program)).collect()
    };
    if lacking().is_empty() {
        return Ok(None);
    }
    let wanted = PACKAGES.join(" ");
    if !run::may_install() {
        return Ok(Some(format!(
            "needs {}; on Debian: apt-get install {wanted}",
            lacking().join(", ")
        )));
    }
    run::install(&PACKAGES)?;
    match lacking() {
        still if still.is_empty() => Ok(None),
        still => {
            fail!(
                "android: {wanted} are installed, and still there is no {}",
                still.join(", ")
            )
        }
    }
}
