//! The one row that says which county a store holds, and who the relay is in this epoch.

use rusqlite::{Connection, OptionalExtension as _, params};
use xunge_protocol::{EpochId, ScopeId, SecretKey, Timestamp, WriterId};
use zeroize::Zeroizing;

use super::row::{Bytes, Millis};
use crate::store::{StoreError, StoreResult};

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
    pub(super) number: i64,
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

/// Writes the row of a new store.
pub(super) fn insert(conn: &Connection, county: &NewCounty) -> StoreResult<()> {
    let number: i64 = county
        .code
        .parse()
        .map_err(|_| StoreError::Corrupt(format!("county code {} is not a number", county.code)))?;
    conn.execute(
        "INSERT INTO counties (county, scope, code, name, epoch, relay_writer, relay_seed, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            number,
            Bytes(county.scope.0),
            county.code,
            county.name,
            Bytes(county.epoch.0),
            Bytes(county.relay_writer.0),
            &county.relay_seed[..],
            Millis(county.created_at)
        ],
    )?;
    Ok(())
}

/// Reads the row.
pub(super) fn read(conn: &Connection) -> StoreResult<Option<County>> {
    let row = conn
        .query_row(
            "SELECT county, scope, code, name, epoch, relay_writer, relay_seed FROM counties",
            [],
            |r| {
                let seed: Zeroizing<[u8; 32]> = Zeroizing::new(r.get::<_, Bytes<32>>(6)?.0);
                Ok(County {
                    number: r.get(0)?,
                    scope: ScopeId(r.get::<_, Bytes<8>>(1)?.0),
                    code: r.get(2)?,
                    name: r.get(3)?,
                    epoch: EpochId(r.get::<_, Bytes<8>>(4)?.0),
                    relay_writer: WriterId(r.get::<_, Bytes<8>>(5)?.0),
                    relay_key: SecretKey::from_seed(&seed),
                })
            },
        )
        .optional()?;
    Ok(row)
}
