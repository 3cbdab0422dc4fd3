//! Where the phone keeps the one secret that no copy of its files contains. The shell implements [`KeyStore`] on
//! Android Keystore or Keychain; [`FileKeyStore`] is for programs without a screen, and protects nothing.

use std::path::{Path, PathBuf};

use super::VaultError;
use super::wrap::DatabaseKey;
use crate::disk;

/// Holds one secret of the phone, shared by its workers.
pub trait KeyStore: Send + Sync + 'static {
    /// The secret, or `None` if none was ever saved.
    fn load(&self) -> Result<Option<Vec<u8>>, VaultError>;

    /// Keeps `secret`, durably when this returns.
    fn save(&self, secret: &[u8]) -> Result<(), VaultError>;

    /// Called with each new database key. Only a store that is insecure by its own account keeps it, so that a
    /// forensic look needs no PIN.
    fn disclose(&self, vault: &str, key: &DatabaseKey) -> Result<(), VaultError> {
        let _ = (vault, key);
        Ok(())
    }
}

/// **Insecure**: the secret is a file beside the data, mode 0600, and database keys lie next to it in the clear. For
/// simulated phones, demonstrations and tests.
#[derive(Debug, Clone)]
pub struct FileKeyStore {
    folder: PathBuf,
}

impl FileKeyStore {
    const SECRET: &'static str = "insecure-key-store.hex";

    /// A store in `folder`, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The disclosed database key of `vault`, if it was made on this store.
    pub fn disclosed(&self, vault: &str) -> Result<Option<DatabaseKey>, VaultError> {
        let Some(text) = read_hex(&self.key_file(vault))? else {
            return Ok(None);
        };
        DatabaseKey::from_slice(&text).map(Some)
    }

    fn key_file(&self, vault: &str) -> PathBuf {
        self.folder.join(format!("insecure-key-{vault}.hex"))
    }
}

impl KeyStore for FileKeyStore {
    fn load(&self) -> Result<Option<Vec<u8>>, VaultError> {
        read_hex(&self.folder.join(Self::SECRET))
    }

    fn save(&self, secret: &[u8]) -> Result<(), VaultError> {
        let text = hex::encode(secret);
        Ok(disk::write_whole(
            &self.folder.join(Self::SECRET),
            text.as_bytes(),
        )?)
    }

    fn disclose(&self, vault: &str, key: &DatabaseKey) -> Result<(), VaultError> {
        let text = hex::encode(key.as_bytes());
        Ok(disk::write_whole(&self.key_file(vault), text.as_bytes())?)
    }
}

fn read_hex(path: &Path) -> Result<Option<Vec<u8>>, VaultError> {
    disk::read_if_there(path)?
        .map(|text| hex::decode(text.trim_ascii()))
        .transpose()
        .map_err(|_| VaultError::KeyStore(format!("{} is not hex", path.display())))
}
