//! Finds links and telephone numbers in the text of a fraud warning, which must hold neither (110 is no such number).
//!
//! Digits may be written wide, in Chinese, or with spaces and dashes between them. An amount of money, a count or a date
//! is no telephone number.

/// Fewest digits that are a telephone number whatever stands around them.
const PHONE_DIGITS: usize = 7;
/// Fewest digits of a service number such as 96110 or 12381.
const SERVICE_DIGITS: usize = 5;

/// Whether `text` holds a link or a telephone number.
pub fn has_link_or_phone(text: &str) -> bool {
    let plain: Vec<char> = text.chars().map(narrow).collect();
    has_link(&plain) || has_phone(&plain)
}

/// Wide and Chinese forms as ASCII.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '〇' | '零' => '0',
        '一' | '幺' => '1',
        '二' => '2',
        '三' => '3',
        '四' => '4',
        '五' => '5',
        '六' => '6',
        '七' => '7',
        '八' => '8',
        '九' => '9',
        '—' | '–' => '-',
        other => other.to_ascii_lowercase(),
    }
}

/// `://`, or two ASCII words joined by a dot whose second begins with two letters.
fn has_link(text: &[char]) -> bool {
    let scheme = text.windows(3).any(|w| w == [':', '/', '/']);
    scheme
        || text.iter().enumerate().any(|(i, c)| {
            *c == '.'
                && i > 0
                && text[i - 1].is_ascii_alphanumeric()
                && text
                    .get(i + 1..i + 3)
                    .is_some_and(|w| w.iter().all(char::is_ascii_alphabetic))
        })
}

fn has_phone(text: &[char]) -> bool {
    let mut i = 0;
    while i < text.len() {
        if !text[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let start = i;
        while i < text.len() && (text[i].is_ascii_digit() || joins(text, i)) {
            i += 1;
        }
        let token: String = text[start..i].iter().collect();
        let digits: Vec<char> = token.chars().filter(char::is_ascii_digit).collect();
        let counts = text
            .get(i)
            .is_some_and(|unit| "元万亿块户人次个年%".contains(*unit));
        let date = token.parse::<jiff::civil::Date>().is_ok();
        let service = digits.len() >= SERVICE_DIGITS && matches!(digits[0], '1' | '9');
        if !date && !counts && (digits.len() >= PHONE_DIGITS || service) {
            return true;
        }
    }
    false
}

/// Whether the character between two digits leaves them one number.
fn joins(text: &[char], i: usize) -> bool {
    matches!(text[i], '-' | ' ' | '(' | ')')
        && text[i + 1..]
            .iter()
            .find(|c| !matches!(c, '-' | ' ' | '(' | ')'))
            .is_some_and(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_numbers_are_found_however_they_are_written() {
        for text in [
            "请点 https://a.cn 领取",
            "登录 www.abc.com",
            "搜索abc．com下载",
            "致电 13900000000",
            "致电 139 0000 0000",
            "请拨１３９００００００００",
            "请拨幺三九零零零零零零零零",
            "客服 400-000-0000",
            "拨打 96110",
            "0915-0000000",
        ] {
            assert!(has_link_or_phone(text), "{text}");
        }
    }

    #[test]
    fn plain_advice_passes() {
        for text in [
            "接到冒充公检法的电话,不听、不信、不转账,立即拨打110报警。",
            "有群众被骗100000元,已有12000户听到提醒。",
            "2026-11-23 起有效,3天内核实。",
            "下载App要小心,遇事拨110。Do not transfer money.",
            "十一月二十三日前,三十五至六十五岁",
        ] {
            assert!(!has_link_or_phone(text), "{text}");
        }
    }
}
