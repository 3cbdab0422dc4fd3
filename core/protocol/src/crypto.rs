//! Signing, verifying and sealing, with a domain label for every use, behind a suite byte.
//!
//! Suite 1 is Ed25519 (RFC 8032) over SHA-256, and HPKE (RFC 9180) for what is sealed. A further suite (SM2 over SM3) takes the next number; nothing outside
//! this file knows which algorithm is at work.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hpke::{Deserializable as _, Serializable as _};
use minicbor::{Decode, Decoder, Encode, Encoder};
use rand::SeedableRng as _;
use rand::rngs::ChaCha12Rng;

use crate::wire::WireError;

type Aead = hpke::aead::ChaCha20Poly1305;
type Kdf = hpke::kdf::HkdfSha256;
type Kem = hpke::kem::X25519HkdfSha256;

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

/// Sealing to the holder of a key (HPKE, RFC 9180, base mode): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
/// ChaCha20Poly1305. The X25519 key is the Ed25519 key's other form (RFC 7748, section 4.1), so whoever can check a
/// signature of somebody can also seal to them, and no second key has to be certified, rotated and revoked.
impl PublicKey {
    /// Seals `plain` to the holder of this key. `seed` must come from a cryptographic generator and be used once.
    pub fn seal(
        &self,
        seed: [u8; 32],
        label: &'static str,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, WireError> {
        let refused = || WireError::NotAuthentic { what: label };
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| refused())?;
        let key = <Kem as hpke::Kem>::PublicKey::from_bytes(&key.to_montgomery().to_bytes())
            .map_err(|_| refused())?;
        let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<Aead, Kdf, Kem>(
            &hpke::OpModeS::Base,
            &key,
            label.as_bytes(),
            plain,
            aad,
            &mut ChaCha12Rng::from_seed(seed),
        )
        .map_err(|_| refused())?;
        Ok([encapsulated.to_bytes().as_slice(), &sealed].concat())
    }
}

impl SecretKey {
    /// Opens what [`PublicKey::seal`] made with the same `label` and `aad` for this key.
    pub fn open(
        &self,
        label: &'static str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, WireError> {
        let refused = || WireError::NotAuthentic { what: label };
        let (encapsulated, sealed) = sealed.split_at_checked(32).ok_or_else(refused)?;
        let key = <Kem as hpke::Kem>::PrivateKey::from_bytes(&self.0.to_scalar_bytes())
            .map_err(|_| refused())?;
        let encapsulated =
            <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| refused())?;
        hpke::single_shot_open::<Aead, Kdf, Kem>(
            &hpke::OpModeR::Base,
            &key,
            &encapsulated,
            label.as_bytes(),
            sealed,
            aad,
        )
        .map_err(|_| refused())
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
    fn what_is_sealed_opens_for_its_holder_label_and_aad_only() {
        let holder = SecretKey::from_seed(&[3; 32]);
        let sealed = holder.public().seal([7; 32], "a", b"to", b"plain").unwrap();
        assert_eq!(holder.open("a", b"to", &sealed).unwrap(), b"plain");
        assert!(holder.open("b", b"to", &sealed).is_err());
        assert!(holder.open("a", b"too", &sealed).is_err());
        assert!(
            SecretKey::from_seed(&[4; 32])
                .open("a", b"to", &sealed)
                .is_err()
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(holder.open("a", b"to", &changed).is_err(), "byte {at}");
            assert!(holder.open("a", b"to", &sealed[..at]).is_err(), "cut {at}");
        }
        // A key of small order would let anybody read what is sealed to it.
        assert!(PublicKey([0; 32]).seal([7; 32], "a", b"", b"").is_err());
    }

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
