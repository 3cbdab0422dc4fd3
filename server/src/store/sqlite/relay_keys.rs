//! [`RelayKeys`] on SQLite.

use rusqlite::{Connection, params};
use xunge_protocol::{SecretKey, Timestamp, WriterId, wire};
use zeroize::Zeroizing;

use super::row::{Bytes, Millis};
use super::{SqliteTx, county};
use crate::store::relay_keys::JOURNAL_KEY;
use crate::store::{County, RelayKeys, RetiredKey, StoreError, StoreResult};

/// Keys that the relay had before, in order.
pub(super) fn retired(conn: &Connection) -> StoreResult<Vec<RetiredKey>> {
    let mut query =
        conn.prepare_cached("SELECT seed, opens_until, link FROM relay_keys ORDER BY sequence")?;
    let mut rows = query.query([])?;
    let mut keys = Vec::new();
    while let Some(r) = rows.next()? {
        let seed = r.get::<_, Option<Bytes<32>>>(0)?;
        keys.push(RetiredKey {
            secret: seed.map(|seed| SecretKey::from_seed(&Zeroizing::new(seed.0))),
            opens_until: r.get::<_, Millis>(1)?.0,
            link: wire::decode("relay key", &r.get::<_, Vec<u8>>(2)?)?,
        });
    }
    Ok(keys)
}

impl RelayKeys for SqliteTx<'_> {
    fn relay_key_sequence(&self) -> StoreResult<u32> {
        Ok(self
            .sql()
            .prepare_cached("SELECT relay_key_sequence FROM counties WHERE county = ?1")?
            .query_row([self.county()], |r| r.get(0))?)
    }

    fn county_now(&self) -> StoreResult<County> {
        county::read(self.sql())?.ok_or_else(|| StoreError::Corrupt("no county".into()))
    }

    fn change_relay_key(
        &self,
        retired: &RetiredKey,
        seed: &[u8; 32],
        writer: WriterId,
    ) -> StoreResult<()> {
        self.sql().execute(
            "INSERT INTO relay_keys (county, sequence, seed, opens_until, link)
             SELECT county, relay_key_sequence, relay_seed, ?2, ?3 FROM counties WHERE county = ?1",
            params![
                self.county(),
                Millis(retired.opens_until),
                wire::encode(&retired.link)
            ],
        )?;
        self.sql().execute(
            "UPDATE counties SET relay_seed = ?2, relay_writer = ?3, relay_key_sequence = ?4
             WHERE county = ?1",
            params![
                self.county(),
                &seed[..],
                Bytes(writer.0),
                retired.link.relay_key.sequence
            ],
        )?;
        Ok(())
    }

    fn forget_retired_keys(&self, now: Timestamp) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE relay_keys SET seed = NULL
             WHERE county = ?1 AND opens_until < ?2 AND seed IS NOT NULL",
            params![self.county(), Millis(now)],
        )?;
        Ok(())
    }

    fn journal_key(&self) -> StoreResult<SecretKey> {
        let seed = self.sql().query_row(
            "SELECT value FROM secrets WHERE county = ?1 AND name = ?2",
            params![self.county(), JOURNAL_KEY],
            |r| r.get::<_, Bytes<32>>(0),
        )?;
        Ok(SecretKey::from_seed(&Zeroizing::new(seed.0)))
    }
}
