//! [`Erasure`] on PostgreSQL. What is deleted here is gone from the tables' files after [`super::PgStore::scrub`].

use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::row::{self, clean};
use super::tx::PgTx;
use crate::store::{Erasure, Snapshots as _, StoreResult, TombstoneRow};

pub(super) const TOMBSTONE: &str = "record, scope, erased_at, successor";

pub(super) fn tombstone(r: &tokio_postgres::Row) -> StoreResult<TombstoneRow> {
    Ok(TombstoneRow {
        record: row::record(r, 0)?,
        scope: row::scope(r, 1)?,
        erased_at: row::time(r, 2)?,
        successor: row::maybe_record(r, 3)?,
    })
}

impl Erasure for PgTx<'_> {
    fn tombstone(&self, record: RecordId) -> StoreResult<Option<TombstoneRow>> {
        if let Some(known) = self.state.borrow().tombstones.get(&record) {
            return Ok(*known);
        }
        self.query_opt(
            &format!("SELECT {TOMBSTONE} FROM tombstones WHERE county = $1 AND record = $2"),
            &[&self.county(), &record.0],
        )?
        .map(|r| tombstone(&r))
        .transpose()
    }

    fn expect_tombstones(&self, records: &[RecordId]) -> StoreResult<()> {
        let mut ids = Vec::new();
        for record in records {
            if !self.state.borrow().tombstones.contains_key(record) {
                ids.push(record.0.to_vec());
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let sql =
            format!("SELECT {TOMBSTONE} FROM tombstones WHERE county = $1 AND record = ANY($2)");
        let found = self.query(&sql, &[&self.county(), &ids])?;
        let mut state = self.state.borrow_mut();
        for record in records {
            state.tombstones.entry(*record).or_insert(None);
        }
        for r in &found {
            let row = tombstone(r)?;
            state.tombstones.insert(row.record, Some(row));
        }
        Ok(())
    }

    fn quarantined_in(&self, record: RecordId) -> StoreResult<Option<ScopeId>> {
        self.query_opt(
            "SELECT scope FROM quarantine WHERE county = $1 AND record = $2 LIMIT 1",
            &[&self.county(), &record.0],
        )?
        .map(|r| row::scope(&r, 0))
        .transpose()
    }

    fn bury(&self, tombstone: &TombstoneRow) -> StoreResult<()> {
        let (county, record) = (self.county(), tombstone.record.0);
        let successor = tombstone.successor.map(|s| s.0);
        self.execute(
            "INSERT INTO tombstones (county, scope, record, erased_at, successor) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (county, scope, record) DO UPDATE
               SET erased_at = excluded.erased_at, successor = excluded.successor",
            &[
                &county,
                &tombstone.scope.0,
                &record,
                &tombstone.erased_at.0,
                &successor,
            ],
        )?;
        // Copies may lie in the quarantine of other scopes.
        for sql in [
            "UPDATE external_refs SET record = $3 WHERE county = $1 AND record = $2 AND $3::bytea IS NOT NULL",
            "DELETE FROM external_refs WHERE county = $1 AND record = $2 AND $3::bytea IS NULL",
            "UPDATE records SET household = $3 WHERE county = $1 AND household = $2",
        ] {
            self.execute(sql, &[&county, &record, &successor])?;
        }
        for sql in [
            "DELETE FROM records WHERE county = $1 AND record = $2",
            "UPDATE quarantine SET state = 'rejected', detail = NULL, reason = NULL
             WHERE county = $1 AND record = $2",
            "DELETE FROM reveals WHERE county = $1 AND record = $2",
        ] {
            self.execute(sql, &[&county, &record])?;
        }
        self.empty(tombstone.record)?;
        self.drop_snapshots_with(tombstone.record)?;
        let mut state = self.state.borrow_mut();
        state.tombstones.clear();
        state.places.clear();
        state.records.clear();
        state.changes.clear();
        Ok(())
    }

    fn records_holding(&self, texts: &[&str]) -> StoreResult<Vec<(ScopeId, RecordId, Kind)>> {
        let texts: Vec<String> = texts.iter().map(|t| clean(t).into_owned()).collect();
        let rows = self.query(
            "SELECT scope, record, kind FROM records
             WHERE county = $1 AND NOT EXISTS (SELECT 1 FROM unnest($2::text[]) t
                 WHERE strpos(json::text, t) = 0 AND encode(record, 'hex') <> t)
             ORDER BY record",
            &[&self.county(), &texts],
        )?;
        rows.iter()
            .map(|r| Ok((row::scope(r, 0)?, row::record(r, 1)?, row::kind(r, 2)?)))
            .collect()
    }
}
