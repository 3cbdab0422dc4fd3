//! Enrolment: the ticket that a QR code holds, the address that an app may have built in, and the exchange that turns a
//! ticket into a certified writer.

use minicbor::{Decode, Encode};

use crate::crypto::PublicKey;
use crate::ids::{EpochId, Hash32, ScopeId, WriterId};
use crate::system::SignedCertificate;
use crate::time::Timestamp;
use crate::wire::{self, WireError};

/// Path of the enrolment endpoint.
pub const ENROL_PATH: &str = "/sync/v1/enrol";

const TICKET_PREFIX: &str = "XUNGE1:";
const ADDRESS_PREFIX: &str = "XUNGERELAY1:";

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
        format!("{TICKET_PREFIX}{}", hex::encode_upper(wire::encode(self)))
    }

    /// The ticket in a scanned or typed text; white space around it is ignored.
    pub fn from_text(text: &str) -> Result<Self, WireError> {
        let bytes = bytes_after(TICKET_PREFIX, "ticket", text)?;
        let ticket: Self = wire::decode("ticket", &bytes)?;
        check_url("ticket", &ticket.url)?;
        Ok(ticket)
    }
}

/// Where a relay is and how to know it, without a secret: what an app of one county may have built in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RelayAddress {
    /// Address of the relay, without a slash at the end.
    #[n(0)]
    pub url: String,
    /// The relay's key, or one that it had before.
    #[n(1)]
    pub relay_key: PublicKey,
    /// As [`Ticket::pins`].
    #[n(2)]
    pub pins: Vec<Hash32>,
}

impl RelayAddress {
    /// The text that a build setting holds: `XUNGERELAY1:` and upper-case hex.
    pub fn to_text(&self) -> String {
        format!("{ADDRESS_PREFIX}{}", hex::encode_upper(wire::encode(self)))
    }

    /// The address in a build setting; white space around it is ignored.
    pub fn from_text(text: &str) -> Result<Self, WireError> {
        let bytes = bytes_after(ADDRESS_PREFIX, "relay address", text)?;
        let address: Self = wire::decode("relay address", &bytes)?;
        check_url("relay address", &address.url)?;
        Ok(address)
    }
}

/// The bytes whose hex follows `prefix` in `text`.
fn bytes_after(prefix: &str, what: &'static str, text: &str) -> Result<Vec<u8>, WireError> {
    let malformed = |why: String| WireError::Malformed { what, why };
    let digits = text
        .trim()
        .strip_prefix(prefix)
        .ok_or_else(|| malformed(format!("does not begin with {prefix}")))?;
    hex::decode(digits).map_err(|_| malformed("is cut short or mistyped".into()))
}

fn check_url(what: &'static str, url: &str) -> Result<(), WireError> {
    match url.starts_with("http://") || url.starts_with("https://") {
        true => Ok(()),
        false => Err(WireError::Malformed {
            what,
            why: "names no web address".into(),
        }),
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

    #[test]
    fn an_address_comes_back_from_its_text_and_is_no_ticket() {
        let address = RelayAddress {
            url: "https://relay.example".into(),
            relay_key: PublicKey([4; 32]),
            pins: vec![Hash32([5; 32])],
        };
        let text = address.to_text();
        assert_eq!(RelayAddress::from_text(&format!("{text}\n")), Ok(address));
        assert!(Ticket::from_text(&text).is_err());
        for broken in ["", "https://relay.example", &text[..text.len() - 2]] {
            assert!(RelayAddress::from_text(broken).is_err(), "{broken}");
        }
    }
}
