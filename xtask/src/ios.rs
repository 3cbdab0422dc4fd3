//! The iOS shell: the tests of its logic wherever Swift is or may be fetched (`cargo xtask test ios`), and the app where
//! Xcode is (`cargo xtask ios`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xunge_tests::{Outcome, fail, programs};

use crate::bindings::{self, Made};
use crate::run::{self, Tested};
use crate::trixie::{self, Trixie};
use crate::{county, pictures, texts, voices};

/// Real phones, and the simulators of either kind of Mac.
const PHONE: &str = "aarch64-apple-ios";
const SIMULATORS: [&str; 2] = ["aarch64-apple-ios-sim", "x86_64-apple-ios"];
/// For the tests on a Mac.
const MAC: &str = "aarch64-apple-darwin";
/// As in `Package.swift` and `App/project.yml`.
const OLDEST_IOS: &str = "17.0";
const OLDEST_MAC: &str = "14.0";

/// The generator's own map names modules that only Apple's headers have.
const MODULE_MAP: &str = "module xungeFFI {\n    header \"xungeFFI.h\"\n    export *\n}\n";

fn shell() -> PathBuf {
    programs::workspace().join("ios-shell")
}

/// Builds the library for each architecture, and an unsigned app around it.
pub(crate) fn run() -> Outcome {
    let mut missing = Vec::new();
    if !cfg!(target_os = "macos") {
        missing.push("macOS on Apple silicon");
    }
    if !run::is_here("xcodebuild") {
        missing.push("Xcode 16 or newer");
    }
    if !run::is_here("xcodegen") {
        missing.push("XcodeGen (brew install xcodegen)");
    }
    if !voices::are_complete()? && !voices::lacking().is_empty() {
        missing.push(
            "espeak-ng and lame, or target/voices as another machine made it (cargo xtask voices)",
        );
    }
    if !missing.is_empty() {
        fail!(
            "ios: missing here: {}. The tests of the app's logic need none of these: cargo xtask test ios",
            missing.join("; ")
        );
    }
    let relay = format!("XUNGE_RELAY={}", county::relay()?);
    let made = bindings::generate()?;
    generated(&made)?;
    carried()?;
    framework()?;
    in_shell(
        "xcodegen",
        &["generate", "--quiet", "--spec", "App/project.yml"],
    )?;
    in_shell(
        "xcodebuild",
        &[
            "-project",
            "App/Xunge.xcodeproj",
            "-scheme",
            "Xunge",
            "-configuration",
            "Release",
            "-destination",
            "generic/platform=iOS",
            "-derivedDataPath",
            "build/derived",
            "CODE_SIGNING_ALLOWED=NO",
            &relay,
            "build",
        ],
    )?;
    packed()
}

/// The recordings that the app carries, as a folder of its own.
fn carried() -> Outcome {
    let from = voices::ready()?.join("voice");
    let into = shell().join("App/voice");
    if into.exists() {
        fs::remove_dir_all(&into)?;
    }
    for language in fs::read_dir(&from)? {
        let language = language?;
        let folder = into.join(language.file_name());
        fs::create_dir_all(&folder)?;
        for file in fs::read_dir(language.path())? {
            let file = file?;
            fs::copy(file.path(), folder.join(file.file_name()))?;
        }
    }
    Ok(())
}

/// One framework of the library for phones, simulators and this Mac.
fn framework() -> Outcome {
    let target = bindings::target_folder()?;
    for triple in [PHONE, MAC].into_iter().chain(SIMULATORS) {
        let mut cargo = run::command(
            "cargo",
            &["rustc", "--release", "--lib", "--crate-type", "staticlib"],
        );
        cargo
            .args(["--package", "xunge-ffi", "--target", triple])
            .env("IPHONEOS_DEPLOYMENT_TARGET", OLDEST_IOS)
            .env("MACOSX_DEPLOYMENT_TARGET", OLDEST_MAC);
        run::shown(cargo)?;
    }
    let library = |triple: &str| {
        let path = target.join(triple).join("release/libxunge_ffi.a");
        path.display().to_string()
    };
    let both = shell().join("build/simulator/libxunge_ffi.a");
    fs::create_dir_all(both.parent().unwrap_or(&both))?;
    let both = both.display().to_string();
    let (one, other) = (library(SIMULATORS[0]), library(SIMULATORS[1]));
    in_shell("lipo", &["-create", "-output", &both, &one, &other])?;
    let whole = shell().join("Generated/xungeFFI.xcframework");
    if whole.exists() {
        fs::remove_dir_all(&whole)?;
    }
    let (phone, mac) = (library(PHONE), library(MAC));
    let mut args = vec!["-create-xcframework"];
    for slice in [&phone, &both, &mac] {
        args.extend(["-library", slice, "-headers", "Generated/xungeFFI"]);
    }
    args.extend(["-output", "Generated/xungeFFI.xcframework"]);
    in_shell("xcodebuild", &args)
}

