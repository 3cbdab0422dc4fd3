//! Texts of the console by key, in both languages, from `fixtures/locale/`. Knows nothing of pages.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::OnceLock;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Lang {
    /// Chinese as written in the mainland; what a new user sees.
    #[default]
    Zh,
    /// English, complete.
    En,
}

impl Lang {
    /// Both, in the order of the switch.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// BCP 47 tag, as in `<html lang>` and in the session.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language of a tag, if it is one of ours.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }

    fn texts(self) -> &'static HashMap<String, String> {
        static ZH: OnceLock<HashMap<String, String>> = OnceLock::new();
        static EN: OnceLock<HashMap<String, String>> = OnceLock::new();
        let (cell, source) = match self {
            Self::Zh => (
                &ZH,
                include_str!("../../../fixtures/locale/console.zh-CN.json"),
            ),
            Self::En => (
                &EN,
                include_str!("../../../fixtures/locale/console.en.json"),
            ),
        };
        // Both files are part of the binary, and a test reads them: the default is never seen.
        cell.get_or_init(|| serde_json::from_str(source).unwrap_or_default())
    }

    /// The text of `key`, or nothing where there is none.
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.texts().get(key).map(String::as_str)
    }

    /// The text of `key`; the key itself where there is none, so that a gap is seen and nothing fails.
    pub fn text(self, key: &str) -> String {
        self.find(key).unwrap_or(key).to_owned()
    }

    /// The text of `key` with `{name}` replaced by each value.
    pub fn fill(self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut text = self.text(key);
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), &value.to_string());
        }
        text
    }

    /// All keys, for tests.
    #[cfg(test)]
    pub(crate) fn keys(self) -> std::collections::BTreeSet<&'static str> {
        self.texts().keys().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        assert_eq!(Lang::Zh.keys(), Lang::En.keys());
        assert!(!Lang::Zh.keys().is_empty());
        for key in Lang::Zh.keys() {
            let holes = |text: &str| {
                let mut holes: Vec<String> = text
                    .split('{')
                    .skip(1)
                    .filter_map(|part| part.split_once('}'))
                    .map(|(name, _)| name.to_owned())
                    .collect();
                holes.sort();
                holes
            };
            assert_eq!(
                holes(&Lang::Zh.text(key)),
                holes(&Lang::En.text(key)),
                "{key}"
            );
        }
    }

    #[test]
    fn every_text_that_a_template_or_page_asks_for_exists() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["templates", "src/console", "src/console/page"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    files.push(path);
                }
            }
        }
        let mut missing = Vec::new();
        for file in files {
            let source = std::fs::read_to_string(&file).unwrap();
            for call in [
                "ui.t(\"",
                "ui.t1(\"",
                "ui.t2(\"",
                "lang.text(\"",
                "lang.fill(\"",
            ] {
                for part in source.split(call).skip(1) {
                    let key = part.split('"').next().unwrap();
                    if Lang::Zh.find(key).is_none() {
                        missing.push(format!("{key} in {}", file.display()));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
