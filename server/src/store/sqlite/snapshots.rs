//! [`Snapshots`] on SQLite.

use rusqlite::{OptionalExtension as _, params};
use xunge_protocol::{Hash32, RecordId, ScopeId};

use super::SqliteTx;
use super::row::{Bytes, Millis, signed, unsigned};
use crate::store::{SnapshotRow, Snapshots, StoreResult, UNSHARED};

impl Snapshots for SqliteTx<'_> {
    fn snapshot(&self, scope: ScopeId) -> StoreResult<Option<SnapshotRow>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT position, made_at, signed FROM snapshots
                 WHERE county = ?1 AND scope = ?2 AND epoch = (SELECT epoch FROM counties WHERE county = ?1)
                 ORDER BY position DESC LIMIT 1",
            )?
            .query_row(params![self.county(), Bytes(scope.0)], |r| {
                Ok(SnapshotRow {
                    scope,
                    position: unsigned(r.get(0)?),
                    made_at: r.get::<_, Millis>(1)?.0,
                    signed: r.get(2)?,
                })
            })
            .optional()?)
    }

    fn snapshots(&self) -> StoreResult<Vec<SnapshotRow>> {
        let mut query = self.sql().prepare_cached(
            "SELECT scope, position, made_at, signed FROM snapshots
             WHERE county = ?1 AND epoch = (SELECT epoch FROM counties WHERE county = ?1)
             ORDER BY scope, position",
        )?;
        let rows = query.query_map([self.county()], |r| {
            Ok(SnapshotRow {
                scope: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                position: unsigned(r.get(1)?),
                made_at: r.get::<_, Millis>(2)?.0,
                signed: r.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn sign_snapshot(&self, row: &SnapshotRow) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE snapshots SET signed = ?4 WHERE county = ?1 AND scope = ?2 AND position = ?3",
            params![
                self.county(),
                Bytes(row.scope.0),
                signed(row.position),
                row.signed
            ],
        )?;
        Ok(())
    }

    fn put_snapshot(&self, row: &SnapshotRow, parts: &[(Hash32, Vec<u8>)]) -> StoreResult<()> {
        let (county, scope) = (self.county(), Bytes(row.scope.0));
        let position = signed(row.position);
        self.sql().execute(
            "DELETE FROM snapshots WHERE county = ?1 AND scope = ?2
               AND epoch <> (SELECT epoch FROM counties WHERE county = ?1)",
            params![county, scope],
        )?;
        self.sql().execute(
            "INSERT OR REPLACE INTO snapshots (county, scope, position, epoch, made_at, signed)
             SELECT ?1, ?2, ?3, epoch, ?4, ?5 FROM counties WHERE county = ?1",
            params![county, scope, position, Millis(row.made_at), row.signed],
        )?;
        self.sql().execute(
            "DELETE FROM snapshot_parts WHERE county = ?1 AND scope = ?2 AND position = ?3",
            params![county, scope, position],
        )?;
        let mut insert = self.sql().prepare_cached(
            "INSERT OR REPLACE INTO snapshot_parts (county, scope, position, hash, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (hash, bytes) in parts {
            insert.execute(params![county, scope, position, Bytes(hash.0), bytes])?;
        }
        for table in ["snapshots", "snapshot_parts"] {
            self.sql().execute(
                &format!(
                    "DELETE FROM {table} WHERE county = ?1 AND scope = ?2 AND position NOT IN
                       (SELECT position FROM snapshots
                        WHERE county = ?1 AND scope = ?2 ORDER BY position DESC LIMIT 2)"
                ),
                params![county, scope],
            )?;
        }
        Ok(())
    }

    fn snapshot_part(&self, hash: Hash32) -> StoreResult<Option<(ScopeId, Vec<u8>)>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT scope, bytes FROM snapshot_parts WHERE county = ?1 AND hash = ?2 LIMIT 1",
            )?
            .query_row(params![self.county(), Bytes(hash.0)], |r| {
                Ok((ScopeId(r.get::<_, Bytes<8>>(0)?.0), r.get(1)?))
            })
            .optional()?)
    }

    fn drop_snapshots_with(&self, record: RecordId) -> StoreResult<()> {
        self.settle(false)?;
        for table in ["snapshot_parts", "snapshots"] {
            self.sql().execute(
                &format!(
                    "DELETE FROM {table} WHERE county = ?1 AND scope IN (
                       SELECT s.scope FROM segment_records r JOIN segments s ON s.segment = r.segment
                       WHERE r.record = ?2
                       UNION ALL SELECT scope FROM guest_entries WHERE county = ?1 AND record = ?2)"
                ),
                params![self.county(), Bytes(record.0)],
            )?;
        }
        Ok(())
    }

    fn drop_snapshots_of(&self, scope: ScopeId) -> StoreResult<()> {
        for table in ["snapshot_parts", "snapshots"] {
            self.sql().execute(
                &format!("DELETE FROM {table} WHERE county = ?1 AND scope = ?2"),
                params![self.county(), Bytes(scope.0)],
            )?;
        }
        Ok(())
    }

    fn scopes_grown(&self, least: u64) -> StoreResult<Vec<ScopeId>> {
        let mut query = self.sql().prepare_cached(
            "SELECT s.scope FROM scopes s LEFT JOIN (
               SELECT scope, max(position) AS covered FROM snapshots
               WHERE county = ?1 AND epoch = (SELECT epoch FROM counties WHERE county = ?1) GROUP BY scope
             ) c ON c.scope = s.scope
             WHERE s.county = ?1 AND s.position - coalesce(c.covered, 0) >= max(?2, coalesce(c.covered, 0) / 4)
             ORDER BY s.scope",
        )?;
        let rows = query.query_map(params![self.county(), signed(least)], |r| {
            Ok(ScopeId(r.get::<_, Bytes<8>>(0)?.0))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn erasures(&self) -> StoreResult<u64> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT (SELECT count(*) FROM tombstones WHERE county = ?1)
                   + (SELECT coalesce(sum(value), 0) FROM counters WHERE county = ?1 AND name = ?2)",
            )?
            .query_row(params![self.county(), UNSHARED], |r| {
                r.get::<_, i64>(0).map(unsigned)
            })?)
    }
}
