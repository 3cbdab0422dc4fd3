//! [`Erasure`] on SQLite. What is deleted here is gone from the file after [`super::SqliteStore::scrub`].

use rusqlite::{OptionalExtension as _, params};
use xunge_planted::Bug;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::SqliteTx;
use super::row::{self, Bytes, Millis};
use crate::store::{Erasure, Snapshots as _, StoreResult, TombstoneRow};

impl SqliteTx<'_> {
    /// Removes the bodies of a record's changes from every segment that has one.
    fn empty(&self, record: RecordId) -> StoreResult<()> {
        self.settle(false)?;
        for (number, _, writer, _) in self.segments_of(record, None)? {
            let rows = self.open_number(number)?.without(record);
            self.rewrite(number, writer, &rows)?;
        }
        Ok(())
    }
}

impl Erasure for SqliteTx<'_> {
    fn tombstone(&self, record: RecordId) -> StoreResult<Option<TombstoneRow>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT scope, erased_at, successor FROM tombstones WHERE county = ?1 AND record = ?2",
            )?
            .query_row(params![self.county(), Bytes(record.0)], |r| {
                Ok(TombstoneRow {
                    record,
                    scope: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                    erased_at: r.get::<_, Millis>(1)?.0,
                    successor: row::record(r, 2)?,
                })
            })
            .optional()?)
    }

    fn quarantined_in(&self, record: RecordId) -> StoreResult<Option<ScopeId>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT scope FROM quarantine WHERE county = ?1 AND record = ?2 LIMIT 1",
            )?
            .query_row(params![self.county(), Bytes(record.0)], |r| {
                Ok(ScopeId(r.get::<_, Bytes<8>>(0)?.0))
            })
            .optional()?)
    }

    fn bury(&self, tombstone: &TombstoneRow) -> StoreResult<()> {
        let (county, record) = (self.county(), Bytes(tombstone.record.0));
        self.sql().execute(
            "INSERT OR REPLACE INTO tombstones (county, scope, record, erased_at, successor)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                county,
                Bytes(tombstone.scope.0),
                record,
                Millis(tombstone.erased_at),
                tombstone.successor.map(|s| Bytes(s.0))
            ],
        )?;
        // Copies may lie in the quarantine of other scopes.
        let successor = tombstone.successor.map(|s| Bytes(s.0));
        for sql in [
            "UPDATE external_refs SET record = ?3 WHERE county = ?1 AND record = ?2 AND ?3 IS NOT NULL",
            "DELETE FROM external_refs WHERE county = ?1 AND record = ?2 AND ?3 IS NULL",
            "UPDATE records SET household = ?3 WHERE county = ?1 AND household = ?2",
        ] {
            self.sql()
                .execute(sql, params![county, record, successor])?;
        }
        for sql in [
            "DELETE FROM records WHERE county = ?1 AND record = ?2",
            "UPDATE quarantine SET state = 'rejected', detail = NULL, reason = NULL
             WHERE county = ?1 AND record = ?2",
            "DELETE FROM reveals WHERE county = ?1 AND record = ?2",
        ] {
            self.sql().execute(sql, params![county, record])?;
        }
        self.empty(tombstone.record)?;
        if xunge_planted::is_on(Bug::SnapshotKeptAfterErasure) {
            return Ok(());
        }
        self.drop_snapshots_with(tombstone.record)
    }

    fn records_holding(&self, texts: &[&str]) -> StoreResult<Vec<(ScopeId, RecordId, Kind)>> {
        let texts = serde_json::Value::from(texts).to_string();
        let mut query = self.sql().prepare_cached(
            "SELECT scope, record, kind FROM records
             WHERE county = ?1
               AND NOT EXISTS (SELECT 1 FROM json_each(?2) WHERE instr(plain_json(records.json), value) = 0
                 AND lower(hex(records.record)) <> value)
             ORDER BY record",
        )?;
        let rows = query.query_map(params![self.county(), texts], |r| {
            Ok((
                ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                RecordId(r.get::<_, Bytes<13>>(1)?.0),
                super::records::kind(r, 2)?,
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
