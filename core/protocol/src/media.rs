//! How a phone signs the upload or download of a media file, which travels outside the sync body, and how the relay
//! signs that it holds the whole file.
//!
//! Header `authorization: Xunge WRITER.COUNTER.SIGNATURE` (hex, decimal, hex), the signature over method, path,
//! counter and the SHA-256 of the file.

use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::ids::{Hash32, WriterId};
use crate::wire::WireError;

/// Path of uploads; a file or an upload under way is one name below it.
pub const MEDIA_PATH: &str = "/media/v1";

const LABEL: &str = "xunge media 1";
const WHOLE_LABEL: &str = "xunge media whole 1";
/// Header in which the relay says, of a phone's upload, that it holds the whole file.
pub const WHOLE_HEADER: &str = "xunge-whole";
const SCHEME: &str = "Xunge ";

/// A parsed `authorization` header.
#[derive(Debug, Clone, Copy)]
pub struct MediaAuthorization {
    /// Who asks.
    pub writer: WriterId,
    /// Milliseconds since 1970 as the phone sees them; covered by the signature, never judged.
    pub counter: u64,
    signature: Signature,
}

/// The header's value for one request.
pub fn authorize(
    key: &SecretKey,
    writer: WriterId,
    method: &str,
    path: &str,
    counter: u64,
    hash: &Hash32,
) -> String {
    let signature = key.sign(
        LABEL,
        &[
            method.as_bytes(),
            path.as_bytes(),
            &counter.to_be_bytes(),
            &hash.0,
        ],
    );
    format!("{SCHEME}{writer}.{counter}.{}", hex::encode(signature.0))
}

/// The relay's word that it holds all `bytes` bytes of the file `hash`: the value of [`WHOLE_HEADER`].
pub fn sign_whole(relay: &SecretKey, hash: &Hash32, bytes: u64) -> String {
    let signature = relay.sign(WHOLE_LABEL, &[&hash.0, &bytes.to_be_bytes()]);
    hex::encode(signature.0)
}

/// Checks [`sign_whole`]'s value. Without it no phone takes a file for sent.
pub fn verify_whole(
    relay: &PublicKey,
    hash: &Hash32,
    bytes: u64,
    value: &str,
) -> Result<(), WireError> {
    let mut signature = [0u8; 64];
    hex::decode_to_slice(value, &mut signature).map_err(|_| WireError::Malformed {
        what: "signature of a whole file",
        why: "expected 128 hex digits".into(),
    })?;
    relay.verify(
        WHOLE_LABEL,
        &[&hash.0, &bytes.to_be_bytes()],
        &Signature(signature),
    )
}

impl MediaAuthorization {
    /// Reads a header's value.
    pub fn parse(value: &str) -> Result<Self, WireError> {
        let malformed = || WireError::Malformed {
            what: "authorization",
            why: "expected Xunge WRITER.COUNTER.SIGNATURE".into(),
        };
        let mut parts = value
            .strip_prefix(SCHEME)
            .ok_or_else(malformed)?
            .splitn(3, '.');
        let (Some(writer), Some(counter), Some(signature)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let mut bytes = [0u8; 64];
        hex::decode_to_slice(signature, &mut bytes).map_err(|_| malformed())?;
        Ok(Self {
            writer: writer.parse().map_err(|_| malformed())?,
            counter: counter.parse().map_err(|_| malformed())?,
            signature: Signature(bytes),
        })
    }

    /// Checks the signature.
    pub fn verify(
        &self,
        key: &PublicKey,
        method: &str,
        path: &str,
        hash: &Hash32,
    ) -> Result<(), WireError> {
        key.verify(
            LABEL,
            &[
                method.as_bytes(),
                path.as_bytes(),
                &self.counter.to_be_bytes(),
                &hash.0,
            ],
            &self.signature,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_signature_holds_for_one_method_path_and_file() {
        let key = SecretKey::from_seed(&[1; 32]);
        let hash = Hash32::of(b"voice");
        let header = authorize(&key, WriterId([1; 8]), "PATCH", "/media/v1/x", 5, &hash);
        let parsed = MediaAuthorization::parse(&header).unwrap();
        assert!(
            parsed
                .verify(&key.public(), "PATCH", "/media/v1/x", &hash)
                .is_ok()
        );
        assert!(
            parsed
                .verify(&key.public(), "GET", "/media/v1/x", &hash)
                .is_err()
        );
        assert!(
            parsed
                .verify(&key.public(), "PATCH", "/media/v1/x", &Hash32::of(b"other"))
                .is_err()
        );
        assert!(MediaAuthorization::parse("Bearer x").is_err());
    }

    #[test]
    fn the_relays_word_holds_for_one_file_and_its_length() {
        let relay = SecretKey::from_seed(&[2; 32]);
        let hash = Hash32::of(b"voice");
        let word = sign_whole(&relay, &hash, 5);
        assert!(verify_whole(&relay.public(), &hash, 5, &word).is_ok());
        assert!(verify_whole(&relay.public(), &hash, 6, &word).is_err());
        let other = SecretKey::from_seed(&[3; 32]).public();
        assert!(verify_whole(&other, &hash, 5, &word).is_err());
        assert!(verify_whole(&relay.public(), &hash, 5, "").is_err());
    }
}
