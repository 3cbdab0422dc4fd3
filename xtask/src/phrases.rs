//! `cargo xtask phrases`: everything fixed that a phone ever says, sentence by sentence with a key of its own, as
//! `fixtures/voice/phrases.LOCALE.json`. Who records a county's dialect reads it; `cargo xtask voices` makes the
//! placeholders of it; the phone cuts what it says by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use xunge_records::lists::{CodeLists, Locale};
use xunge_tests::{Outcome, fail, programs};

use crate::texts;

/// Language tag, folder of the shell's texts, column of code lists.
pub(crate) const LANGUAGES: [(&str, &str, Locale); 2] = [
    ("zh-CN", "values", Locale::ZhCn),
    ("en", "values-en", Locale::En),
];

const FORMS: [&str; 5] = ["visit", "dispute", "request", "household", "warning_ack"];
/// Texts of the core that are shown and never spoken.
const NEVER_SPOKEN: [&str; 5] = ["button.", "by.", "field.", "timeline", "verb."];
/// A sentence ends after one of these; the Latin ones where a space follows.
const ENDS: [char; 9] = ['。', '！', '？', '；', '\n', '.', '!', '?', ';'];

/// Writes the tables.
pub(crate) fn run() -> Outcome {
    for (language, folder, locale) in LANGUAGES {
        let path = path(language);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, written(folder, language, locale)?)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The kept table of a language.
pub(crate) fn kept(language: &str) -> Outcome<BTreeMap<String, String>> {
    let path = path(language);
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

fn path(language: &str) -> PathBuf {
    programs::workspace().join(format!("fixtures/voice/phrases.{language}.json"))
}

fn written(folder: &str, language: &str, locale: Locale) -> Outcome<String> {
    let table = table(folder, language, locale)?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&table)?))
}

fn table(folder: &str, language: &str, locale: Locale) -> Outcome<BTreeMap<String, String>> {
    let mut table = Table::default();
    for (key, words) in numbers(language) {
        table.put(key, words.into());
    }
    let shell: BTreeMap<String, String> = serde_json::from_str(&texts::of_android(folder)?)?;
    for (key, text) in shell.iter().filter(|(key, _)| !key.ends_with("_pattern")) {
        table.add(&format!("shell.{key}"), text);
    }
    let core = read(&format!("fixtures/locale/phone.{language}.json"))?;
    for (key, phrase) in core.as_object().into_iter().flatten() {
        if NEVER_SPOKEN.iter().any(|begin| key.starts_with(begin)) || key.ends_with(".pattern") {
            continue;
        }
        let part = |name: &str| phrase[name].as_str().unwrap_or_default();
        let said = [part("speech"), part("text")];
        let said = said.into_iter().find(|text| !text.is_empty());
        table.add(
            &format!("phone.{key}"),
            &format!("{}\n{}", said.unwrap_or_default(), part("remedy")),
        );
    }
    let mut lists = BTreeSet::new();
    for form in FORMS {
        let definition = read(&format!("fixtures/forms/{form}.json"))?;
        table.form(&format!("form.{form}"), &definition, language, &mut lists);
    }
    let all = CodeLists::embedded()?.for_phone();
    for list in all.iter().filter(|list| lists.contains(list.name())) {
        for code in list.codes() {
            // Nobody says aloud what stands in brackets.
            let label = code.label(locale).split(['(', '（']).next();
            table.add(
                &format!("list.{}.{}", list.name(), code.code),
                label.unwrap_or_default(),
            );
        }
    }
    Ok(table.phrases)
}

fn read(path: &str) -> Outcome<Value> {
    let text = fs::read_to_string(programs::workspace().join(path));
    match serde_json::from_str(&text.map_err(|e| format!("{path}: {e}"))?) {
        Ok(value) => Ok(value),
        Err(error) => fail!("{path}: {error}"),
    }
}

#[derive(Default)]
struct Table {
    phrases: BTreeMap<String, String>,
    known: BTreeSet<String>,
}

impl Table {
    /// The sentences of `text` that no key has yet.
    fn add(&mut self, key: &str, text: &str) {
        let sentences = sentences(text);
        let several = sentences.len() > 1;
        for (index, words) in sentences.into_iter().enumerate() {
            let key = if several {
                format!("{key}.{}", index + 1)
            } else {
                key.to_owned()
            };
            if self.known.insert(words.clone()) {
                self.put(key, words);
            }
        }
    }

