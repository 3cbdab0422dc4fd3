//! What can go wrong with a vault, each with a stable code.

use std::io;

use crate::disk;

/// Why a vault did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The PIN is not this worker's.
    #[error("wrong PIN")]
    WrongPin,
    /// The unlock code is none of the unused ones.
    #[error("wrong unlock code")]
    WrongCode,
    /// All unlock codes are used up.
    #[error("no unlock code is left")]
    NoCodesLeft,
    /// Too many wrong tries; nothing was tried now.
    #[error("wait {seconds} s before the next try")]
    TooSoon {
        /// How long to wait.
        seconds: u64,
    },
    /// A PIN must be 4 to 12 digits.
    #[error("a PIN is 4 to 12 digits")]
    BadPin,
    /// There is no such worker on this phone.
    #[error("no such worker on this phone")]
    UnknownWorker,
    /// The key store holds no secret, or another one, although there are workers on this phone.
    #[error("the phone's key store lost its secret")]
    KeyStoreLost,
    /// The shell's key store failed.
    #[error("key store: {0}")]
    KeyStore(String),
    /// A vault file was made by a later version of the app.
    #[error("the vault was made by a newer version of the app")]
    Newer,
    /// A vault file cannot be read.
    #[error("damaged vault file: {0}")]
    Damaged(String),
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Reading or writing a file failed.
    #[error("vault file: {0}")]
    Io(#[source] io::Error),
    /// A cipher or derivation refused its input.
    #[error("cryptography: {0}")]
    Crypto(&'static str),
}

impl VaultError {
    /// The stable code, key of the user's text in the resource files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongPin => "wrong_pin",
            Self::WrongCode => "wrong_unlock_code",
            Self::NoCodesLeft => "no_unlock_codes",
            Self::TooSoon { .. } => "pin_wait",
            Self::BadPin => "bad_pin",
            Self::UnknownWorker => "unknown_worker",
            Self::KeyStoreLost => "key_store_lost",
            Self::KeyStore(_) => "key_store_failed",
            Self::Newer => "vault_newer",
            Self::Damaged(_) => "vault_damaged",
            Self::DiskFull => "disk_full",
            Self::Io(_) => "storage_failed",
            Self::Crypto(_) => "vault_crypto",
        }
    }

    /// Whether the same call may succeed later without anything else being done.
    pub fn retry(&self) -> bool {
        matches!(self, Self::TooSoon { .. })
    }
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        if disk::is_full(&error) {
            Self::DiskFull
        } else {
            Self::Io(error)
        }
    }
}
