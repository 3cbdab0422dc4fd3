//! [`Snapshots`] on PostgreSQL.

use xunge_protocol::{Hash32, RecordId, ScopeId};

use super::row::{self, signed};
use super::tx::PgTx;
use crate::store::{SnapshotRow, Snapshots, StoreResult, UNSHARED};

impl Snapshots for PgTx<'_> {
    fn snapshot(&self, scope: ScopeId) -> StoreResult<Option<SnapshotRow>> {
        self.query_opt(
            "SELECT position, made_at, signed FROM snapshots
             WHERE county = $1 AND scope = $2 AND epoch = (SELECT epoch FROM counties WHERE county = $1)
             ORDER BY position DESC LIMIT 1",
            &[&self.county(), &scope.0],
        )?
        .map(|r| {
            Ok(SnapshotRow {
                scope,
                position: row::number(&r, 0)?,
                made_at: row::time(&r, 1)?,
                signed: r.try_get(2)?,
            })
        })
        .transpose()
    }

    fn snapshots(&self) -> StoreResult<Vec<SnapshotRow>> {
        self.query(
            "SELECT scope, position, made_at, signed FROM snapshots
             WHERE county = $1 AND epoch = (SELECT epoch FROM counties WHERE county = $1)
             ORDER BY scope, position",
            &[&self.county()],
        )?
        .iter()
        .map(|r| {
            Ok(SnapshotRow {
                scope: row::scope(r, 0)?,
                position: row::number(r, 1)?,
                made_at: row::time(r, 2)?,
                signed: r.try_get(3)?,
            })
        })
        .collect()
    }

    fn sign_snapshot(&self, row: &SnapshotRow) -> StoreResult<()> {
        self.execute(
            "UPDATE snapshots SET signed = $4 WHERE county = $1 AND scope = $2 AND position = $3",
            &[
                &self.county(),
                &row.scope.0,
                &signed(row.position),
                &row.signed,
            ],
        )?;
        Ok(())
    }

    fn put_snapshot(&self, row: &SnapshotRow, parts: &[(Hash32, Vec<u8>)]) -> StoreResult<()> {
        let (county, scope, position) = (self.county(), row.scope.0, signed(row.position));
        self.execute(
            "DELETE FROM snapshots WHERE county = $1 AND scope = $2
               AND epoch <> (SELECT epoch FROM counties WHERE county = $1)",
            &[&county, &scope],
        )?;
        self.execute(
            "INSERT INTO snapshots (county, scope, position, epoch, made_at, signed)
             SELECT $1::bigint, $2::bytea, $3::bigint, epoch, $4::bigint, $5::bytea FROM counties WHERE county = $1
             ON CONFLICT (county, scope, position) DO UPDATE
               SET made_at = excluded.made_at, signed = excluded.signed",
            &[&county, &scope, &position, &row.made_at.0, &row.signed],
        )?;
        self.execute(
            "DELETE FROM snapshot_parts WHERE county = $1 AND scope = $2 AND position = $3",
            &[&county, &scope, &position],
        )?;
        for (hash, bytes) in parts {
            self.execute(
                "INSERT INTO snapshot_parts (county, scope, position, hash, bytes)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[&county, &scope, &position, &hash.0, bytes],
            )?;
        }
        for table in ["snapshots", "snapshot_parts"] {
            self.execute(
                &format!(
                    "DELETE FROM {table} WHERE county = $1 AND scope = $2 AND position NOT IN
                       (SELECT position FROM snapshots
                        WHERE county = $1 AND scope = $2 ORDER BY position DESC LIMIT 2)"
                ),
                &[&county, &scope],
            )?;
        }
        Ok(())
    }

    fn snapshot_part(&self, hash: Hash32) -> StoreResult<Option<(ScopeId, Vec<u8>)>> {
        self.query_opt(
            "SELECT scope, bytes FROM snapshot_parts WHERE county = $1 AND hash = $2 LIMIT 1",
            &[&self.county(), &hash.0],
        )?
        .map(|r| Ok((row::scope(&r, 0)?, r.try_get(1)?)))
        .transpose()
    }

    fn drop_snapshots_with(&self, record: RecordId) -> StoreResult<()> {
        self.settle()?;
        for table in ["snapshot_parts", "snapshots"] {
            self.execute(
                &format!(
                    "DELETE FROM {table} WHERE county = $1 AND EXISTS (
                       SELECT 1 FROM log_records r
                       WHERE r.county = $1 AND r.scope = {table}.scope AND r.record = $2
                       UNION ALL SELECT 1 FROM guest_entries g
                       WHERE g.county = $1 AND g.scope = {table}.scope AND g.record = $2)"
                ),
                &[&self.county(), &record.0],
            )?;
        }
        Ok(())
    }

    fn drop_snapshots_of(&self, scope: ScopeId) -> StoreResult<()> {
        for table in ["snapshot_parts", "snapshots"] {
            self.execute(
                &format!("DELETE FROM {table} WHERE county = $1 AND scope = $2"),
                &[&self.county(), &scope.0],
            )?;
        }
        Ok(())
    }

    fn scopes_grown(&self, least: u64) -> StoreResult<Vec<ScopeId>> {
        self.query(
            "SELECT s.scope FROM scopes s LEFT JOIN (
               SELECT scope, max(position) AS covered FROM snapshots
               WHERE county = $1 AND epoch = (SELECT epoch FROM counties WHERE county = $1) GROUP BY scope
             ) c ON c.scope = s.scope
             WHERE s.county = $1
               AND s.position - coalesce(c.covered, 0) >= greatest($2::bigint, coalesce(c.covered, 0) / 4)
             ORDER BY s.scope",
            &[&self.county(), &signed(least)],
        )?
        .iter()
        .map(|r| row::scope(r, 0))
        .collect()
    }

    fn erasures(&self) -> StoreResult<u64> {
        self.query_opt(
            "SELECT (SELECT count(*) FROM tombstones WHERE county = $1)
               + (SELECT coalesce(sum(value), 0)::bigint FROM counters WHERE county = $1 AND name = $2)",
            &[&self.county(), &UNSHARED],
        )?
        .map_or(Ok(0), |r| row::number(&r, 0))
    }
}
