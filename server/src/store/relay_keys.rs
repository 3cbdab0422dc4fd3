//! The relay's key and those that it had before.

use xunge_protocol::relay_key::SignedRelayKey;
use xunge_protocol::{PublicKey, SecretKey, Timestamp, WriterId};

use super::{County, StoreResult};

/// Name of the secret under which the journal keeps what nobody may read who finds it.
pub(in crate::store) const JOURNAL_KEY: &str = "journal";

/// A key that the relay had before.
#[derive(Debug, Clone)]
pub struct RetiredKey {
    /// Its secret half, while bundles that were sealed to it are still opened.
    pub secret: Option<SecretKey>,
    /// Until when that is.
    pub opens_until: Timestamp,
    /// The word that the next key follows.
    pub link: SignedRelayKey,
}

impl RetiredKey {
    /// How many keys came before it.
    pub fn sequence(&self) -> u32 {
        self.link.relay_key.sequence.saturating_sub(1)
    }

    /// The key.
    pub fn public(&self) -> &PublicKey {
        &self.link.relay_key.old
    }
}

/// The relay's keys in a transaction.
pub trait RelayKeys {
    /// How many keys came before the one that the relay has now.
    fn relay_key_sequence(&self) -> StoreResult<u32>;
    /// The county and who the relay is, as this transaction sees it.
    fn county_now(&self) -> StoreResult<County>;
    /// From now on the relay has the key of `seed`, which follows by the link in `retired`, and writes as `writer`.
    fn change_relay_key(
        &self,
        retired: &RetiredKey,
        seed: &[u8; 32],
        writer: WriterId,
    ) -> StoreResult<()>;
    /// Forgets the secret halves of keys with which nothing is opened any more at `now`.
    fn forget_retired_keys(&self, now: Timestamp) -> StoreResult<()>;
    /// The key to which the journal seals secrets.
    fn journal_key(&self) -> StoreResult<SecretKey>;
}
