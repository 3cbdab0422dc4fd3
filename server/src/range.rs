//! One range of bytes, as RFC 9110 writes it. Several at once are answered with the whole, which the RFC allows.

use std::ops::Range;

/// What of a file is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes beyond its end.
    Beyond,
}

/// Reads the value of `range` for a file of `length` bytes.
pub(super) fn wanted(value: Option<&str>, length: u64) -> Wanted {
    let Some((first, last)) = value
        .and_then(|v| v.trim().strip_prefix("bytes="))
        .and_then(|spec| spec.split_once('-'))
    else {
        return Wanted::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(last)) if first.is_empty() => length.saturating_sub(last)..length,
        _ => return Wanted::Whole,
    };
    if range.start < range.end {
        Wanted::Part(range)
    } else {
        Wanted::Beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_get_the_part_that_they_ask_for() {
        for (value, expected) in [
            (None, Wanted::Whole),
            (Some("bytes=4-"), Wanted::Part(4..10)),
            (Some("bytes=0-0"), Wanted::Part(0..1)),
            (Some("bytes=2-99"), Wanted::Part(2..10)),
            (Some("bytes=-3"), Wanted::Part(7..10)),
            (Some("bytes=-30"), Wanted::Part(0..10)),
            (Some("bytes=10-"), Wanted::Beyond),
            (Some("bytes=-0"), Wanted::Beyond),
            (Some("bytes=5-2"), Wanted::Whole),
            (Some("bytes=0-1,4-5"), Wanted::Whole),
            (Some("rows=1-2"), Wanted::Whole),
        ] {
            assert_eq!(wanted(value, 10), expected, "{value:?}");
        }
    }
}
