//! The terms under which a name or a door is found. A text is found by any prefix of a term, and the terms are its
//! suffixes: so any part of a name finds it, in characters, in full pinyin and in initials.

use std::collections::BTreeMap;

use pinyin::ToPinyin as _;

/// Surnames whose reading as a surname is not the character's usual one. Both are indexed.
const SURNAMES: &[(&str, &[&str])] = &[
    ("单", &["shan"]),
    ("曾", &["zeng"]),
    ("仇", &["qiu"]),
    ("解", &["xie"]),
    ("区", &["ou"]),
    ("查", &["zha"]),
    ("朴", &["piao"]),
    ("盖", &["ge"]),
    ("华", &["hua"]),
    ("任", &["ren"]),
    ("缪", &["miao"]),
    ("尉", &["wei"]),
    ("乐", &["yue"]),
    ("翟", &["zhai"]),
    ("冼", &["xian"]),
    ("洗", &["xian"]),
    ("逄", &["pang"]),
    ("员", &["yun"]),
    ("黑", &["he"]),
    ("秘", &["bi"]),
    ("折", &["she"]),
    ("纪", &["ji"]),
    ("宁", &["ning"]),
    ("燕", &["yan"]),
    ("应", &["ying"]),
    ("晁", &["chao"]),
    ("佴", &["nai"]),
    ("阚", &["kan"]),
    ("郇", &["xun"]),
    ("郗", &["xi"]),
    ("召", &["shao"]),
    ("覃", &["qin"]),
    ("万俟", &["mo", "qi"]),
    ("尉迟", &["yu", "chi"]),
    ("长孙", &["zhang", "sun"]),
    ("澹台", &["tan", "tai"]),
    ("鲜于", &["xian", "yu"]),
    ("令狐", &["ling", "hu"]),
];

/// Terms with their rank: 0 where the term is all of the text, 1 where it is the inside of it.
pub(super) type Terms = BTreeMap<String, u8>;

/// Adds the terms of a person's name.
pub(super) fn add_name(terms: &mut Terms, name: &str) {
    let name = normalize(name);
    let characters: Vec<char> = name.chars().collect();
    add_suffixes(
        terms,
        &characters.iter().map(char::to_string).collect::<Vec<_>>(),
    );
    let usual: Vec<String> = characters.iter().map(|c| reading(*c)).collect();
    add_pinyin(terms, &usual);
    // The longest surname first: 尉迟 before 尉.
    let surname = SURNAMES
        .iter()
        .filter(|(surname, _)| name.starts_with(surname))
        .max_by_key(|(surname, _)| surname.len());
    if let Some((_, readings)) = surname {
        let mut as_surname: Vec<String> = readings.iter().map(|r| (*r).to_owned()).collect();
        as_surname.extend(usual.into_iter().skip(readings.len()));
        add_pinyin(terms, &as_surname);
    }
}

/// Adds the terms of a door: each suffix that begins a number or follows one.
pub(super) fn add_door(terms: &mut Terms, door: &str) {
    let mut pieces: Vec<String> = Vec::new();
    let mut in_number = None;
    for c in normalize(door).chars() {
        let digit = c.is_ascii_digit();
        match pieces.last_mut() {
            Some(last) if in_number == Some(digit) => last.push(c),
            _ => pieces.push(c.to_string()),
        }
        in_number = Some(digit);
    }
    add_suffixes(terms, &pieces);
}

/// A text as it is compared: lower case, full-width forms as ASCII, no spaces.
pub(super) fn normalize(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn add_pinyin(terms: &mut Terms, readings: &[String]) {
    add_suffixes(terms, readings);
    let initials: Vec<String> = readings
        .iter()
        .filter_map(|r| r.chars().next())
        .map(String::from)
        .collect();
    add_suffixes(terms, &initials);
}

fn add_suffixes(terms: &mut Terms, pieces: &[String]) {
    for start in 0..pieces.len() {
        let rank = u8::from(start > 0);
        let term = pieces[start..].concat();
        let held = terms.entry(term).or_insert(rank);
        *held = rank.min(*held);
    }
}

fn reading(c: char) -> String {
    c.to_pinyin()
        .map_or_else(|| c.to_string(), |pinyin| pinyin.plain().replace('ü', "v"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, query: &str) -> bool {
        let mut terms = Terms::new();
        add_name(&mut terms, name);
        terms.keys().any(|term| term.starts_with(&normalize(query)))
    }

    #[test]
    fn a_name_is_found_by_any_part_in_characters_pinyin_or_initials() {
        for query in [
            "王桂兰",
            "桂兰",
            "兰",
            "wgl",
            "WGL",
            "gl",
            "wanggui",
            "guilan",
            "ｗｇ",
        ] {
            assert!(found("王桂兰", query), "{query}");
        }
        for query in ["李", "wl", "angg"] {
            assert!(!found("王桂兰", query), "{query}");
        }
    }

    #[test]
    fn a_surname_is_found_by_its_reading_as_a_surname_and_by_the_usual_one() {
        for (name, query) in [
            ("单雄信", "shan"),
            ("单雄信", "dan"),
            ("曾国平", "zgp"),
            ("仇小英", "qxy"),
            ("解珍", "xie"),
            ("区少坚", "osj"),
            ("查良才", "zhaliang"),
            ("尉迟恭", "ycg"),
            ("吕布", "lvbu"),
        ] {
            assert!(found(name, query), "{name} {query}");
        }
    }

    #[test]
    fn a_door_is_found_by_each_of_its_numbers() {
        let mut terms = Terms::new();
        add_door(&mut terms, "３组12号");
        assert_eq!(
            terms.into_iter().collect::<Vec<_>>(),
            [
                ("12号".to_owned(), 1),
                ("3组12号".to_owned(), 0),
                ("号".to_owned(), 1),
                ("组12号".to_owned(), 1)
            ]
        );
    }
}
