//! ID numbers on the way in: turned into a keyed blind index, and forgotten.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

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
    fn the_index_depends_on_key_and_number_and_not_on_letter_case() {
        let index = blind_index(&[1; 32], "99999919500101000X");
        assert_eq!(index, blind_index(&[1; 32], "99999919500101000x"));
        assert_ne!(index, blind_index(&[2; 32], "99999919500101000X"));
        assert_ne!(index, blind_index(&[1; 32], "999999195001010018"));
        assert_eq!(index.len(), 32);
    }
}
