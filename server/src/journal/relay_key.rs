//! A key of the relay in the journal: whoever finds the file must not be able to speak as the relay, so the secret half is
//! sealed to a key that lies in the database and in its backups.

use serde::{Deserialize, Serialize};
use xunge_protocol::relay_key::SignedRelayKey;
use xunge_protocol::{PublicKey, SecretKey, WireError, wire};
use zeroize::Zeroizing;

use crate::store::StoreError;

const LABEL: &str = "xunge journal relay key 1";

/// A key that followed another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRelayKey {
    /// CBOR of the signed link, hex.
    link: String,
    /// The secret half, sealed; hex.
    sealed: String,
}

impl NewRelayKey {
    /// Seals `secret` to `journal`. `seed` must be random and used once.
    pub fn seal(
        journal: &PublicKey,
        seed: [u8; 32],
        link: &SignedRelayKey,
        secret: &[u8; 32],
    ) -> Result<Self, WireError> {
        let link = wire::encode(link);
        let sealed = journal.seal(seed, LABEL, &link, secret)?;
        Ok(Self {
            link: hex::encode(link),
            sealed: hex::encode(sealed),
        })
    }

    /// The link.
    pub fn link(&self) -> Result<SignedRelayKey, StoreError> {
        Ok(wire::decode("relay key", &from_hex(&self.link)?)?)
    }

    /// The secret half.
    ///
    /// # Errors
    /// If it was sealed to another key than `journal`.
    pub fn open(&self, journal: &SecretKey) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let (link, sealed) = (from_hex(&self.link)?, from_hex(&self.sealed)?);
        let plain = Zeroizing::new(journal.open(LABEL, &link, &sealed)?);
        let seed = <[u8; 32]>::try_from(plain.as_slice());
        Ok(Zeroizing::new(seed.map_err(|_| corrupt())?))
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, StoreError> {
    hex::decode(text).map_err(|_| corrupt())
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("journal: relay key".into())
}
