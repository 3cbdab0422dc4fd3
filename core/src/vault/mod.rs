//! Keys, PIN and one-time unlock codes of the workers who share a phone.
//!
//! Each worker has a folder with a database of its own. Its key is random and lies beside it, wrapped under the phone's
//! key-store secret and the worker's PIN. This module hands the key out; it knows nothing of what the database holds.

mod attempts;
mod error;
mod key_store;
mod unlock_codes;
mod workers;
mod wrap;

pub use error::VaultError;
pub use key_store::{FileKeyStore, KeyStore};
pub use workers::{Unlocked, Vault, WorkerCard};
pub use wrap::DatabaseKey;

#[cfg(test)]
mod tests;
