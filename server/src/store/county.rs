//! Which county a store holds, and who the relay is in this epoch.

use xunge_protocol::bundle::recipient_of;
use xunge_protocol::relay_key::SignedRelayKey;
use xunge_protocol::{EpochId, KeyRing, ScopeId, SecretKey, Timestamp, WriterId};
use zeroize::Zeroizing;

use crate::env::Env;

use super::{RetiredKey, StoreError, StoreResult};

/// What a new store is made with. All ids and seeds come from a cryptographic generator.
pub struct NewCounty {
    /// Administrative code, digits only.
    pub code: String,
    /// Name to show.
    pub name: String,
    /// The county's scope.
    pub scope: ScopeId,
    /// First epoch.
    pub epoch: EpochId,
    /// The relay's writer in this epoch.
    pub relay_writer: WriterId,
    /// Seed of its key.
    pub relay_seed: Zeroizing<[u8; 32]>,
    /// Seed of the key to which the journal seals secrets.
    pub journal_seed: Zeroizing<[u8; 32]>,
    /// Key and salt of the database.
    pub database_key: Zeroizing<[u8; 48]>,
    /// Now.
    pub created_at: Timestamp,
}

/// The county of a store, and who the relay is.
#[derive(Debug, Clone)]
pub struct County {
    pub(in crate::store) number: i64,
    /// Administrative code.
    pub code: String,
    /// Name to show.
    pub name: String,
    /// The county's scope.
    pub scope: ScopeId,
    /// The epoch.
    pub epoch: EpochId,
    /// The relay's writer in this epoch.
    pub relay_writer: WriterId,
    /// Its key.
    pub relay_key: SecretKey,
    /// How many keys it had before.
    pub relay_key_sequence: u32,
    /// These, in order.
    pub retired: Vec<RetiredKey>,
}

impl County {
    /// What leads from the relay's key number `known` to its own.
    pub fn links_after(&self, known: u32) -> Vec<SignedRelayKey> {
        let links = self.retired.iter().map(|key| &key.link);
        links
            .filter(|link| link.relay_key.sequence > known)
            .cloned()
            .collect()
    }

    /// The public halves of all its keys.
    pub fn key_ring(&self) -> StoreResult<KeyRing> {
        let own = KeyRing::pinned(self.relay_key.public());
        Ok(own.follow(&self.links_after(0))?)
    }

    /// The secret key that bundles with `mark` were sealed to, if it still opens them at `now`.
    pub fn opener(&self, mark: [u8; 8], now: Timestamp) -> Option<&SecretKey> {
        let retired = self.retired.iter().filter(|key| now <= key.opens_until);
        retired
            .filter_map(|key| key.secret.as_ref())
            .chain([&self.relay_key])
            .find(|key| recipient_of(&key.public()) == mark)
    }
}

impl NewCounty {
    /// A county whose ids, seeds and keys are drawn from `env`.
    pub fn drawn(env: &dyn Env, code: &str, name: &str) -> Self {
        Self {
            code: code.into(),
            name: name.into(),
            scope: ScopeId(env.random()),
            epoch: EpochId(env.random()),
            relay_writer: WriterId(env.random()),
            relay_seed: Zeroizing::new(env.random()),
            journal_seed: Zeroizing::new(env.random()),
            database_key: Zeroizing::new(env.random()),
            created_at: env.now(),
        }
    }

    /// The code as the number that leads every key.
    pub(in crate::store) fn number(&self) -> StoreResult<i64> {
        self.code
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("county code {} is not a number", self.code)))
    }
}
