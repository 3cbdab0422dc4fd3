//! Enrolment: the ticket that a QR code holds, and the exchange that turns it into a certified writer.

use minicbor::{Decode, Encode};

use crate::crypto::PublicKey;
use crate::ids::{EpochId, Hash32, ScopeId, WriterId};
use crate::system::SignedCertificate;
use crate::time::Timestamp;
use crate::wire::{self, WireError};

/// Path of the enrolment endpoint.
pub const ENROL_PATH: &str = "/sync/v1/enrol";

const PREFIX: &str = "XUNGE1:";

/// What a phone needs to find and trust its relay, once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ticket {
    /// Address of the relay, without a slash at the end.
    #[n(0)]
    pub url: String,
    /// The relay's key, which all its answers must be signed with.
    #[n(1)]
    pub relay_key: PublicKey,
    /// The relay's writer id.
    #[n(2)]
    pub relay: WriterId,
    /// One-time secret of 128 bits.
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// Not taken after this.
    #[n(4)]
    pub expires_at: Timestamp,
    /// SHA-256 of the public keys (SPKI, RFC 7469) of which one must stand in the chain that the relay shows over TLS: the
    /// organisation's CA and its backup. Empty where the public roots decide.
    #[n(5)]
    pub pins: Vec<Hash32>,
}

impl Ticket {
    /// The text that the QR code holds: `XUNGE1:` and upper-case hex, which QR codes pack as alphanumeric.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", hex::encode_upper(wire::encode(self)))
    }

    /// The ticket in a scanned or typed text; white space around it is ignored.
    pub fn from_text(text: &str) -> Result<Self, WireError> {
        let malformed = |why: &str| WireError::Malformed {
            what: "ticket",
            why: why.into(),
        };
        let digits = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or_else(|| malformed("does not begin with XUNGE1:"))?;
        let bytes = hex::decode(digits).map_err(|_| malformed("is cut short or mistyped"))?;
        let ticket: Self = wire::decode("ticket", &bytes)?;
        if !ticket.url.starts_with("http://") && !ticket.url.starts_with("https://") {
            return Err(malformed("names no web address"));
        }
        Ok(ticket)
    }
}

/// What a phone sends to use a ticket, sealed as a request envelope under its new key with counter 0.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrolRequest {
    /// The ticket's secret.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// Key of the new writer. The envelope is signed with it.
    #[n(1)]
    pub key: PublicKey,
    /// The incarnation that this one follows on the same device, if any.
    #[n(2)]
    pub predecessor: Option<WriterId>,
}

/// What the relay answers. The same request gets the same answer again, for as long as the ticket lives.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrolResponse {
    /// The relay's epoch.
    #[n(0)]
    pub epoch: EpochId,
    /// The relay's clock.
    #[n(1)]
    pub time: Timestamp,
    /// The new writer, certified.
    #[n(2)]
    pub certificate: SignedCertificate,
    /// The county's scope.
    #[n(3)]
    pub county: ScopeId,
    /// Scopes that the worker writes in.
    #[n(4)]
    pub scopes: Vec<ScopeId>,
    /// One-time unlock codes of 12 digits: the phone keeps one wrapped key for each and forgets the codes.
    #[n(5)]
    pub unlock_codes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_comes_back_from_its_text_and_a_broken_one_says_why() {
        let ticket = Ticket {
            url: "http://127.0.0.1:8080".into(),
            relay_key: PublicKey([4; 32]),
            relay: WriterId([2; 8]),
            secret: [9; 16],
            expires_at: Timestamp(1),
            pins: vec![Hash32([5; 32]), Hash32([6; 32])],
        };
        let text = ticket.to_text();
        assert_eq!(Ticket::from_text(&format!(" {text}\n")), Ok(ticket));
        for broken in [
            "",
            "hello",
            "XUNGE1:",
            "XUNGE1:ZZ",
            &text[..text.len() - 2],
            &format!("{text}00"),
        ] {
            assert!(Ticket::from_text(broken).is_err(), "{broken}");
        }
    }
}
