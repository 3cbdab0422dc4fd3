//! The database key, and how it is wrapped: ChaCha20-Poly1305 under HKDF-SHA256(key-store secret ‖ Argon2id(PIN or
//! code)). A copy of the phone's files without its key store cannot even be guessed at; the phone itself makes each
//! guess cost 9 MiB and four passes.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::VaultError;
use crate::env::Env;

/// Argon2id memory in KiB, passes and lanes: OWASP's smallest memory, which a phone with 1 GB can spare.
const ARGON2_KIB: u32 = 9 * 1024;
const ARGON2_PASSES: u32 = 4;
const ARGON2_LANES: u32 = 1;

/// Suite byte: Argon2id, HKDF-SHA256, ChaCha20-Poly1305.
const SUITE: u8 = 1;

/// Key (32 bytes) and salt (16 bytes) of a SQLCipher database. Wiped when dropped; shows nothing in debug output.
#[derive(Clone)]
pub struct DatabaseKey([u8; Self::LEN]);

impl DatabaseKey {
    /// Length in bytes.
    pub const LEN: usize = 48;

    /// A fresh key.
    pub fn generate(env: &dyn Env) -> Self {
        Self(env.random())
    }

    /// The key in `bytes`, if there are exactly [`Self::LEN`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, VaultError> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| VaultError::Damaged("a database key has 48 bytes".into()))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl Drop for DatabaseKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey(…)")
    }
}

/// A wrapped database key as it lies in `vault.json`; byte strings as hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrap {
    suite: u8,
    nonce: String,
    sealed: String,
}

/// A slow function of a short secret, done once for all wraps that share its salt.
pub(super) struct Stretched(Zeroizing<[u8; 32]>);

impl Stretched {
    /// Stretches `short` (a PIN or an unlock code) with `salt`.
    pub(super) fn new(short: &str, salt: &[u8; 16]) -> Result<Self, VaultError> {
        let params = Params::new(ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES, Some(32))
            .map_err(|_| VaultError::Crypto("argon2 parameters"))?;
        let mut out = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(short.as_bytes(), salt, out.as_mut())
            .map_err(|_| VaultError::Crypto("argon2"))?;
        Ok(Self(out))
    }

    /// The key that wraps under `purpose`, which names the vault and the kind of wrap.
    fn wrapping_key(&self, secret: &[u8], purpose: &str) -> Result<ChaCha20Poly1305, VaultError> {
        let mut material = Zeroizing::new(Vec::with_capacity(secret.len() + 32));
        material.extend_from_slice(secret);
        material.extend_from_slice(self.0.as_ref());
        let mut key = Zeroizing::new([0u8; 32]);
        Hkdf::<Sha256>::new(None, &material)
            .expand(purpose.as_bytes(), key.as_mut())
            .map_err(|_| VaultError::Crypto("hkdf"))?;
        Ok(ChaCha20Poly1305::new(Key::from_slice(key.as_ref())))
    }
}

impl Wrap {
    /// Wraps `key`.
    pub(super) fn seal(
        env: &dyn Env,
        key: &DatabaseKey,
        secret: &[u8],
        stretched: &Stretched,
        purpose: &str,
    ) -> Result<Self, VaultError> {
        let nonce: [u8; 12] = env.random();
        let payload = Payload {
            msg: key.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = stretched
            .wrapping_key(secret, purpose)?
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| VaultError::Crypto("seal"))?;
        Ok(Self {
            suite: SUITE,
            nonce: hex::encode(nonce),
            sealed: hex::encode(sealed),
        })
    }

    /// Unwraps; `None` if the short secret (or the key store's) is not the one it was wrapped with.
    pub(super) fn open(
        &self,
        secret: &[u8],
        stretched: &Stretched,
        purpose: &str,
    ) -> Result<Option<DatabaseKey>, VaultError> {
        if self.suite != SUITE {
            return Err(VaultError::Newer);
        }
        let damaged = || VaultError::Damaged("a wrap is not hex".into());
        let mut nonce = [0u8; 12];
        hex::decode_to_slice(&self.nonce, &mut nonce).map_err(|_| damaged())?;
        let sealed = hex::decode(&self.sealed).map_err(|_| damaged())?;
        let payload = Payload {
            msg: &sealed,
            aad: purpose.as_bytes(),
        };
        let cipher = stretched.wrapping_key(secret, purpose)?;
        match cipher.decrypt(Nonce::from_slice(&nonce), payload) {
            Ok(key) => DatabaseKey::from_slice(&Zeroizing::new(key)).map(Some),
            Err(_) => Ok(None),
        }
    }
}
