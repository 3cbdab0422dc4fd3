//! The short code: ten digits that the town reads out over the telephone, for which an app that knows its relay already
//! gets a ticket.
//!
//! The first four digits name a code, so that wrong tries are counted against one code and no other; the six after them are
//! its secret.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::crypto::PublicKey;
use crate::ids::WriterId;
use crate::time::Timestamp;
use crate::wire::WireError;

/// Path of the endpoint that gives a ticket for a code.
pub const REDEEM_PATH: &str = "/sync/v1/redeem";

const DIGITS: usize = 10;
const NAME_DIGITS: usize = 4;
/// How many names there are.
pub const NAMES: u16 = 10_000;

/// A code of ten digits. Shows nothing in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct ShortCode([u8; DIGITS]);

impl fmt::Debug for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShortCode(…)")
    }
}

impl ShortCode {
    /// The code of a name below [`NAMES`] and a secret below a million. Higher digits are left out.
    pub fn of(name: u16, secret: u32) -> Self {
        let mut digits = [0; DIGITS];
        let mut left = u64::from(name) * 1_000_000 + u64::from(secret % 1_000_000);
        for digit in digits.iter_mut().rev() {
            // Below ten.
            *digit = (left % 10) as u8;
            left /= 10;
        }
        Self(digits)
    }

    /// A typed code; spaces and hyphens between the digits are ignored.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let typed = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let digits: Option<Vec<u8>> = typed
            .map(|c| c.to_digit(10).and_then(|d| u8::try_from(d).ok()))
            .collect();
        digits
            .and_then(|digits| digits.try_into().ok())
            .map(Self)
            .ok_or_else(|| WireError::Malformed {
                what: "short code",
                why: format!("is not {DIGITS} digits"),
            })
    }

    /// Which code it is, as far as its first digits say.
    pub fn name(&self) -> u16 {
        let digits = self.0.iter().take(NAME_DIGITS);
        digits.fold(0, |name, digit| name * 10 + u16::from(*digit))
    }

    /// The digits without spaces.
    pub fn digits(&self) -> String {
        self.0.iter().map(|d| char::from(b'0' + d)).collect()
    }

    /// As it is read out: 3, 3 and 4 digits.
    pub fn grouped(&self) -> String {
        let digits = self.digits();
        let groups = [digits.get(..3), digits.get(3..6), digits.get(6..)];
        groups.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// What a phone sends for a code, sealed as a request envelope under a key that it makes for this one question, with writer
/// zero, epoch zero and counter 0.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RedeemRequest {
    /// The digits without spaces.
    #[n(0)]
    pub code: String,
    /// The key that the envelope is signed with.
    #[n(1)]
    pub key: PublicKey,
}

/// What the relay answers. The same code gets the same answer again, for as long as it is open.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RedeemResponse {
    /// Whether the code is good, and if not, why.
    #[n(0)]
    pub verdict: CodeVerdict,
    /// What makes a ticket together with the address that the phone knows; there if the code is good.
    #[n(1)]
    pub granted: Option<Granted>,
}

/// What the relay says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CodeVerdict {
    /// It is good.
    #[n(0)]
    Good,
    /// There is no such code.
    #[n(1)]
    Wrong,
    /// It was good, and is too old.
    #[n(2)]
    Late,
    /// Too many wrong tries: it is good for nothing any more.
    #[n(3)]
    Closed,
}

/// What a ticket holds beyond the relay's address.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Granted {
    /// The relay's writer id.
    #[n(0)]
    pub relay: WriterId,
    /// The ticket's secret.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// The ticket is not taken after this.
    #[n(2)]
    pub expires_at: Timestamp,
    /// Whether a phone has used it. It is of use to that phone alone.
    #[n(3)]
    pub used: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_grouped_and_knows_its_name() {
        let code = ShortCode::of(42, 7);
        assert_eq!(code.digits(), "0042000007");
        assert_eq!(code.grouped(), "004 200 0007");
        assert_eq!(code.name(), 42);
        for typed in ["0042000007", "004 200 0007", " 004-200-0007\n"] {
            assert_eq!(ShortCode::parse(typed), Ok(code.clone()), "{typed}");
        }
        assert_eq!(format!("{code:?}"), "ShortCode(…)");
        assert_eq!(ShortCode::of(9_999, 999_999).digits(), "9999999999");
    }

    #[test]
    fn what_is_not_ten_digits_is_no_code() {
        for typed in ["", "004200000", "00420000070", "00420000x7", "٠٠٤٢٠٠٠٠٠٧"] {
            assert!(ShortCode::parse(typed).is_err(), "{typed}");
        }
    }
}
