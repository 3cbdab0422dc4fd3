//! `xunge admin voice`: the county's recordings in its own dialect, which phones play before any machine speaks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;
use xunge_records::MediaRef;
use xunge_records::lists::{DialectPack, Recording};

use super::args::{Place, Voice};
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::AuditEvent;
use crate::authority;
use crate::media;
use crate::store::MediaOwner;

const PHRASES: [(&str, &str); 2] = [
    (
        "zh-CN",
        include_str!("../../../fixtures/voice/phrases.zh-CN.json"),
    ),
    (
        "en",
        include_str!("../../../fixtures/voice/phrases.en.json"),
    ),
];
/// Words of a county's own forms and lists, beside the recordings: columns `key`, `words`.
const OWN_WORDS: &str = "phrases.csv";
/// A sentence is short, and goes to every phone.
const MOST_BYTES: u64 = 256 << 10;
/// What the list of them may take in the log that every phone reads.
const MOST_IN_LOG: usize = 400 << 10;

#[derive(Serialize)]
struct Imported {
    recordings: usize,
    without: usize,
    bytes: u64,
}

pub(super) fn run(place: &Place, out: Output, args: Voice) -> Outcome {
    match args {
        Voice::Phrases { locale } => phrases(out, &locale),
        Voice::Import { folder, locale } => import(place, out, &folder, &locale),
    }
}

/// Every sentence with its key, to be read out.
fn phrases(out: Output, locale: &str) -> Outcome {
    let phrases = built_in(locale)?;
    out.print(&phrases, |phrases| {
        let mut table = csv::Writer::from_writer(Vec::new());
        let rows = std::iter::once(("key", "words"))
            .chain(phrases.iter().map(|(k, w)| (k.as_str(), w.as_str())));
        for (key, words) in rows {
            // Writing into memory cannot fail.
            let _ = table.write_record([key, words]);
        }
        String::from_utf8(table.into_inner().unwrap_or_default()).unwrap_or_default()
    })
}

fn built_in(locale: &str) -> Result<BTreeMap<String, String>, Failure> {
    let (_, json) = PHRASES
        .iter()
        .find(|(known, _)| *known == locale)
        .ok_or_else(|| Failure::Usage(format!("--locale: {locale} is none of zh-CN, en")))?;
    serde_json::from_str(json).map_err(|error| Failure::new(error.to_string()))
}

/// Publishes the recordings of a folder, in the place of those that were published before. No file publishes none.
fn import(place: &Place, out: Output, folder: &Path, locale: &str) -> Outcome {
    let mut words = built_in(locale)?;
    let own = folder.join(OWN_WORDS);
    if own.exists() {
        words.extend(own_words(&own)?);
    }
    let found = files(folder, &words)?;
    let relay = place.open()?;
    let (mut pack, mut bytes) = (DialectPack::default(), 0);
    for (key, path) in &found {
        let content = fs::read(path).map_err(|error| Failure::file(path, &error))?;
        let mime = media::media_type(&content);
        if !matches!(mime, "audio/mp4" | "audio/wav") {
            let what = "is no recording that phones play: use AAC in MP4 (.m4a), or WAV";
            return Err(Failure::new(format!("{}: {what}", path.display())));
        }
        let hash = media::keep(&relay, MediaOwner::Console, &content)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        let media = MediaRef {
            hash,
            mime: mime.into(),
            bytes: content.len() as u64,
        };
        bytes += media.bytes;
        pack.recordings.push(Recording {
            key: key.clone(),
            words: words.get(key).cloned().unwrap_or_default(),
            media: media.to_string(),
        });
    }
    let imported = Imported {
        recordings: found.len(),
        without: words.len() - found.len(),
        bytes,
    };
    let content = pack.to_json();
    if content.len() > MOST_IN_LOG {
        let what = "the list of these recordings is too long for the log: leave out the rarer ones";
        return Err(Failure::new(what));
    }
    let name = DialectPack::resource_name(locale);
    let about = json!({"locale": locale, "recordings": imported.recordings, "bytes": bytes});
    authority::command(&relay, move |authority, tx| {
        authority.resource(&name, content)?;
        let event = AuditEvent::new("admin", "voice_import")
            .within(authority.relay().county_scope())
            .with(about);
        tx.append_audit(&event, authority.now())?;
        Ok::<_, Failure>(())
    })?;
    out.print(&imported, |imported| {
        format!(
            "{} recordings go to the phones ({} bytes); {} sentences have none and are spoken by the phone's voice.",
            imported.recordings, imported.bytes, imported.without
        )
    })
}

fn own_words(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut reader = csv::Reader::from_path(path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let rows = reader.deserialize::<(String, String)>();
    rows.enumerate()
        .map(|(index, row)| match row {
            Ok((key, words)) if !key.trim().is_empty() && !words.trim().is_empty() => {
                Ok((key.trim().to_owned(), words.trim().to_owned()))
            }
            Ok(_) => Err(format!("row {}: key or words are empty", index + 2)),
            Err(error) => Err(error.to_string()),
        })
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// `KEY.m4a` and `KEY.wav` of a folder, by key. Every other file is named, since it is most likely misspelt.
fn files(
    folder: &Path,
    words: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))? {
        let path = entry.map_err(|error| Failure::file(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let key = name
            .strip_suffix(".m4a")
            .or_else(|| name.strip_suffix(".wav"));
        let size = fs::metadata(&path)
            .map_err(|error| Failure::file(&path, &error))?
            .len();
        match key {
            _ if name == OWN_WORDS || name.starts_with('.') => {}
            Some(_) if size > MOST_BYTES => {
                let why = format!("{size} bytes are more than {MOST_BYTES}: one sentence, in AAC");
                return Err(Failure::new(format!("{}: {why}", path.display())));
            }
            Some(key) if words.contains_key(key) => {
                let again = found.insert(key.to_owned(), path.clone());
                if let Some(other) = again {
                    let why = format!("{} says the same sentence: keep one", other.display());
                    return Err(Failure::new(format!("{}: {why}", path.display())));
                }
            }
            _ => {
                let why =
                    "is no KEY.m4a or KEY.wav of a known sentence: see xunge admin voice phrases";
                return Err(Failure::new(format!("{}: {why}", path.display())));
            }
        }
    }
    Ok(found)
}
