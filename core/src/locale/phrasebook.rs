//! The sentences that a phone says, by key, and how a spoken text is cut into them: so that recordings can say it, of a
//! dialect or where a phone has no voice. It knows no recordings and no shell.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Locale;
use super::numbers;

const ZH_CN: &str = include_str!("../../../fixtures/voice/phrases.zh-CN.json");
const EN: &str = include_str!("../../../fixtures/voice/phrases.en.json");
/// Keys of the words that numbers are put together of; they stand for digits alone.
const NUMBERS: &str = "number.";
/// A phrase of fewer Chinese characters may be part of a name, and counts only where it stands alone.
const SHORTEST_INSIDE: usize = 3;

/// Sentences and the keys of their recordings.
#[derive(Debug, Default)]
pub struct Phrasebook {
    /// By first character, the longest first.
    by_first: BTreeMap<char, Vec<(String, String)>>,
}

/// A part of a spoken text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The part, with the signs after it. All parts together are the text.
    pub text: &'a str,
    /// Keys of the recordings that say it, one after the other; none where no phrase does.
    pub keys: Vec<String>,
}

static BOOKS: LazyLock<[Phrasebook; 2]> = LazyLock::new(|| [ZH_CN, EN].map(built_in));

fn built_in(json: &str) -> Phrasebook {
    let phrases: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
    Phrasebook::new(
        phrases
            .into_iter()
            .filter(|(key, _)| !key.starts_with(NUMBERS)),
    )
}

impl Phrasebook {
    /// A book of keys and words.
    pub fn new(phrases: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut by_first: BTreeMap<char, Vec<(String, String)>> = BTreeMap::new();
        for (key, words) in phrases {
            if let Some(first) = words.chars().next() {
                by_first.entry(first).or_default().push((words, key));
            }
        }
        for phrases in by_first.values_mut() {
            phrases.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        }
        Self { by_first }
    }

    /// What is built in.
    pub fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::ZhCn => &BOOKS[0],
            Locale::En => &BOOKS[1],
        }
    }

    /// The longest phrase with which `rest` begins.
    fn longest(&self, rest: &str, free: bool) -> Option<(&str, &str)> {
        let phrases = self.by_first.get(&rest.chars().next()?)?;
        let found = phrases.iter().find(|(words, _)| {
            rest.starts_with(words) && stands(words, &rest[words.len()..], free)
        });
        found.map(|(words, key)| (words.as_str(), key.as_str()))
    }
}

/// Cuts `text` into phrases, numbers, and what is between them. Of phrases of the same length the earlier book's counts.
pub fn cut<'a>(text: &'a str, books: &[&Phrasebook], locale: Locale) -> Vec<Cut<'a>> {
    let mut cuts: Vec<Cut<'a>> = Vec::new();
    let (mut at, mut since) = (0, 0);
    // Whether a phrase may begin here: after a sign, a phrase or a number.
    let mut free = true;
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut found: Option<(&str, &str)> = None;
        for book in books {
            if let Some(other) = book.longest(rest, free)
                && found.is_none_or(|(words, _)| other.0.len() > words.len())
            {
                found = Some(other);
            }
        }
        let (length, keys) = match found {
            Some((words, key)) => (words.len(), vec![key.to_owned()]),
            None if sign.is_ascii_digit() && free => numbers::spoken(rest, locale),
            None => (0, Vec::new()),
        };
        if length == 0 {
            free = !sign.is_alphanumeric() || (locale == Locale::ZhCn && next_is_digit(rest));
            at += sign.len_utf8();
            continue;
        }
        cuts.extend(between(&text[since..at]));
        // Signs after it belong to it, so that a voice that reads them pauses there.
        let signs = text[at + length..]
            .chars()
            .take_while(|c| !c.is_alphanumeric());
        let end = at + length + signs.map(char::len_utf8).sum::<usize>();
        cuts.push(Cut {
            text: &text[at..end],
            keys,
        });
        (at, since) = (end, end);
        free = true;
    }
    cuts.extend(between(&text[since..]));
    cuts
}

fn between(text: &str) -> Option<Cut<'_>> {
    (!text.is_empty()).then_some(Cut {
        text,
        keys: Vec::new(),
    })
}

