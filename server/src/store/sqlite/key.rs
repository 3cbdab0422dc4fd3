//! The key of the database and its salt, in a file of their own beside it.
//!
//! SQLCipher would keep the salt in the first 16 bytes of the database, where one torn sector loses everything.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::store::{StoreError, StoreResult};

const FILE: &str = "relay.key";
/// 32 bytes of key and 16 of salt, as hex.
const HEX_DIGITS: usize = 96;

/// Key and salt as 96 hex digits.
#[derive(Clone)]
pub(super) struct DatabaseKey(Zeroizing<String>);

impl DatabaseKey {
    /// A key and its salt.
    pub(super) fn new(key_and_salt: &[u8; 48]) -> Self {
        Self(Zeroizing::new(hex::encode(key_and_salt)))
    }

    /// Key and salt.
    pub(super) fn bytes(&self) -> StoreResult<Vec<u8>> {
        hex::decode(self.0.as_bytes()).map_err(|e| StoreError::Corrupt(format!("key: {e}")))
    }

    /// The value of `PRAGMA key`.
    pub(super) fn pragma(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", self.0.as_str()))
    }
}

/// Where the key of the store in `dir` is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Writes the key file of a new store, readable by its owner alone.
pub(super) fn create(dir: &Path, key_and_salt: &[u8; 48]) -> StoreResult<DatabaseKey> {
    let key = DatabaseKey::new(key_and_salt);
    write_to(&path(dir), &key)?;
    fs::File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(|e| file_error(dir, e))?;
    Ok(key)
}

/// Writes a key to a new file, readable by its owner alone.
pub(super) fn write_to(path: &Path, key: &DatabaseKey) -> StoreResult<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let dir = path.parent().unwrap_or(path);
            StoreError::AlreadyInitialised(dir.display().to_string())
        }
        _ => file_error(path, e),
    })?;
    file.write_all(key.0.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|e| file_error(path, e))
}

/// Reads the key file of a store.
pub(super) fn read(dir: &Path) -> StoreResult<DatabaseKey> {
    let path = path(dir);
    if path.exists() {
        read_from(&path)
    } else {
        Err(StoreError::NotInitialised(dir.display().to_string()))
    }
}

/// Reads a key file.
pub(super) fn read_from(path: &Path) -> StoreResult<DatabaseKey> {
    let text = fs::read_to_string(path).map_err(|e| file_error(path, e))?;
    let text = Zeroizing::new(text.trim().to_owned());
    if text.len() != HEX_DIGITS || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(StoreError::Corrupt(format!(
            "{} is not a key of {HEX_DIGITS} hex digits",
            path.display()
        )));
    }
    Ok(DatabaseKey(text))
}

/// The key of the store in `dir` as 96 hex digits, for a forensic look with the `sqlcipher` shell.
pub fn database_key(dir: &Path) -> StoreResult<Zeroizing<String>> {
    Ok(read(dir)?.0)
}

/// An error of a file, with its path.
pub(super) fn file_error(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::File {
        path: path.display().to_string(),
        source,
    }
}
