//! A county's recordings in its own dialect: which sentence each says, and the file that holds it. Travels as the resource
//! `voice/LOCALE.json`; the files travel as media.

use serde::{Deserialize, Serialize};

use crate::model::media::MediaRef;

/// Begin of the resources' names.
const FOLDER: &str = "voice/";

/// All recordings of one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialectPack {
    /// In the order of their keys.
    pub recordings: Vec<Recording>,
}

/// One sentence, spoken by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Stable name of the sentence.
    pub key: String,
    /// What was said. A text that was changed since then is not said by it.
    pub words: String,
    /// The file, as `HASH TYPE BYTES`.
    pub media: String,
}

impl DialectPack {
    /// Name of the resource that holds the pack of a language.
    pub fn resource_name(locale: &str) -> String {
        format!("{FOLDER}{locale}.json")
    }

    /// Whether a resource of this name holds a pack.
    pub fn is_named(resource: &str) -> bool {
        resource.starts_with(FOLDER)
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// It is no pack.
    pub fn parse(content: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(content)
    }

    /// The resource's content.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The files, each once.
    pub fn files(&self) -> Vec<MediaRef> {
        let mut files: Vec<MediaRef> = Vec::new();
        for media in self.recordings.iter().filter_map(|r| r.media.parse().ok()) {
            if !files.contains(&media) {
                files.push(media);
            }
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_read_as_it_was_written_and_names_each_file_once() {
        let media = format!("{} audio/mp4 9", "ab".repeat(32));
        let recording = |key: &str, media: &str| Recording {
            key: key.into(),
            words: "走访".into(),
            media: media.into(),
        };
        let pack = DialectPack {
            recordings: vec![
                recording("a", &media),
                recording("b", &media),
                recording("c", "something that a later version names otherwise"),
            ],
        };
        assert_eq!(DialectPack::parse(&pack.to_json()).unwrap(), pack);
        assert_eq!(pack.files().len(), 1);
        assert!(DialectPack::is_named(&DialectPack::resource_name("zh-CN")));
        assert!(DialectPack::parse(b"[]").is_err());
    }
}
