//! Signed envelopes around a request and a response.
//!
//! Request: `version ‖ suite ‖ writer (8) ‖ epoch (8) ‖ counter (8, BE) ‖ signature (64) ‖ payload`, the signature over
//! path, epoch, counter and the SHA-256 of the payload. It is checked before anything in the payload is read.
//! Response: `version ‖ suite ‖ relay (8) ‖ signature (64) ‖ payload`, the signature over the relay's writer, the SHA-256
//! of the whole request and that of the payload. A payload is CBOR, compressed by the method that its first
//! byte names. A response of version 2 has between signature and payload what leads from the key that the asker knows to
//! the one that signed: `length (4, BE) ‖ CBOR array of links`; they vouch for themselves.

use crate::crypto::{PublicKey, SecretKey, Signature, Suite};
use crate::ids::{EpochId, Hash32, WriterId};
use crate::message::{MAX_BODY_BYTES, MAX_PLAIN_BYTES};
use crate::payload;
use crate::relay_key::{KeyRing, SignedRelayKey};
use crate::wire::{self, WireError};

const VERSION: u8 = 1;
/// A response with links from key to key.
const VERSION_WITH_LINKS: u8 = 2;
const REQUEST_LABEL: &str = "xunge request 1";
const RESPONSE_LABEL: &str = "xunge response 1";
const REQUEST_PREFIX: usize = 2 + 8 + 8 + 8 + 64;
const RESPONSE_PREFIX: usize = 2 + 8 + 64;
/// Largest array of links: more than all that a relay may have.
const MAX_LINKS_BYTES: usize = 64 << 10;

/// The readable prefix of a request, before its signature is checked.
#[derive(Debug, Clone, Copy)]
pub struct RequestEnvelope<'a> {
    /// Who asks.
    pub writer: WriterId,
    /// The relay epoch that the phone knows, all zero if none.
    pub epoch: EpochId,
    /// Strictly increasing over the life of the writer.
    pub counter: u64,
    signature: Signature,
    payload: &'a [u8],
}

/// Seals a request for `path`.
pub fn seal_request<T: minicbor::Encode<()>>(
    key: &SecretKey,
    writer: WriterId,
    path: &str,
    epoch: EpochId,
    counter: u64,
    message: &T,
) -> Result<Vec<u8>, WireError> {
    let payload = payload::pack(&wire::encode(message))?;
    let counter_bytes = counter.to_be_bytes();
    let digest = Hash32::of(&payload);
    let signature = key.sign(
        REQUEST_LABEL,
        &[path.as_bytes(), &epoch.0, &counter_bytes, &digest.0],
    );
    let mut out = Vec::with_capacity(REQUEST_PREFIX + payload.len());
    out.push(VERSION);
    out.push(Suite::default().byte());
    out.extend_from_slice(&writer.0);
    out.extend_from_slice(&epoch.0);
    out.extend_from_slice(&counter_bytes);
    out.extend_from_slice(&signature.0);
    out.extend_from_slice(&payload);
    Ok(out)
}

impl<'a> RequestEnvelope<'a> {
    /// Reads the prefix of `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        if bytes.len() > MAX_BODY_BYTES {
            return Err(WireError::TooLarge {
                what: "request",
                limit: MAX_BODY_BYTES,
            });
        }
        let (prefix, payload) = split::<REQUEST_PREFIX>("request", bytes, VERSION)?;
        Ok(Self {
            writer: WriterId(field(prefix, 2)),
            epoch: EpochId(field(prefix, 10)),
            counter: u64::from_be_bytes(field(prefix, 18)),
            signature: Signature(field(prefix, 26)),
            payload,
        })
    }

    /// Checks the signature for `path`, then reads the message.
    pub fn open<T: for<'b> minicbor::Decode<'b, ()>>(
        &self,
        key: &PublicKey,
        path: &str,
    ) -> Result<T, WireError> {
        self.verify(key, path)?;
        self.read()
    }

    /// For a request that brings its own key: reads the message, then checks the signature with the key in it.
    pub fn open_with<T: for<'b> minicbor::Decode<'b, ()>>(
        &self,
        key_of: impl FnOnce(&T) -> PublicKey,
        path: &str,
    ) -> Result<T, WireError> {
        let message = self.read()?;
        self.verify(&key_of(&message), path)?;
        Ok(message)
    }

    fn verify(&self, key: &PublicKey, path: &str) -> Result<(), WireError> {
        let digest = Hash32::of(self.payload);
        key.verify(
            REQUEST_LABEL,
            &[
                path.as_bytes(),
                &self.epoch.0,
                &self.counter.to_be_bytes(),
                &digest.0,
            ],
            &self.signature,
        )
    }

    fn read<T: for<'b> minicbor::Decode<'b, ()>>(&self) -> Result<T, WireError> {
        wire::decode(
            "request",
            &payload::open("request", self.payload, MAX_PLAIN_BYTES)?,
        )
    }
}

