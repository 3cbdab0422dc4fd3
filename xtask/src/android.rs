//! The Android shell: its tests on any machine with a JDK (`cargo xtask test android`), and its packages where the
//! Android SDK is (`cargo xtask android`).

use std::env;
use std::path::PathBuf;
use std::process::Command;

use xunge_tests::{Outcome, fail, programs};

use crate::bindings::{self, Made};
use crate::county;
use crate::run::{self, Tested};
use crate::voices;

/// Architectures of old and new phones, and of the emulator.
const ABIS: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "x86_64"];

/// What the tests need, as Debian calls it.
const PACKAGES: [&str; 3] = ["openjdk-17-jdk-headless", "maven", "aapt"];
/// Maven's goals for the tests on Android 5.0, and the tests that ask nothing of text and pixels.
const OLDEST: [&str; 4] = [
    "-Psdk21",
    "dependency:copy@platform",
    "resources:testResources",
    "surefire:test",
];
const BEHAVIOUR: [&str; 3] = ["VisitTest", "NothingLostTest", "AroundTest"];
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
    if !voices::lacking().is_empty() {
        missing.push("espeak-ng and lame, for the placeholder recordings");
    }
    if !missing.is_empty() {
        fail!(
            "android: missing here: {}. The shell's tests need none of these: cargo xtask test android",
            missing.join("; ")
        );
    }
    let relay = county::relay()?;
    bindings::generate()?;
    let voices = voices::ready()?;
    let mut ndk = run::command("cargo", &["ndk", "--platform", "21"]);
    for abi in ABIS {
        ndk.args(["--target", abi]);
    }
    ndk.args(["--output-dir", "android-shell/build/jniLibs"]);
    ndk.args(["build", "--release", "--package", "xunge-ffi", "--lib"]);
    run::shown(ndk)?;
    // The wrapper fetches the Gradle that it names, and checks it.
    let shell = programs::workspace().join("android-shell");
    let wrapper = shell.join(if cfg!(windows) {
        "gradlew.bat"
    } else {
        "gradlew"
    });
    let mut gradle = Command::new(wrapper);
    gradle
        .current_dir(shell)
        .arg(format!("-Pxunge.voices={}", voices.display()))
        .arg(format!("-Pxunge.relay={relay}"))
        .args(["assembleRelease", "bundleRelease"]);
    run::shown(gradle)
}

/// Real views against the real library, on the JVM.
pub(crate) fn test() -> Outcome<Tested> {
    if let Some(reason) = install()? {
        return Ok(Tested::Skipped(reason));
    }
    let made = bindings::generate()?;
    if !voices::lacking().is_empty() && run::may_install() {
        run::install(&voices::PROGRAMS)?;
    }
    let (passed, mut summary) = maven(&made, &["test"], "android")?;
    // What is compiled runs once more on the oldest system, where nothing measures text.
    let mut oldest: Vec<&str> = OLDEST.to_vec();
    let behaviour = format!("-Dtest={}", BEHAVIOUR.join(","));
    oldest.push(&behaviour);
    let (too, lines) = maven(&made, &oldest, "android 5.0")?;
    summary.extend(lines);
    Ok(Tested::Ran {
        passed: passed && too,
        summary,
    })
}

/// Runs Maven's `goals`; whether all went well, and what the tests said in the end.
fn maven(made: &Made, goals: &[&str], name: &str) -> Outcome<(bool, Vec<String>)> {
    let (mut maven, small) = on_a_small_disk()?;
    if voices::lacking().is_empty() {
        maven.arg(format!("-Dxunge.voices={}", voices::ready()?.display()));
    }
    maven
        .current_dir(programs::workspace().join("android-shell"))
        .args(["--batch-mode", "--no-transfer-progress"])
        .arg("-Dkotlin.compiler.daemon=false")
        .arg(format!("-Dxunge.bin={}", made.bin.display()))
        .arg(format!("-Dxunge.small={small}"))
        .arg(format!(
            "-Dxunge.bindings={}",
            made.bindings.join("kotlin").display()
        ))
        .args(goals);
    run::watched_by(maven, |line| {
        let line = line
            .trim_start_matches("[INFO] ")
            .trim_start_matches("[WARNING] ")
            .trim_start_matches("[ERROR] ");
        (line.starts_with("Tests run:") && !line.contains("Time elapsed"))
            .then(|| format!("{name}: {line}"))
    })
}

/// Maven with a file system of its own that a test may fill, and where it is. Where nothing may be mounted that test is
/// skipped.
fn on_a_small_disk() -> Outcome<(Command, String)> {
    let at = programs::workspace().join("android-shell/target/small");
    let may = cfg!(target_os = "linux")
        && run::may_install()
        && run::command("unshare", &["--mount", "true"])
            .status()
            .is_ok_and(|status| status.success());
    if !may {
        return Ok((Command::new("mvn"), String::new()));
    }
    std::fs::create_dir_all(&at)?;
    let mut maven = Command::new("unshare");
    maven.args(["--mount", "sh", "-c"]);
    maven.arg("mount -t tmpfs -o size=64m tmpfs \"$1\" && shift && exec mvn \"$@\"");
    maven.arg("sh").arg(&at);
    Ok((maven, at.display().to_string()))
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
