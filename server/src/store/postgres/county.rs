//! The one row that says which county a store holds, and who the relay is in this epoch.

use tokio_postgres::Row;
use xunge_protocol::{EpochId, SecretKey};
use zeroize::Zeroizing;

use super::relay_keys::{self, RETIRED};
use super::{Server, row};
use crate::store::relay_keys::JOURNAL_KEY;
use crate::store::{County, NewCounty, StoreError, StoreResult};

/// Name of the secret that encrypts backups.
pub(super) const BACKUP_KEY: &str = "backup_key";

/// Writes the row of a new store.
pub(super) fn insert(server: &Server, county: &NewCounty) -> StoreResult<()> {
    let number = county.number()?;
    let mut client = server.client()?;
    server.wait(async {
        let tx = client.transaction().await?;
        tx.batch_execute("LOCK TABLE counties IN EXCLUSIVE MODE")
            .await?;
        if !tx.query("SELECT 1 FROM counties", &[]).await?.is_empty() {
            return Err(StoreError::AlreadyInitialised("the database".into()));
        }
        tx.execute(
            "INSERT INTO counties (county, scope, code, name, epoch, relay_writer, relay_seed, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &number,
                &county.scope.0,
                &row::Text(&county.code),
                &row::Text(&county.name),
                &county.epoch.0,
                &county.relay_writer.0,
                &&county.relay_seed[..],
                &county.created_at.0,
            ],
        )
        .await?;
        tx.execute(
            "INSERT INTO secrets (county, name, value) VALUES ($1, $2, $3)",
            &[&number, &BACKUP_KEY, &&county.database_key[..]],
        )
        .await?;
        tx.execute(
            "INSERT INTO secrets (county, name, value) VALUES ($1, $2, $3)",
            &[&number, &JOURNAL_KEY, &&county.journal_seed[..]],
        )
        .await?;
        Ok(tx.commit().await?)
    })
}

/// The row that says who the relay is.
pub(super) const COUNTY: &str = "SELECT county, scope, code, name, epoch, relay_writer, relay_seed, relay_key_sequence FROM counties";

/// Reads the row.
pub(super) fn read(server: &Server) -> StoreResult<Option<County>> {
    let client = server.client()?;
    let counties = server.wait(client.query(COUNTY, &[]))?;
    let keys = server.wait(client.query(RETIRED, &[]))?;
    county(&counties, &keys)
}

/// The county in the rows of [`COUNTY`] and [`RETIRED`].
pub(super) fn county(counties: &[Row], keys: &[Row]) -> StoreResult<Option<County>> {
    counties
        .first()
        .map(|r| {
            let seed: Zeroizing<[u8; 32]> = Zeroizing::new(row::bytes(r, 6)?);
            Ok(County {
                number: r.try_get(0)?,
                scope: row::scope(r, 1)?,
                code: r.try_get(2)?,
                name: r.try_get(3)?,
                epoch: EpochId(row::bytes(r, 4)?),
                relay_writer: row::writer(r, 5)?,
                relay_key: SecretKey::from_seed(&seed),
                relay_key_sequence: row::number(r, 7)?,
                retired: keys
                    .iter()
                    .map(relay_keys::retired)
                    .collect::<Result<_, _>>()?,
            })
        })
        .transpose()
}