/// Seals the response to the request whose bytes are `request`. `links` lead from the key that the asker knows to `key`:
/// none where it knows that one.
pub fn seal_response<T: minicbor::Encode<()>>(
    key: &SecretKey,
    relay: WriterId,
    links: &[SignedRelayKey],
    request: &[u8],
    message: &T,
) -> Result<Vec<u8>, WireError> {
    let payload = payload::pack(&wire::encode(message))?;
    let signature = key.sign(
        RESPONSE_LABEL,
        &[&relay.0, &Hash32::of(request).0, &Hash32::of(&payload).0],
    );
    let mut out = Vec::with_capacity(RESPONSE_PREFIX + payload.len());
    out.push(match links {
        [] => VERSION,
        _ => VERSION_WITH_LINKS,
    });
    out.push(Suite::default().byte());
    out.extend_from_slice(&relay.0);
    out.extend_from_slice(&signature.0);
    if !links.is_empty() {
        let links = wire::encode(&links);
        out.extend_from_slice(&(links.len() as u32).to_be_bytes());
        out.extend_from_slice(&links);
    }
    out.extend_from_slice(&payload);
    Ok(out)
}

/// A response whose signature was checked.
#[derive(Debug)]
pub struct Opened<T> {
    /// What it says.
    pub message: T,
    /// The relay's writer that signed it.
    pub relay: WriterId,
    /// The keys of the relay that are known now, if these are more than before.
    pub learnt: Option<KeyRing>,
}

/// Checks that `response` answers `request` and is signed by the relay's present key, which is the last of `ring` or one to
/// which the response leads from there; then reads the message.
pub fn open_response<T: for<'b> minicbor::Decode<'b, ()>>(
    ring: &KeyRing,
    request: &[u8],
    response: &[u8],
) -> Result<Opened<T>, WireError> {
    let version = match response.first() {
        Some(&VERSION_WITH_LINKS) => VERSION_WITH_LINKS,
        _ => VERSION,
    };
    let (prefix, rest) = split::<RESPONSE_PREFIX>("response", response, version)?;
    let (links, payload) = match version {
        VERSION_WITH_LINKS => split_links(rest)?,
        _ => (Vec::new(), rest),
    };
    let led = ring.follow(&links)?;
    let relay = WriterId(field(prefix, 2));
    let signed = led.current().verify(
        RESPONSE_LABEL,
        &[&relay.0, &Hash32::of(request).0, &Hash32::of(payload).0],
        &Signature(field(prefix, 10)),
    );
    if !xunge_planted::is_on(xunge_planted::Bug::ReceiptNotChecked) {
        signed?;
    }
    Ok(Opened {
        message: wire::decode(
            "response",
            &payload::open("response", payload, MAX_PLAIN_BYTES)?,
        )?,
        relay,
        learnt: (led != *ring).then_some(led),
    })
}

fn split_links(bytes: &[u8]) -> Result<(Vec<SignedRelayKey>, &[u8]), WireError> {
    let short = || WireError::Malformed {
        what: "response",
        why: "shorter than its links".into(),
    };
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > MAX_LINKS_BYTES {
        return Err(WireError::TooLarge {
            what: "relay keys",
            limit: MAX_LINKS_BYTES,
        });
    }
    let (links, payload) = rest.split_at_checked(length).ok_or_else(short)?;
    Ok((wire::decode("relay keys", links)?, payload))
}

fn split<'a, const N: usize>(
    what: &'static str,
    bytes: &'a [u8],
    version: u8,
) -> Result<(&'a [u8; N], &'a [u8]), WireError> {
    let (prefix, payload) = bytes
        .split_first_chunk::<N>()
        .ok_or_else(|| WireError::Malformed {
            what,
            why: "shorter than its prefix".into(),
        })?;
    if prefix[0] != version {
        return Err(WireError::UnknownVersion {
            what,
            version: prefix[0],
        });
    }
    Suite::from_byte(prefix[1])?;
    Ok((prefix, payload))
}