    fn put(&mut self, key: String, words: String) {
        self.phrases.insert(key, words);
    }

    /// What a form says: questions, choices, labels, and what is wrong with an answer.
    fn form(&mut self, key: &str, at: &Value, language: &str, lists: &mut BTreeSet<String>) {
        match at {
            Value::Array(parts) => {
                for part in parts {
                    self.form(key, part, language, lists);
                }
            }
            Value::Object(fields) => {
                let own = ["name", "code", "group"]
                    .iter()
                    .find_map(|n| at[n].as_str());
                let key = own.map_or_else(|| key.to_owned(), |own| format!("{key}.{own}"));
                let words = |name: &str| at[name][language].as_str();
                for (end, said) in [
                    ("", words("speech").or_else(|| words("text"))),
                    (".label", words("label")),
                    (".wrong", words("constraint_text")),
                ] {
                    self.add(&format!("{key}{end}"), said.unwrap_or_default());
                }
                lists.extend(at["list"].as_str().map(str::to_owned));
                for part in fields.values() {
                    self.form(&key, part, language, lists);
                }
            }
            _ => {}
        }
    }
}

/// The fixed sentences of a text: without what is put in for a name or a number, and without the signs around them.
fn sentences(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        let next = rest.peek().copied();
        let blank = match sign {
            '{' => Some('}'),
            '$' if next == Some('{') => Some('}'),
            '%' if next.is_some_and(|c| c.is_ascii_digit()) => None,
            _ => {
                let ends = ENDS.contains(&sign)
                    && (!sign.is_ascii() || sign == '\n' || next.is_none_or(char::is_whitespace));
                if ends {
                    all.push(String::new());
                } else if let Some(last) = all.last_mut() {
                    last.push(sign);
                }
                continue;
            }
        };
        match blank {
            Some(end) => while rest.next().is_some_and(|c| c != end) {},
            // `%1$s`: a number, a dollar, a letter.
            None => while rest.next().is_some_and(|c| !c.is_alphabetic()) {},
        }
        all.push(String::new());
    }
    let bare = |part: &str| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    all.iter()
        .map(|part| bare(part))
        .filter(|part| !part.is_empty())
        .collect()
}

/// The words that numbers are put together of.
fn numbers(language: &str) -> Vec<(String, &'static str)> {
    let chinese = "零 一 二 三 四 五 六 七 八 九 十";
    let english = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
                   sixteen seventeen eighteen nineteen";
    let tens = "twenty thirty forty fifty sixty seventy eighty ninety";
    let small = if language == "en" { english } else { chinese };
    let mut all: Vec<(String, &str)> = small
        .split_whitespace()
        .enumerate()
        .map(|(number, word)| (format!("number.{number}"), word))
        .collect();
    let large: Vec<(usize, &str)> = match language {
        "en" => {
            let tens = tens.split_whitespace().enumerate();
            let tens = tens.map(|(index, word)| ((index + 2) * 10, word));
            tens.chain([(100, "hundred"), (1000, "thousand")]).collect()
        }
        _ => vec![(100, "百"), (1000, "千"), (10_000, "万")],
    };
    all.extend(
        large
            .into_iter()
            .map(|(n, word)| (format!("number.{n}"), word)),
    );
    let point = if language == "en" { "point" } else { "点" };
    all.push(("number.point".into(), point));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_tables_say_what_the_texts_say() {
        for (language, folder, locale) in LANGUAGES {
            let now = table(folder, language, locale).unwrap();
            assert_eq!(kept(language).unwrap(), now, "run cargo xtask phrases");
        }
    }

    #[test]
    fn a_text_falls_into_its_fixed_sentences() {
        let said = |text| sentences(text).join("|");
        assert_eq!(
            said("镇里已收到%1$d条，待发送%2$d条。"),
            "镇里已收到|条，待发送|条"
        );
        assert_eq!(said("{title}家，该去看看了。再去。"), "家，该去看看了|再去");
        assert_eq!(said("${party}愿意吗？"), "愿意吗");
        assert_eq!(
            said("Tap one. Then 2.5 more (or not)!"),
            "Tap one|Then 2.5 more (or not"
        );
    }

    #[test]
    fn keys_are_names_of_files() {
        for (language, ..) in LANGUAGES {
            for key in kept(language).unwrap().keys() {
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
                assert!(key.chars().all(fits), "{key}");
            }
        }
    }
}
