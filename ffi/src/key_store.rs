//! The shell's key store as a foreign trait, and how the core sees it.

use std::path::Path;
use std::sync::Arc;

use xunge_core::vault::{FileKeyStore, VaultError};

use crate::env::SystemEnv;

/// Why the shell's key store failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// What the platform said.
    #[error("{detail}")]
    Failed {
        /// For the engineer.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            detail: error.reason,
        }
    }
}

/// Keeps one secret of the phone, in Android Keystore or Keychain.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// The secret, none if none was ever saved.
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError>;

    /// Keeps `secret`, durably when this returns.
    fn save(&self, secret: Vec<u8>) -> Result<(), KeyStoreError>;
}

/// The shell's key store as the core sees it.
pub(crate) struct Foreign(pub(crate) Arc<dyn KeyStore>);

impl xunge_core::vault::KeyStore for Foreign {
    fn load(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.0
            .load()
            .map_err(|e| VaultError::KeyStore(e.to_string()))
    }

    fn save(&self, secret: &[u8]) -> Result<(), VaultError> {
        self.0
            .save(secret.to_vec())
            .map_err(|e| VaultError::KeyStore(e.to_string()))
    }
}

/// Key and salt of a worker's database as 96 hex digits, as [`FileKeyStore`] keeps them in `folder`. `worker` may be
/// left out where only one has enrolled.
pub fn disclosed_key(folder: &Path, worker: Option<&str>) -> Result<String, VaultError> {
    let store = FileKeyStore::new(folder);
    let worker = match worker {
        Some(worker) => worker.to_owned(),
        None => xunge_core::app::only_worker(folder, Arc::new(SystemEnv::new()))?,
    };
    match store.disclosed(&worker)? {
        Some(key) => Ok(hex::encode(key.as_bytes())),
        None => Err(VaultError::UnknownWorker),
    }
}
