//! Signed envelopes around a request and a response.
//!
//! Request: `version ‖ suite ‖ writer (8) ‖ epoch (8) ‖ counter (8, BE) ‖ signature (64) ‖ payload`, the signature over
//! path, epoch, counter and the SHA-256 of the payload. It is checked before anything in the payload is read.
//! Response: `version ‖ suite ‖ relay (8) ‖ signature (64) ‖ payload`, the signature over the relay's writer, the SHA-256
//! of the whole request and that of the payload. A payload is CBOR, compressed by the method that its first
//! byte names.

use crate::crypto::{PublicKey, SecretKey, Signature, Suite};
use crate::ids::{EpochId, Hash32, WriterId};
use crate::message::{MAX_BODY_BYTES, MAX_PLAIN_BYTES};
use crate::payload;
use crate::wire::{self, WireError};

const VERSION: u8 = 1;
const REQUEST_LABEL: &str = "xunge request 1";
const RESPONSE_LABEL: &str = "xunge response 1";
const REQUEST_PREFIX: usize = 2 + 8 + 8 + 8 + 64;
const RESPONSE_PREFIX: usize = 2 + 8 + 64;

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
        let (prefix, payload) = split::<REQUEST_PREFIX>("request", bytes)?;
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

/// Seals the response to the request whose bytes are `request`.
pub fn seal_response<T: minicbor::Encode<()>>(
    key: &SecretKey,
    relay: WriterId,
    request: &[u8],
    message: &T,
) -> Result<Vec<u8>, WireError> {
    let payload = payload::pack(&wire::encode(message))?;
    let signature = key.sign(
        RESPONSE_LABEL,
        &[&relay.0, &Hash32::of(request).0, &Hash32::of(&payload).0],
    );
    let mut out = Vec::with_capacity(RESPONSE_PREFIX + payload.len());
    out.push(VERSION);
    out.push(Suite::default().byte());
    out.extend_from_slice(&relay.0);
    out.extend_from_slice(&signature.0);
    out.extend_from_slice(&payload);
    Ok(out)
}

/// Checks that `response` answers `request` and is signed by `key`, then reads the message.
pub fn open_response<T: for<'b> minicbor::Decode<'b, ()>>(
    key: &PublicKey,
    request: &[u8],
    response: &[u8],
) -> Result<T, WireError> {
    let (prefix, payload) = split::<RESPONSE_PREFIX>("response", response)?;
    let signed = key.verify(
        RESPONSE_LABEL,
        &[
            &field::<8>(prefix, 2),
            &Hash32::of(request).0,
            &Hash32::of(payload).0,
        ],
        &Signature(field(prefix, 10)),
    );
    if !xunge_planted::is_on(xunge_planted::Bug::ReceiptNotChecked) {
        signed?;
    }
    wire::decode(
        "response",
        &payload::open("response", payload, MAX_PLAIN_BYTES)?,
    )
}

/// The relay's writer that signed `response`, whose signature was checked.
pub fn responder(response: &[u8]) -> Result<WriterId, WireError> {
    let (prefix, _) = split::<RESPONSE_PREFIX>("response", response)?;
    Ok(WriterId(field(prefix, 2)))
}

fn split<'a, const N: usize>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<(&'a [u8; N], &'a [u8]), WireError> {
    let (prefix, payload) = bytes
        .split_first_chunk::<N>()
        .ok_or_else(|| WireError::Malformed {
            what,
            why: "shorter than its prefix".into(),
        })?;
    if prefix[0] != VERSION {
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
        let answer = seal_response(&relay, WriterId([8; 8]), &asked, &7u8).unwrap();
        assert_eq!(open_response::<u8>(&relay.public(), &asked, &answer), Ok(7));
        assert!(open_response::<u8>(&relay.public(), b"another", &answer).is_err());
        assert!(open_response::<u8>(&phone.public(), &asked, &answer).is_err());
    }
}
