//! [`RelayKeys`] on PostgreSQL.

use tokio_postgres::Row;
use xunge_protocol::{SecretKey, Timestamp, WriterId, wire};
use zeroize::Zeroizing;

use super::county;
use super::row::{self, Text};
use super::tx::PgTx;
use crate::store::relay_keys::JOURNAL_KEY;
use crate::store::{County, RelayKeys, RetiredKey, StoreError, StoreResult};

/// Keys that the relay had before, in order.
pub(super) const RETIRED: &str = "SELECT seed, opens_until, link FROM relay_keys ORDER BY sequence";

/// A key that the relay had before.
pub(super) fn retired(r: &Row) -> StoreResult<RetiredKey> {
    let seed = row::maybe_hash(r, 0)?;
    Ok(RetiredKey {
        secret: seed.map(|seed| SecretKey::from_seed(&Zeroizing::new(seed.0))),
        opens_until: row::time(r, 1)?,
        link: wire::decode("relay key", &r.try_get::<_, Vec<u8>>(2)?)?,
    })
}

impl RelayKeys for PgTx<'_> {
    fn relay_key_sequence(&self) -> StoreResult<u32> {
        let rows = self.query_steady(
            "SELECT relay_key_sequence FROM counties WHERE county = $1",
            &[&self.county()],
        )?;
        rows.first().map_or_else(
            || Err(StoreError::Corrupt("no county".into())),
            |r| row::number(r, 0),
        )
    }

    fn county_now(&self) -> StoreResult<County> {
        let counties = self.query_steady(county::COUNTY, &[])?;
        let keys = self.query_steady(RETIRED, &[])?;
        county::county(&counties, &keys)?.ok_or_else(|| StoreError::Corrupt("no county".into()))
    }

    fn change_relay_key(
        &self,
        retired: &RetiredKey,
        seed: &[u8; 32],
        writer: WriterId,
    ) -> StoreResult<()> {
        self.execute(
            "INSERT INTO relay_keys (county, sequence, seed, opens_until, link)
             SELECT county, relay_key_sequence, relay_seed, $2::bigint, $3::bytea FROM counties
             WHERE county = $1",
            &[
                &self.county(),
                &retired.opens_until.0,
                &wire::encode(&retired.link),
            ],
        )?;
        self.execute(
            "UPDATE counties SET relay_seed = $2, relay_writer = $3, relay_key_sequence = $4
             WHERE county = $1",
            &[
                &self.county(),
                seed,
                &writer.0,
                &i64::from(retired.link.relay_key.sequence),
            ],
        )?;
        Ok(())
    }

    fn forget_retired_keys(&self, now: Timestamp) -> StoreResult<()> {
        self.execute(
            "UPDATE relay_keys SET seed = NULL
             WHERE county = $1 AND opens_until < $2 AND seed IS NOT NULL",
            &[&self.county(), &now.0],
        )?;
        Ok(())
    }

    fn journal_key(&self) -> StoreResult<SecretKey> {
        let rows = self.query(
            "SELECT value FROM secrets WHERE county = $1 AND name = $2",
            &[&self.county(), &Text(JOURNAL_KEY)],
        )?;
        let row = rows
            .first()
            .ok_or_else(|| StoreError::Corrupt("no key of the journal".into()))?;
        Ok(SecretKey::from_seed(&Zeroizing::new(row::bytes(row, 0)?)))
    }
}
