//! Numbers as the words that recordings say: keys `number.N` in the order in which they are heard.

use super::Locale;

/// Longer rows of digits are telephone numbers, said digit by digit.
const LONGEST_QUANTITY: usize = 5;

/// How many bytes of `text`, which begins with a digit, are a number, and the keys that say it.
pub(super) fn spoken(text: &str, locale: Locale) -> (usize, Vec<String>) {
    let digits = run(text);
    let mut keys = match text[..digits].parse::<u32>() {
        Ok(number) if digits <= LONGEST_QUANTITY && (digits == 1 || !text.starts_with('0')) => {
            let words = match locale {
                Locale::ZhCn => chinese(number),
                Locale::En => english(number),
            };
            words.into_iter().map(|n| format!("number.{n}")).collect()
        }
        _ => one_by_one(&text[..digits]),
    };
    let mut length = digits;
    let fraction = text[digits..].strip_prefix('.').map_or(0, run);
    if fraction > 0 {
        length += 1 + fraction;
        keys.push("number.point".into());
        keys.extend(one_by_one(&text[digits + 1..length]));
    }
    (length, keys)
}

fn run(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn one_by_one(digits: &str) -> Vec<String> {
    digits.chars().map(|d| format!("number.{d}")).collect()
}

/// 10502 is 1 10000 0 5 100 0 2: one zero stands for any row of them, and 10 to 19 begin with ten.
fn chinese(number: u32) -> Vec<u32> {
    if number < 10 {
        return vec![number];
    }
    let mut words = Vec::new();
    let mut gap = false;
    for unit in [10_000, 1000, 100, 10, 1] {
        let digit = number / unit % 10;
        if digit == 0 {
            gap = !words.is_empty();
            continue;
        }
        if gap {
            words.push(0);
            gap = false;
        }
        if !(unit == 10 && digit == 1 && words.is_empty()) {
            words.push(digit);
        }
        if unit > 1 {
            words.push(unit);
        }
    }
    words
}

fn english(number: u32) -> Vec<u32> {
    let mut words = Vec::new();
    let mut rest = number;
    for unit in [1000, 100] {
        if rest >= unit {
            words.extend(english(rest / unit));
            words.push(unit);
            rest %= unit;
        }
    }
    match rest {
        0 if words.is_empty() => words.push(0),
        0 => {}
        1..20 => words.push(rest),
        _ => {
            words.push(rest / 10 * 10);
            if !rest.is_multiple_of(10) {
                words.push(rest % 10);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (number, words) in [
            (0, vec![0]),
            (10, vec![10]),
            (12, vec![10, 2]),
            (20, vec![2, 10]),
            (105, vec![1, 100, 0, 5]),
            (110, vec![1, 100, 1, 10]),
            (1005, vec![1, 1000, 0, 5]),
            (1300, vec![1, 1000, 3, 100]),
            (10_502, vec![1, 10_000, 0, 5, 100, 0, 2]),
        ] {
            assert_eq!(chinese(number), words, "{number}");
        }
        for (number, words) in [
            (0, vec![0]),
            (19, vec![19]),
            (40, vec![40]),
            (1342, vec![1, 1000, 3, 100, 40, 2]),
            (20_000, vec![20, 1000]),
        ] {
            assert_eq!(english(number), words, "{number}");
        }
    }

    #[test]
    fn telephone_numbers_and_fractions_go_digit_by_digit() {
        let said = |text| spoken(text, Locale::ZhCn);
        assert_eq!(said("0123x").0, 4);
        assert_eq!(said("0123x").1.len(), 4);
        assert_eq!(said("123456").1.len(), 6);
        assert_eq!(
            said("2.5亩"),
            (
                3,
                ["number.2", "number.point", "number.5"]
                    .map(String::from)
                    .to_vec()
            )
        );
        assert_eq!(said("3."), (1, vec!["number.3".to_owned()]));
    }
}
