//! The one row that says which county a store holds, and who the relay is in this epoch.

use rusqlite::{Connection, OptionalExtension as _, params};
use xunge_protocol::{EpochId, ScopeId, SecretKey, WriterId};
use zeroize::Zeroizing;

use super::row::{Bytes, Millis};
use crate::store::{County, NewCounty, StoreResult};

/// Writes the row of a new store.
pub(super) fn insert(conn: &Connection, county: &NewCounty) -> StoreResult<()> {
    conn.execute(
        "INSERT INTO counties (county, scope, code, name, epoch, relay_writer, relay_seed, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            county.number()?,
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
