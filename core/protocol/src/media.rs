//! How a phone signs the upload or download of a media file, which travels outside the sync body.
//!
//! Header `authorization: Xunge WRITER.COUNTER.SIGNATURE` (hex, decimal, hex), the signature over method, path,
//! counter and the SHA-256 of the file.

use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::ids::{Hash32, WriterId};
use crate::wire::WireError;

const LABEL: &str = "xunge media 1";
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
        let header = authorize(&key, WriterId([1; 8]), "PUT", "/media/v1/x", 5, &hash);
        let parsed = MediaAuthorization::parse(&header).unwrap();
        assert!(
            parsed
                .verify(&key.public(), "PUT", "/media/v1/x", &hash)
                .is_ok()
        );
        assert!(
            parsed
                .verify(&key.public(), "GET", "/media/v1/x", &hash)
                .is_err()
        );
        assert!(
            parsed
                .verify(&key.public(), "PUT", "/media/v1/x", &Hash32::of(b"other"))
                .is_err()
        );
        assert!(MediaAuthorization::parse("Bearer x").is_err());
    }
}
