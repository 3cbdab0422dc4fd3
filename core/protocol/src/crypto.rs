//! Signing and verifying, with a domain label for every use, behind a suite byte.
//!
//! Suite 1 is Ed25519 (RFC 8032) over SHA-256. A further suite (SM2 over SM3) takes the next number; nothing outside
//! this file knows which algorithm is at work.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use minicbor::{Decode, Decoder, Encode, Encoder};

use crate::wire::WireError;

/// Which algorithms a message uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suite {
    /// Ed25519 and SHA-256.
    #[default]
    Ed25519Sha256,
}

impl Suite {
    /// Its byte on the wire.
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519Sha256 => 1,
        }
    }

    /// The suite of a byte on the wire.
    pub fn from_byte(byte: u8) -> Result<Self, WireError> {
        match byte {
            1 => Ok(Self::Ed25519Sha256),
            other => Err(WireError::UnknownSuite(other)),
        }
    }
}

macro_rules! byte_string {
    ($name:ident, $len:literal) => {
        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                <[u8; $len]>::try_from(d.bytes()?)
                    .map(Self)
                    .map_err(|_| minicbor::decode::Error::message(stringify!($name)).at(at))
            }
        }
    };
}

/// A signature of 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);
byte_string!(Signature, 64);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}…)", hex::encode(&self.0[..4]))
    }
}

/// The public half of a writer's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);
byte_string!(PublicKey, 32);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.0))
    }
}

impl PublicKey {
    /// Checks that `signature` was made with the matching secret key over `parts` under `label`.
    pub fn verify(
        &self,
        label: &'static str,
        parts: &[&[u8]],
        signature: &Signature,
    ) -> Result<(), WireError> {
        let refused = WireError::NotAuthentic { what: label };
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| refused.clone())?;
        key.verify_strict(
            &preimage(label, parts),
            &ed25519_dalek::Signature::from_bytes(&signature.0),
        )
        .map_err(|_| refused)
    }
}

/// The secret half of a writer's key. Wiped from memory when dropped; shows nothing in debug output.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl SecretKey {
    /// The key of a 32-byte seed, which must come from a cryptographic generator.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, for safe keeping.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The matching public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `parts` under `label`.
    pub fn sign(&self, label: &'static str, parts: &[&[u8]]) -> Signature {
        Signature(self.0.sign(&preimage(label, parts)).to_bytes())
    }
}

/// `label ‖ 0 ‖ (length as u32 BE ‖ part)…`: no two different calls give the same bytes.
fn preimage(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(label.len() + 1 + parts.iter().map(|p| p.len() + 4).sum::<usize>());
    out.extend_from_slice(label.as_bytes());
    out.push(0);
    for part in parts {
        out.extend_from_slice(&(part.len() as u32).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_label_and_parts_only() {
        let key = SecretKey::from_seed(&[3; 32]);
        let signature = key.sign("a", &[b"one", b"two"]);
        let public = key.public();
        assert!(public.verify("a", &[b"one", b"two"], &signature).is_ok());
        assert!(public.verify("b", &[b"one", b"two"], &signature).is_err());
        assert!(public.verify("a", &[b"onet", b"wo"], &signature).is_err());
        assert!(
            SecretKey::from_seed(&[4; 32])
                .public()
                .verify("a", &[b"one", b"two"], &signature)
                .is_err()
        );
    }
}
