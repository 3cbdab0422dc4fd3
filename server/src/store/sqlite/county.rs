//! The one row that says which county a store holds, and who the relay is in this epoch.

use rusqlite::{Connection, OptionalExtension as _, params};
use xunge_protocol::{EpochId, ScopeId, SecretKey, WriterId};
use zeroize::Zeroizing;

use super::relay_keys;
use super::row::{Bytes, Millis};
use crate::store::relay_keys::JOURNAL_KEY;
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
    conn.execute(
        "INSERT INTO secrets (county, name, value) VALUES (?1, ?2, ?3)",
        params![county.number()?, JOURNAL_KEY, &county.journal_seed[..]],
    )?;
    Ok(())
}

/// Reads the row.
pub(super) fn read(conn: &Connection) -> StoreResult<Option<County>> {
    let row = conn
        .query_row(
            "SELECT county, scope, code, name, epoch, relay_writer, relay_seed, relay_key_sequence
             FROM counties",
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
                    relay_key_sequence: r.get(7)?,
                    retired: Vec::new(),
                })
            },
        )
        .optional()?;
    let Some(mut county) = row else {
        return Ok(None);
    };
    county.retired = relay_keys::retired(conn)?;
    Ok(Some(county))
}
