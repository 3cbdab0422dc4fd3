//! The phone's texts by key, read once from the embedded resource files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Locale;

const ZH_CN: &str = include_str!("../../../fixtures/locale/phone.zh-CN.json");
const EN: &str = include_str!("../../../fixtures/locale/phone.en.json");

/// A text with what is said aloud, and, for an error, what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// On the screen.
    pub text: String,
    /// Read aloud; the same as `text` where the file names none.
    #[serde(default)]
    pub speech: String,
    /// What the user can do about it; empty where nothing is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

impl Phrase {
    /// Puts values in the place of `{name}`.
    pub fn with(&self, values: &[(&str, &str)]) -> Self {
        let fill = |template: &str| {
            values
                .iter()
                .fold(template.to_owned(), |text, (name, value)| {
                    text.replace(&format!("{{{name}}}"), value)
                })
        };
        Self {
            text: fill(&self.text),
            speech: fill(&self.speech),
            remedy: fill(&self.remedy),
        }
    }
}

/// All phrases of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    phrases: BTreeMap<String, Phrase>,
}

static CATALOGS: LazyLock<[Catalog; 2]> = LazyLock::new(|| {
    [
        Catalog::parse(ZH_CN).unwrap_or_default(),
        Catalog::parse(EN).unwrap_or_default(),
    ]
});

impl Default for Catalog {
    /// No phrases: every key then stands for itself.
    fn default() -> Self {
        Self {
            phrases: BTreeMap::new(),
        }
    }
}

impl Catalog {
    /// Reads a resource file.
    ///
    /// # Errors
    /// With line and column, when it is not an object of phrases.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut phrases: BTreeMap<String, Phrase> = serde_json::from_str(json)?;
        for phrase in phrases.values_mut() {
            if phrase.speech.is_empty() {
                phrase.speech = phrase.text.clone();
            }
        }
        Ok(Self { phrases })
    }

    /// The embedded catalogue of a language.
    pub fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::ZhCn => &CATALOGS[0],
            Locale::En => &CATALOGS[1],
        }
    }

    /// The phrase of a key, if the files have it.
    pub fn find(&self, key: &str) -> Option<&Phrase> {
        self.phrases.get(key)
    }

    /// The phrase of a key. A key that the files lack is shown itself, so that no screen is ever empty or mute.
    pub fn phrase(&self, key: &str) -> Phrase {
        self.find(key).cloned().unwrap_or_else(|| Phrase {
            text: key.into(),
            speech: key.into(),
            remedy: String::new(),
        })
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> String {
        self.phrase(key).text
    }

    /// The phrase of an error's stable code; one for all errors where the files have none for this.
    pub fn error(&self, code: &str) -> Phrase {
        self.find(&format!("error.{code}"))
            .cloned()
            .unwrap_or_else(|| self.phrase("error.internal"))
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.phrases.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xunge_protocol::RefusalCode;
    use xunge_records::{Kind, Verb};

    #[test]
    fn every_key_is_there_in_both_languages_with_text_and_speech() {
        let [zh, en] = [ZH_CN, EN].map(|file| Catalog::parse(file).unwrap());
        let keys = |c: &Catalog| c.keys().map(String::from).collect::<Vec<_>>();
        assert_eq!(keys(&zh), keys(&en));
        for key in keys(&zh) {
            let (zh, en) = (zh.phrase(&key), en.phrase(&key));
            for phrase in [&zh, &en] {
                assert!(!phrase.text.trim().is_empty(), "{key}");
                assert!(!phrase.speech.trim().is_empty(), "{key}");
            }
            assert_eq!(zh.remedy.is_empty(), en.remedy.is_empty(), "{key}");
            let words = phrase_words(&zh);
            assert!(
                words.is_empty() || zh.text != en.text,
                "{key} is not translated"
            );
            assert_eq!(placeholders(&zh), placeholders(&en), "{key}");
        }
    }

    #[test]
    fn every_error_and_every_refusal_says_what_to_do_next() {
        for locale in Locale::ALL {
            let catalog = Catalog::of(locale);
            for key in catalog.keys().filter(|k| {
                k.starts_with("error.")
                    || k.starts_with("refusal.")
                    || k.starts_with("sync_refusal.")
            }) {
                assert!(!catalog.phrase(key).remedy.is_empty(), "{key}");
            }
        }
    }

    #[test]
    fn everything_that_the_protocol_and_the_records_name_has_words() {
        use RefusalCode as R;
        let catalog = Catalog::of(Locale::ZhCn);
        let mut keys: Vec<String> = [
            R::OutsideGrid,
            R::KindNotAllowed,
            R::OperationNotAllowed,
            R::Malformed,
            R::TooLarge,
            R::DependencyMissing,
            R::WrongScope,
            R::ForeignRecord,
            R::InvalidContent,
            R::DeviceRevoked,
            R::Rejected,
        ]
        .iter()
        .map(|code| format!("refusal.{}", code.name()))
        .collect();
        keys.extend(Kind::ALL.iter().map(|kind| format!("kind.{kind}")));
        keys.extend(Verb::ALL.iter().map(|verb| format!("verb.{}", verb.name())));
        for kind in Kind::ALL {
            keys.extend(paths(kind.fields(), &format!("field.{kind}.")));
        }
        for state in ["draft", "waiting", "received", "returned", "refused"] {
            keys.push(format!("sync_state.{state}"));
        }
        let missing: Vec<_> = keys.iter().filter(|k| catalog.find(k).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_placeholder_is_filled_in_text_speech_and_remedy() {
        let phrase = Phrase {
            text: "{n} left".into(),
            speech: "{n}, {n}".into(),
            remedy: "wait {n}".into(),
        };
        let filled = phrase.with(&[("n", "3")]);
        assert_eq!(
            (
                filled.text.as_str(),
                filled.speech.as_str(),
                filled.remedy.as_str()
            ),
            ("3 left", "3, 3", "wait 3")
        );
    }

    fn paths(fields: &[xunge_records::model::field::Field], prefix: &str) -> Vec<String> {
        use xunge_records::model::field::FieldType;
        fields
            .iter()
            .flat_map(|field| {
                let path = format!("{prefix}{}", field.name);
                match field.ty {
                    FieldType::Group(inner) => paths(inner, &format!("{path}.")),
                    _ => vec![path],
                }
            })
            .collect()
    }

    /// What of a text is neither placeholder nor punctuation.
    fn phrase_words(phrase: &Phrase) -> String {
        let outside = phrase
            .text
            .split('{')
            .map(|part| part.split('}').next_back());
        outside
            .flatten()
            .flat_map(str::chars)
            .filter(|c| c.is_alphabetic())
            .collect()
    }

    fn placeholders(phrase: &Phrase) -> Vec<String> {
        let mut names: Vec<String> = phrase
            .text
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()))
            .collect();
        names.sort();
        names
    }
}
