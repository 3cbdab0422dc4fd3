//! The wall clock, as people in Shanghai read it, and one-time passwords. It knows no time zones but that one.

use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::{Builder, Secret};

use crate::Outcome;

/// Seconds since 1970, UTC.
pub fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}

/// Today in Asia/Shanghai, as `YYYY-MM-DD`.
pub fn today() -> String {
    civil((unix_seconds() + 8 * 3600) / 86_400)
}

/// The date of a day number, counted from 1970-01-01 (the proleptic Gregorian calendar).
fn civil(day: u64) -> String {
    let z = day + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (
        doy - (153 * mp + 2) / 5 + 1,
        if mp < 10 { mp + 3 } else { mp - 9 },
    );
    let y = yoe + era * 400 + u64::from(m <= 2);
    format!("{y:04}-{m:02}-{d:02}")
}

/// The one-time password of a base32 secret (SHA-1, 6 digits, 30 seconds) at a time in seconds since 1970.
pub fn totp(secret: &str, at: u64) -> Outcome<String> {
    let secret = Secret::try_from_base32(secret.trim())?;
    let totp = Builder::new()
        .with_secret(secret)
        .with_account_name("xunge")
        .build()?;
    Ok(totp.generate(at).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates_across_leap_years() {
        assert_eq!(civil(0), "1970-01-01");
        assert_eq!(civil(11_016), "2000-02-29");
        assert_eq!(civil(20_514), "2026-03-02");
    }

    #[test]
    fn the_one_time_password_of_rfc_6238_comes_out() {
        // RFC 6238, appendix B, SHA-1, cut to six digits.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(totp(secret, 59).unwrap(), "287082");
        assert_eq!(totp(secret, 1_111_111_109).unwrap(), "081804");
    }
}
