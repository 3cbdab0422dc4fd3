//! Sorts of values, told by how they look: a date, a record's id, a reference to a media file, an event's structure.
//!
//! What a field means is not known here. A text that looks like a date is written as days, and comes back as that text.

use automerge::ScalarValue;

use crate::ids::{Hash32, RecordId, ScopeId};

/// How the value of an operation is written. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The key is removed.
    Delete = 0,
    /// Nothing, as a value.
    Null = 1,
    /// No.
    False = 2,
    /// Yes.
    True = 3,
    /// A whole number.
    Int = 4,
    /// A number with a fraction.
    Float = 5,
    /// Any text.
    Text = 6,
    /// `YYYY-MM-DD`.
    Date = 7,
    /// Text of a record's id that names its opener.
    Record = 8,
    /// Text of the segment's scope.
    Scope = 9,
    /// `HASH TYPE BYTES`.
    Media = 10,
    /// Any bytes.
    Bytes = 11,
    /// Bytes that are one CBOR item.
    Structure = 12,
    /// Lower-case hex digits.
    Hex = 13,
}

impl Class {
    pub(super) fn from_number(n: u8) -> Option<Self> {
        Some(match n {
            0 => Self::Delete,
            1 => Self::Null,
            2 => Self::False,
            3 => Self::True,
            4 => Self::Int,
            5 => Self::Float,
            6 => Self::Text,
            7 => Self::Date,
            8 => Self::Record,
            9 => Self::Scope,
            10 => Self::Media,
            11 => Self::Bytes,
            12 => Self::Structure,
            13 => Self::Hex,
            _ => return None,
        })
    }

    /// The class of a value in a segment of `scope`; none for what fields and events never hold.
    pub(super) fn of(value: &ScalarValue, scope: ScopeId) -> Option<Self> {
        Some(match value {
            ScalarValue::Null => Self::Null,
            ScalarValue::Boolean(false) => Self::False,
            ScalarValue::Boolean(true) => Self::True,
            ScalarValue::Int(_) => Self::Int,
            ScalarValue::F64(_) => Self::Float,
            ScalarValue::Str(text) => Self::of_text(text, scope),
            ScalarValue::Bytes(bytes) if super::structure::is_plain(bytes) => Self::Structure,
            ScalarValue::Bytes(_) => Self::Bytes,
            _ => return None,
        })
    }

    fn of_text(text: &str, scope: ScopeId) -> Self {
        if day(text).is_some() {
            Self::Date
        } else if text.len() == 26 && text.parse().is_ok_and(|id: RecordId| id.opener().is_some()) {
            Self::Record
        } else if text == scope.to_string() {
            Self::Scope
        } else if media(text).is_some() {
            Self::Media
        } else if text.len() >= 16 && hex(text).is_some() {
            Self::Hex
        } else {
            Self::Text
        }
    }
}

/// The bytes of lower-case hex digits.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let lower = text
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if lower {
        ::hex::decode(text).ok()
    } else {
        None
    }
}

/// Hash, type and size of a media reference.
pub(super) fn media(text: &str) -> Option<(Hash32, &str, u64)> {
    let mut parts = text.split(' ');
    let (hash, mime, size) = (parts.next()?, parts.next()?, parts.next()?);
    let size_read: u64 = size.parse().ok()?;
    let same = parts.next().is_none() && size_read.to_string() == size;
    if same {
        Some((hash.parse().ok()?, mime, size_read))
    } else {
        None
    }
}

/// Days since 1970-01-01 of `YYYY-MM-DD`, if the text is the one spelling of a day.
pub(super) fn day(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |part: &[u8]| {
        part.iter().try_fold(0i64, |n, b| {
            b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
        })
    };
    let (year, month, day) = (
        number(&bytes[..4])?,
        number(&bytes[5..7])?,
        number(&bytes[8..])?,
    );
    // Days of a civil date, by eras of 400 years that begin in March.
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (date(days)? == text).then_some(days)
}

/// `YYYY-MM-DD` of a number of days since 1970-01-01, within the years 0 to 9999.
pub(super) fn date(days: i64) -> Option<String> {
    if !(-719_528..=2_932_896).contains(&days) {
        return None;
    }
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The day in China of a time in seconds.
pub(super) fn local_day(seconds: i64) -> i64 {
    seconds.saturating_add(8 * 3600).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_comes_back_from_its_text() {
        for days in (-719_528..=2_932_896).step_by(17) {
            let text = date(days).unwrap();
            assert_eq!(day(&text), Some(days), "{text}");
        }
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(day("2026-11-23"), Some(20_780));
    }

    #[test]
    fn what_is_no_day_is_no_date() {
        for text in [
            "2026-02-30",
            "2026-13-01",
            "2026-1-01",
            "2026-00-10",
            "+026-01-01",
            "2026-01-00",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
