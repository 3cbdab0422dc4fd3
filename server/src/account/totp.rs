//! One-time codes (RFC 6238): six digits, 30 seconds, SHA-1, as every authenticator app takes them.

use totp_rs::{Builder, Secret, Totp};
use xunge_protocol::Timestamp;

use crate::env::Env;

/// Bytes of a secret.
pub const SECRET_LEN: usize = 20;

/// A fresh secret.
pub fn generate(env: &dyn Env) -> [u8; SECRET_LEN] {
    env.random()
}

/// The secret as a person types it into an authenticator app.
pub fn to_base32(secret: &[u8]) -> String {
    Secret::from(secret).to_base32()
}

/// The `otpauth://` address that an authenticator app scans.
pub fn to_url(secret: &[u8], login: &str) -> Option<String> {
    totp(secret, login)?.to_url().ok()
}

/// The step whose code this is, if it is good now or one step earlier or later, and later than `used`, the last
/// step that let somebody in: a code is good once.
pub fn check(secret: &[u8], code: &str, now: Timestamp, used: u64) -> Option<u64> {
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    totp(secret, "")?
        .check(&digits, seconds)
        .filter(|step| *step > used)
}

/// The code that is good at `now`.
pub fn code_at(secret: &[u8], now: Timestamp) -> Option<String> {
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    Some(totp(secret, "")?.generate(seconds).to_string())
}

fn totp(secret: &[u8], login: &str) -> Option<Totp> {
    Builder::new()
        .with_secret(Secret::from(secret))
        .with_skew(1)
        .with_issuer(Some("Xunge"))
        .with_account_name(login)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(59_000);

    #[test]
    fn the_code_is_that_of_the_rfc() {
        // RFC 6238, appendix B: 94287082 at 59 s, of which six digits.
        assert_eq!(
            code_at(b"12345678901234567890", NOW).as_deref(),
            Some("287082")
        );
    }

    #[test]
    fn a_code_is_good_once_and_for_a_step_around() {
        let secret = b"12345678901234567890";
        let step = check(secret, " 287 082", NOW, 0);
        assert_eq!(step, Some(1));
        assert_eq!(check(secret, "287082", NOW, 1), None);
        assert_eq!(check(secret, "287082", Timestamp(89_000), 0), Some(1));
        assert_eq!(check(secret, "287082", Timestamp(120_000), 0), None);
        for wrong in ["", "000000", "28708", "abcdef", "一二三四五六"] {
            assert_eq!(check(secret, wrong, NOW, 0), None, "{wrong}");
        }
    }

    #[test]
    fn an_authenticator_app_finds_issuer_and_login_in_the_address() {
        let url = to_url(b"12345678901234567890", "town101").unwrap();
        assert!(url.starts_with("otpauth://totp/Xunge:town101?"), "{url}");
        assert_eq!(
            to_base32(b"12345678901234567890"),
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
    }
}