/// Whether a phrase stands for itself before `rest`. In Latin letters it must not begin or end inside a word.
fn stands(words: &str, rest: &str, free: bool) -> bool {
    let next = rest.chars().next();
    let last = words.chars().next_back();
    if last.is_some_and(|c| c.is_ascii_alphanumeric())
        && next.is_some_and(|c| c.is_ascii_alphanumeric())
    {
        return false;
    }
    let chinese = words.chars().filter(|c| !c.is_ascii()).count();
    let alone = free && next.is_none_or(|c| !c.is_alphanumeric() || c.is_ascii_digit());
    alone || chinese >= SHORTEST_INSIDE || (free && chinese == 0)
}

fn next_is_digit(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Catalog;

    fn keys(text: &str, locale: Locale) -> Vec<String> {
        cut(text, &[Phrasebook::of(locale)], locale)
            .into_iter()
            .flat_map(|cut| cut.keys)
            .collect()
    }

    #[test]
    fn a_sentence_with_numbers_is_said_by_phrases_and_number_words() {
        assert_eq!(
            keys("镇里已收到3条，待发送112条。", Locale::ZhCn),
            [
                "shell.received_by_town",
                "number.3",
                "shell.two_numbers.2",
                "number.1",
                "number.100",
                "number.1",
                "number.10",
                "number.2",
                "shell.sent_so_far.3",
            ]
            .map(|key| key.to_owned())
            .to_vec()
        );
    }

    #[test]
    fn the_parts_of_a_text_are_the_text_and_a_name_stays_between_them() {
        for text in [
            "李大山家，该去看看了。",
            "王二家 2 组5号，还没去过。",
            "",
            "。",
            "Nobody home",
        ] {
            let parts = cut(text, &[Phrasebook::of(Locale::ZhCn)], Locale::ZhCn);
            let whole: String = parts.iter().map(|part| part.text).collect();
            assert_eq!(whole, text);
        }
        let parts = cut(
            "李大山家，该去看看了。",
            &[Phrasebook::of(Locale::ZhCn)],
            Locale::ZhCn,
        );
        assert_eq!((parts[0].text, parts[0].keys.len()), ("李大山", 0));
        assert_eq!(parts[1].keys, ["phone.next_visit.due"]);
    }

    #[test]
    fn a_short_phrase_inside_a_name_is_no_phrase() {
        let book = Phrasebook::new([("yes".into(), "是".into()), ("home".into(), "home".into())]);
        let found = |text, locale| {
            let parts = cut(text, &[&book], locale);
            parts.iter().any(|part| !part.keys.is_empty())
        };
        assert!(found("是。", Locale::ZhCn));
        assert!(!found("王是山", Locale::ZhCn));
        assert!(found("at home.", Locale::En));
        assert!(!found("homely", Locale::En));
        assert!(!found("at-homes", Locale::En));
    }

    #[test]
    fn of_two_books_the_longer_phrase_counts_then_the_earlier_book() {
        let own = Phrasebook::new([("a".into(), "看看老人".into())]);
        let other = Phrasebook::new([
            ("b".into(), "看看老人家".into()),
            ("c".into(), "看看老人".into()),
        ]);
        let key = |text| cut(text, &[&own, &other], Locale::ZhCn)[0].keys.clone();
        assert_eq!(key("看看老人"), ["a"]);
        assert_eq!(key("看看老人家"), ["b"]);
    }

    #[test]
    fn everything_that_an_error_says_is_in_the_book() {
        for locale in Locale::ALL {
            let catalog = Catalog::of(locale);
            for key in catalog.keys().filter(|key| key.starts_with("error.")) {
                let phrase = catalog.phrase(key).with(&[("seconds", "30")]);
                let said = format!("{} {}", phrase.speech, phrase.remedy);
                let parts = cut(&said, &[Phrasebook::of(locale)], locale);
                let mute = |part: &&Cut<'_>| {
                    part.keys.is_empty() && part.text.chars().any(char::is_alphanumeric)
                };
                assert_eq!(parts.iter().find(mute), None, "{key}: {said}");
            }
        }
    }
}
