//! Passwords: argon2id, stored as PHC strings; generated ones in groups that can be read aloud.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use crate::env::Env;

/// Memory in KiB, passes, lanes: the second choice of RFC 9106 cut to what a small server takes for ten logins a
/// second, and above the minimum that OWASP names.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Shortest password that a person may choose, in characters.
pub const MIN_CHARS: usize = 10;

/// A password that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("the password is too short: use at least {MIN_CHARS} characters")]
    TooShort,
    /// The hash function refused its input.
    #[error("the password could not be hashed")]
    Hash,
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of `password` with a fresh salt. Takes some 30 ms of CPU.
pub fn hash(password: &str, env: &dyn Env) -> Result<String, PasswordError> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordError::TooShort);
    }
    let hash: argon2::password_hash::phc::PasswordHash = hasher()?
        .hash_password_with_salt(password.as_bytes(), &env.random::<16>())
        .map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether `password` is the one that `phc` was made of. Takes as long as [`hash`], whatever the answer.
pub fn verify(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|parsed| {
        hasher().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
    })
}

/// A random password of 100 bits: five groups of four letters and digits that nobody mixes up.
pub fn generate(env: &dyn Env) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut text = String::with_capacity(24);
    for (index, byte) in env.random::<20>().into_iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemEnv;

    #[test]
    fn a_password_opens_its_own_hash_only() {
        let password = generate(&SystemEnv);
        assert_eq!(password.len(), 24);
        let phc = hash(&password, &SystemEnv).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify(&password, &phc));
        assert!(!verify("something else", &phc));
        assert!(!verify(&password, "no hash at all"));
    }

    #[test]
    fn a_short_password_is_refused() {
        assert_eq!(hash("123456789", &SystemEnv), Err(PasswordError::TooShort));
    }
}
