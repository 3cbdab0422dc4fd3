//! The key of the database and its salt, in a file of their own beside it.
//!
//! SQLCipher would keep the salt in the first 16 bytes of the database, where one torn sector loses everything.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::store::{StoreError, StoreResult};

const FILE: &str = "relay.key";
/// 32 bytes of key and 16 of salt, as hex.
const HEX_DIGITS: usize = 96;

/// Key and salt as 96 hex digits.
pub(super) struct DatabaseKey(Zeroizing<String>);

impl DatabaseKey {
    /// The value of `PRAGMA key`.
    pub(super) fn pragma(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", self.0.as_str()))
    }
}

/// Writes the key file of a new store, readable by its owner alone.
pub(super) fn create(dir: &Path, key_and_salt: &[u8; 48]) -> StoreResult<DatabaseKey> {
    let path = dir.join(FILE);
    let text = Zeroizing::new(hex::encode(key_and_salt));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            StoreError::AlreadyInitialised(dir.display().to_string())
        }
        _ => file_error(&path, e),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|e| file_error(&path, e))?;
    fs::File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(|e| file_error(dir, e))?;
    Ok(DatabaseKey(text))
}

/// Reads the key file.
pub(super) fn read(dir: &Path) -> StoreResult<DatabaseKey> {
    let path = dir.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text.trim().to_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::NotInitialised(dir.display().to_string()));
        }
        Err(e) => return Err(file_error(&path, e)),
    };
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
