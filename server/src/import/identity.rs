//! ID numbers on the way in: checked (GB 11643), turned into a keyed blind index, and forgotten.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";

/// Whether a text is an ID number with the right check character.
pub fn is_id_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [digits @ .., last] = bytes else {
        return false;
    };
    let sum = digits
        .iter()
        .zip(WEIGHTS)
        .try_fold(0, |sum, (byte, weight)| {
            Some(sum + char::from(*byte).to_digit(10)? * weight)
        });
    digits.len() == WEIGHTS.len()
        && sum.is_some_and(|sum| CHECK[(sum % 11) as usize] == last.to_ascii_uppercase())
}

/// The index under which two records of one person are found: 128 bits of HMAC-SHA-256, as hex. Without the key it
/// says nothing, although there are few ID numbers.
pub fn blind_index(key: &[u8; 32], id_number: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(id_number.to_ascii_uppercase().as_bytes());
    hex::encode(&mac.finalize().into_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_number_with_a_wrong_check_character_or_length_is_refused() {
        assert!(is_id_number("99999919500101000X"));
        assert!(is_id_number("99999919500101000x"));
        for wrong in [
            "",
            "9",
            "999999195001010000",
            "99999919500101000",
            "9999991950010100XX",
            "号",
        ] {
            assert!(!is_id_number(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_index_depends_on_key_and_number_and_not_on_letter_case() {
        let index = blind_index(&[1; 32], "99999919500101000X");
        assert_eq!(index, blind_index(&[1; 32], "99999919500101000x"));
        assert_ne!(index, blind_index(&[2; 32], "99999919500101000X"));
        assert_ne!(index, blind_index(&[1; 32], "999999195001010018"));
        assert_eq!(index.len(), 32);
    }
}
