//! Which county a store holds, and who the relay is in this epoch.

use xunge_protocol::{EpochId, ScopeId, SecretKey, Timestamp, WriterId};
use zeroize::Zeroizing;

use crate::env::Env;

use super::{StoreError, StoreResult};

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
