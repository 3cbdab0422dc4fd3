//! `cargo xtask voices`: a placeholder recording of each sentence of `fixtures/voice`, spoken by espeak-ng and packed by
//! lame, as `target/voices/assets/voice/LOCALE/KEY.mp3`. Both shells carry them for phones that have no voice of their own.
//! What is there already and says the same stays, so that a set made elsewhere needs neither program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};
use xunge_tests::{Outcome, fail};

use crate::{bindings, phrases, run};

/// As Debian calls them, programs and packages alike.
pub(crate) const PROGRAMS: [&str; 2] = ["espeak-ng", "lame"];
/// How each is made; another number makes all anew.
const RECIPE: u32 = 1;
/// What all languages may take of a package, in bytes.
const MOST: u64 = 4_500_000;

/// What was made, and of what.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Made {
    recipe: u32,
    words: BTreeMap<String, String>,
}

/// Makes them all, and says how much that is.
pub(crate) fn run() -> Outcome {
    println!("{}", ready()?.display());
    Ok(())
}

/// Whether they can be made here.
pub(crate) fn lacking() -> Vec<&'static str> {
    let all = PROGRAMS.into_iter();
    all.filter(|program| !run::is_here(program)).collect()
}

/// Whether all are there, as this machine or another made them.
pub(crate) fn are_complete() -> Outcome<bool> {
    let voices = bindings::target_folder()?.join("voices");
    for (language, ..) in phrases::LANGUAGES {
        let text = fs::read_to_string(voices.join(format!("{language}.json"))).unwrap_or_default();
        let made: Made = serde_json::from_str(&text).unwrap_or_default();
        let wanted = Made {
            recipe: RECIPE,
            words: phrases::kept(language)?,
        };
        if made != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The folder that holds `voice/LOCALE/KEY.mp3`, complete.
pub(crate) fn ready() -> Outcome<PathBuf> {
    let voices = bindings::target_folder()?.join("voices");
    let mut bytes = 0;
    for (language, ..) in phrases::LANGUAGES {
        let folder = voices.join("assets/voice").join(language);
        fs::create_dir_all(&folder)?;
        bytes += language_in(&folder, &voices.join(format!("{language}.json")), language)?;
    }
    if bytes > MOST {
        fail!("voices: {bytes} bytes are more than {MOST}, which a package has room for");
    }
    Ok(voices.join("assets"))
}

fn language_in(folder: &Path, list: &Path, language: &str) -> Outcome<u64> {
    let wanted = Made {
        recipe: RECIPE,
        words: phrases::kept(language)?,
    };
    let text = fs::read_to_string(list).unwrap_or_default();
    let before: Made = serde_json::from_str(&text).unwrap_or_default();
    let file = |key: &str| folder.join(format!("{key}.mp3"));
    let same = |key: &str, words: &str| {
        before.recipe == RECIPE
            && before.words.get(key).map(String::as_str) == Some(words)
            && file(key).is_file()
    };
    let new: Vec<(&String, &String)> = wanted
        .words
        .iter()
        .filter(|(key, words)| !same(key, words))
        .collect();
    if !new.is_empty() {
        if let [program, ..] = lacking().as_slice() {
            fail!(
                "voices: needs {program}; on Debian: apt-get install {}",
                PROGRAMS.join(" ")
            );
        }
        println!("{language}: {} placeholder recordings", new.len());
        all(&new, &file, language)?;
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let key = path.file_stem().unwrap_or_default().to_string_lossy();
        if !wanted.words.contains_key(key.as_ref()) {
            fs::remove_file(path)?;
        }
    }
    fs::write(list, format!("{}\n", serde_json::to_string(&wanted)?))?;
    let mut bytes = 0;
    for key in wanted.words.keys() {
        bytes += fs::metadata(file(key))?.len();
    }
    Ok(bytes)
}

/// Two at a time: each is two short-lived programs.
fn all(
    new: &[(&String, &String)],
    file: &(impl Fn(&str) -> PathBuf + Sync),
    language: &str,
) -> Outcome {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((key, words)) = new.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = one(&file(key), words, language) {
                        let mut failed = failed.lock().unwrap_or_else(|e| e.into_inner());
                        failed.get_or_insert(format!("{key}: {error}"));
                        return;
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(|e| e.into_inner()) {
        Some(why) => fail!("voices: {why}"),
        None => Ok(()),
    }
}

/// A telephone's band at 8 kbit/s: what a package has room for, and what every phone plays.
fn one(file: &Path, words: &str, language: &str) -> Result<(), String> {
    let (voice, speed) = if language == "en" {
        ("en", "150")
    } else {
        ("cmn", "190")
    };
    let part = file.with_extension("part");
    let mut speak = Command::new(PROGRAMS[0])
        .args(["-v", voice, "-s", speed, "-z", "--stdout", "--", words])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", PROGRAMS[0]))?;
    let spoken = speak.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let packed = Command::new(PROGRAMS[1])
        .args([
            "--quiet",
            "-m",
            "m",
            "--resample",
            "8",
            "-b",
            "8",
            "-t",
            "-",
        ])
        .arg(&part)
        .stdin(spoken)
        .status()
        .map_err(|e| format!("{}: {e}", PROGRAMS[1]))?;
    let said = speak.wait().map_err(|e| e.to_string())?;
    if !said.success() || !packed.success() {
        return Err(format!("{said}, {packed}"));
    }
    fs::rename(&part, file).map_err(|e| e.to_string())
}