/// `N` bytes of a prefix that is known to be long enough.
fn field<const N: usize>(prefix: &[u8], at: usize) -> [u8; N] {
    let mut out = [0u8; N];
    out.copy_from_slice(&prefix[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{SYNC_PATH, SyncRequest};
    use crate::relay_key::RelayKey;
    use crate::time::Timestamp;

    fn request(key: &SecretKey) -> Vec<u8> {
        seal_request(
            key,
            WriterId([5; 8]),
            SYNC_PATH,
            EpochId([6; 8]),
            9,
            &SyncRequest::default(),
        )
        .unwrap()
    }

    #[test]
    fn a_request_opens_for_its_path_and_key_only() {
        let key = SecretKey::from_seed(&[1; 32]);
        let bytes = request(&key);
        let envelope = RequestEnvelope::parse(&bytes).unwrap();
        assert_eq!((envelope.writer, envelope.counter), (WriterId([5; 8]), 9));
        assert!(
            envelope
                .open::<SyncRequest>(&key.public(), SYNC_PATH)
                .is_ok()
        );
        assert!(
            envelope
                .open::<SyncRequest>(&key.public(), "/other")
                .is_err()
        );
        assert!(
            envelope
                .open::<SyncRequest>(&SecretKey::from_seed(&[2; 32]).public(), SYNC_PATH)
                .is_err()
        );
    }

    #[test]
    fn no_truncated_or_flipped_request_opens() {
        let key = SecretKey::from_seed(&[1; 32]);
        let bytes = request(&key);
        for cut in 0..bytes.len() {
            let open = RequestEnvelope::parse(&bytes[..cut])
                .and_then(|e| e.open::<SyncRequest>(&key.public(), SYNC_PATH));
            assert!(open.is_err(), "cut at {cut}");
        }
        for at in 10..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            let open = RequestEnvelope::parse(&flipped)
                .and_then(|e| e.open::<SyncRequest>(&key.public(), SYNC_PATH));
            assert!(open.is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_response_answers_one_request_only() {
        let phone = SecretKey::from_seed(&[1; 32]);
        let relay = SecretKey::from_seed(&[2; 32]);
        let asked = request(&phone);
        let answer = seal_response(&relay, WriterId([8; 8]), &[], &asked, &7u8).unwrap();
        let ring = KeyRing::pinned(relay.public());
        let opened = open_response::<u8>(&ring, &asked, &answer).unwrap();
        assert_eq!((opened.message, opened.relay), (7, WriterId([8; 8])));
        assert_eq!(opened.learnt, None);
        assert!(open_response::<u8>(&ring, b"another", &answer).is_err());
        let other = KeyRing::pinned(phone.public());
        assert!(open_response::<u8>(&other, &asked, &answer).is_err());
    }

    #[test]
    fn an_answer_by_a_later_key_leads_to_it_and_one_by_an_earlier_key_is_not_believed() {
        let [old, new] = [2, 3].map(|seed| SecretKey::from_seed(&[seed; 32]));
        let links = [RelayKey::sign(1, &old, &new, Timestamp(5), false)];
        let seal =
            |key, links| seal_response(key, WriterId([8; 8]), links, b"asked", &7u8).unwrap();
        let pinned = KeyRing::pinned(old.public());
        let answer = seal(&new, &links);
        let opened = open_response::<u8>(&pinned, b"asked", &answer).unwrap();
        let learnt = opened.learnt.unwrap();
        assert_eq!(*learnt.current(), new.public());
        // Nothing is learnt from what is known.
        let again = open_response::<u8>(&learnt, b"asked", &answer).unwrap();
        assert_eq!(again.learnt, None);
        for (why, answer) in [
            ("the old key alone", seal(&old, &[])),
            ("the old key, with links away from it", seal(&old, &links)),
        ] {
            assert!(
                open_response::<u8>(&learnt, b"asked", &answer).is_err(),
                "{why}"
            );
        }
        assert!(open_response::<u8>(&pinned, b"asked", &seal(&new, &[])).is_err());
        for at in 0..answer.len() {
            let mut flipped = answer.clone();
            flipped[at] ^= 0x10;
            assert!(
                open_response::<u8>(&pinned, b"asked", &flipped).is_err(),
                "flipped at {at}"
            );
            assert!(open_response::<u8>(&pinned, b"asked", &answer[..at]).is_err());
        }
    }
}