/// An IPA is the app in a folder `Payload`, zipped.
fn packed() -> Outcome {
    let build = shell().join("build");
    let payload = build.join("Payload");
    if payload.exists() {
        fs::remove_dir_all(&payload)?;
    }
    fs::create_dir_all(&payload)?;
    let app = "build/derived/Build/Products/Release-iphoneos/Xunge.app";
    in_shell("ditto", &[app, "build/Payload/Xunge.app"])?;
    let packed = "build/Xunge-unsigned.ipa";
    in_shell(
        "ditto",
        &["-c", "-k", "--keepParent", "build/Payload", packed],
    )?;
    println!("{}", shell().join(packed).display());
    Ok(())
}

/// The tests of the logic against the real library and a real relay.
pub(crate) fn test() -> Outcome<Tested> {
    let swift = match swift()? {
        Ok(swift) => swift,
        Err(why) => return Ok(Tested::Skipped(why)),
    };
    let made = bindings::generate()?;
    generated(&made)?;
    let command = match swift {
        Swift::Here => here(&made.bin),
        Swift::Inside(trixie) => trixie.inside(
            &[(&shell(), "/xunge/ios-shell"), (&made.bin, "/xunge/bin")],
            "cd /xunge/ios-shell && XUNGE_BIN_DIR=/xunge/bin LD_LIBRARY_PATH=/xunge/bin \
             exec swift test --scratch-path /xunge/build --disable-xctest \
             -Xlinker -L/xunge/bin -Xlinker --allow-shlib-undefined 2>&1",
        ),
    };
    let (passed, summary) = run::watched_by(command, |line| {
        line.contains("Test run with")
            .then(|| format!("ios: {}", line.trim_start_matches(|c: char| !c.is_ascii())))
    })?;
    Ok(Tested::Ran { passed, summary })
}

enum Swift {
    Here,
    Inside(Trixie),
}

/// A Swift to test with, else why there is none.
fn swift() -> Outcome<Result<Swift, String>> {
    if cfg!(target_os = "macos") && !shell().join("Generated/xungeFFI.xcframework").exists() {
        return Ok(Err("on a Mac run cargo xtask ios first".into()));
    }
    if run::is_here("swift") {
        return Ok(Ok(Swift::Here));
    }
    Ok(trixie::ready()?.map(Swift::Inside))
}

fn here(bin: &Path) -> Command {
    let mut swift = Command::new("swift");
    swift
        .current_dir(shell())
        .env(programs::BIN_DIR, bin)
        .args(["test", "--disable-xctest"]);
    if cfg!(target_os = "linux") {
        swift
            .env("LD_LIBRARY_PATH", bin)
            .arg("-Xlinker")
            .arg(format!("-L{}", bin.display()))
            .args(["-Xlinker", "--allow-shlib-undefined"]);
    }
    swift
}

/// Writes what the package needs of the rest of the project: bindings, texts, pictures.
fn generated(made: &Made) -> Outcome {
    let shell = shell();
    let swift = made.bindings.join("swift");
    let module = shell.join("Generated/xungeFFI");
    let core = fs::read_to_string(swift.join("XungeCore.swift"))?;
    put(&shell.join("Generated/Core/XungeCore.swift"), &core)?;
    let header = fs::read_to_string(swift.join("xungeFFI.h"))?;
    put(&module.join("xungeFFI.h"), &header)?;
    put(&module.join("module.modulemap"), MODULE_MAP)?;
    for (language, folder) in [("zh-CN", "values"), ("en", "values-en")] {
        let words = shell.join(format!("Sources/Logic/Resources/words.{language}.json"));
        put(&words, &texts::of_android(folder)?)?;
    }
    let catalogue = shell.join("App/Pictures.xcassets");
    put(
        &catalogue.join("Contents.json"),
        "{ \"info\": { \"author\": \"xcode\", \"version\": 1 } }\n",
    )?;
    for (name, svg) in pictures::sources()? {
        let set = catalogue.join(format!("pic_{name}.imageset"));
        // Only its shape counts: the shell gives it a colour.
        put(
            &set.join("picture.svg"),
            &svg.replace("currentColor", "#000000"),
        )?;
        put(&set.join("Contents.json"), PICTURE)?;
    }
    Ok(())
}

const PICTURE: &str = r#"{
  "images": [{ "filename": "picture.svg", "idiom": "universal" }],
  "info": { "author": "xcode", "version": 1 },
  "properties": { "preserves-vector-representation": true, "template-rendering-intent": "template" }
}
"#;

/// What is already there stays untouched, so that Swift compiles only what changed.
fn put(path: &Path, text: &str) -> Outcome {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(())
}

fn in_shell(program: &str, args: &[&str]) -> Outcome {
    let mut command = run::command(program, args);
    command.current_dir(shell());
    run::shown(command)
}
