//! Citizen identity numbers (公民身份号码) by GB 11643: 17 digits and a check digit of ISO 7064 MOD 11-2.

use jiff::civil::Date;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

/// What a valid number says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdNumber {
    /// Area of first registration, six digits.
    pub area: String,
    /// Date of birth.
    pub birth: Date,
    /// Code of list `sex`: 1 male, 2 female.
    pub sex: &'static str,
}

/// Why a text is no identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdNumberError {
    /// Not 17 digits and a digit or X.
    #[error("expected 17 digits and a digit or X")]
    Shape,
    /// Digits 7 to 14 are no date.
    #[error("digits 7 to 14 are not a date")]
    Birth,
    /// The last place does not follow from the others.
    #[error("the check digit is wrong")]
    CheckDigit,
}

/// The check digit of 17 digits, or nothing if they are not that.
pub fn check_digit(digits: &str) -> Option<char> {
    if digits.len() != 17 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = std::iter::zip(digits.bytes(), WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    Some(char::from(CHECK[sum as usize % 11]))
}

/// Reads an identity number; a small x counts as X.
pub fn parse(number: &str) -> Result<IdNumber, IdNumberError> {
    let (digits, last) = number.split_at_checked(17).ok_or(IdNumberError::Shape)?;
    let expected = check_digit(digits).ok_or(IdNumberError::Shape)?;
    let last = last.to_ascii_uppercase();
    if !matches!(last.as_bytes(), [b'0'..=b'9' | b'X']) {
        return Err(IdNumberError::Shape);
    }
    let part = |range: std::ops::Range<usize>| digits[range].parse::<i16>().unwrap_or_default();
    let birth = Date::new(part(6..10), part(10..12) as i8, part(12..14) as i8)
        .map_err(|_| IdNumberError::Birth)?;
    if !last.starts_with(expected) {
        return Err(IdNumberError::CheckDigit);
    }
    Ok(IdNumber {
        area: digits[..6].to_owned(),
        birth,
        sex: if part(16..17) % 2 == 1 { "1" } else { "2" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_standard_is_valid() {
        // The example of GB 11643 itself, which belongs to nobody.
        let id = parse("11010519491231002X").unwrap();
        assert_eq!(id.area, "110105");
        assert_eq!((id.birth.to_string().as_str(), id.sex), ("1949-12-31", "2"));
        assert_eq!(parse("11010519491231002x").unwrap(), id);
    }

    #[test]
    fn every_single_wrong_digit_is_found() {
        let good = "11010519491231002X";
        for place in 0..17 {
            for digit in '0'..='9' {
                let mut bad: Vec<char> = good.chars().collect();
                if std::mem::replace(&mut bad[place], digit) == digit {
                    continue;
                }
                assert!(parse(&bad.into_iter().collect::<String>()).is_err());
            }
        }
    }

    #[test]
    fn other_texts_say_what_is_wrong_with_them() {
        assert_eq!(parse(""), Err(IdNumberError::Shape));
        assert_eq!(parse("11010519491231002"), Err(IdNumberError::Shape));
        assert_eq!(parse("11010519491231002XX"), Err(IdNumberError::Shape));
        assert_eq!(
            parse("一二三四五六七八九十一二三四五六七八"),
            Err(IdNumberError::Shape)
        );
        assert_eq!(parse("110105194913310020"), Err(IdNumberError::Birth));
        assert_eq!(parse("110105194912310021"), Err(IdNumberError::CheckDigit));
    }
}
