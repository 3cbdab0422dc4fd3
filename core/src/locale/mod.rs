//! What users read and hear: texts by key in zh-CN and en, from resource files. It knows no screen and no record.

mod catalog;
mod numbers;
mod phrasebook;

pub use catalog::{Catalog, Phrase};
pub use phrasebook::{Cut, Phrasebook, cut};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language that Xunge speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Locale {
    /// Simplified Chinese, the first.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// All, the first one first.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// BCP 47 tag, as in file names.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A language tag whose language is neither Chinese nor English.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown locale {0}: expected zh-CN or en")]
pub struct UnknownLocale(pub String);

impl FromStr for Locale {
    type Err = UnknownLocale;

    /// Takes what phones call their language: `zh_CN`, `zh-Hans-CN`, `en-GB`.
    fn from_str(text: &str) -> Result<Self, UnknownLocale> {
        match text.split(['-', '_', '.']).next() {
            Some("zh") => Ok(Self::ZhCn),
            Some("en") => Ok(Self::En),
            _ => Err(UnknownLocale(text.into())),
        }
    }
}

/// One text in every language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The text in a language.
    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::ZhCn => &self.zh_cn,
            Locale::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phones_language_tag_finds_its_locale() {
        for tag in ["zh", "zh-CN", "zh_CN", "zh-Hans-CN", "zh_CN.UTF-8"] {
            assert_eq!(tag.parse(), Ok(Locale::ZhCn), "{tag}");
        }
        assert_eq!("en-GB".parse(), Ok(Locale::En));
        assert_eq!("fr".parse::<Locale>(), Err(UnknownLocale("fr".into())));
    }
}
