//! [`Records`] on PostgreSQL.

use std::collections::HashMap;

use tokio_postgres::Row;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::erasure::{TOMBSTONE, tombstone};
use super::row::{self, signed};
use super::tx::PgTx;
use crate::store::{RecordPlace, RecordRow, Records, StoreResult};

pub(super) const COLUMNS: &str = "scope, record, kind, writer, received_at, updated_at, sequence, late, state, review, number,
    owner, owner_scope, level, deadline, hops, version, closed, conflicts, without_effect, proposals, household,
    warning, day, json::text";

pub(super) fn record(r: &Row) -> StoreResult<RecordRow> {
    Ok(RecordRow {
        scope: row::scope(r, 0)?,
        record: row::record(r, 1)?,
        kind: row::kind(r, 2)?,
        writer: row::writer(r, 3)?,
        received_at: row::time(r, 4)?,
        updated_at: row::time(r, 5)?,
        sequence: row::number(r, 6)?,
        late: r.try_get(7)?,
        state: r.try_get(8)?,
        review: r.try_get(9)?,
        number: r.try_get(10)?,
        owner: r.try_get(11)?,
        owner_scope: row::maybe_scope(r, 12)?,
        level: r.try_get(13)?,
        deadline: row::maybe_time(r, 14)?,
        hops: row::number(r, 15)?,
        version: row::number(r, 16)?,
        closed: r.try_get(17)?,
        conflicts: row::number(r, 18)?,
        without_effect: row::number(r, 19)?,
        proposals: row::number(r, 20)?,
        household: row::maybe_record(r, 21)?,
        warning: row::maybe_record(r, 22)?,
        day: r.try_get(23)?,
        json: r.try_get(24)?,
    })
}

fn place(r: &Row, at: usize) -> StoreResult<RecordPlace> {
    Ok(RecordPlace {
        scope: row::scope(r, at)?,
        kind: row::kind(r, at + 1)?,
    })
}

impl PgTx<'_> {
    /// Bodies of the accepted changes of some records that were not erased, by position.
    fn changes_of(
        &self,
        scope: ScopeId,
        records: &[RecordId],
    ) -> StoreResult<HashMap<RecordId, Vec<Vec<u8>>>> {
        let mut found: HashMap<RecordId, Vec<(u64, Vec<u8>)>> =
            records.iter().map(|id| (*id, Vec::new())).collect();
        let segments = self.segments_of(scope, records)?;
        let state = self.state.borrow();
        for (id, all) in &mut found {
            let stored = segments.iter().flat_map(|(_, opened)| opened.rows_of(*id));
            let pending = state.pending.accepted(scope, *id).cloned();
            all.extend(stored.chain(pending).filter_map(|row| {
                let body = row.entry.body;
                let position = row.position.filter(|_| !body.is_empty())?;
                Some((position, body))
            }));
            all.sort_unstable_by_key(|(position, _)| *position);
        }
        let bodies = |all: Vec<(u64, Vec<u8>)>| all.into_iter().map(|(_, body)| body).collect();
        Ok(found
            .into_iter()
            .map(|(id, all)| (id, bodies(all)))
            .collect())
    }
}

impl Records for PgTx<'_> {
    fn expect_records(&self, scope: ScopeId, records: &[RecordId]) -> StoreResult<()> {
        self.hold_to_write(scope)?;
        let ids: Vec<Vec<u8>> = records.iter().map(|r| r.0.to_vec()).collect();
        let county = self.county();
        let places =
            "SELECT record, scope, kind FROM records WHERE county = $1 AND record = ANY($2)";
        let rows = format!(
            "SELECT {COLUMNS} FROM records WHERE county = $1 AND scope = $2 AND record = ANY($3)"
        );
        let tombstones =
            format!("SELECT {TOMBSTONE} FROM tombstones WHERE county = $1 AND record = ANY($2)");
        let found = self.query_together(&[
            (places, &[&county, &ids]),
            (&rows, &[&county, &scope.0, &ids]),
            (&tombstones, &[&county, &ids]),
        ])?;
        let changes = self.changes_of(scope, records)?;
        let mut state = self.state.borrow_mut();
        for id in records {
            state.tombstones.insert(*id, None);
            state.places.insert(*id, None);
            state.records.insert((scope, *id), None);
        }
        for (id, all) in changes {
            state.changes.insert((scope, id), all);
        }
        let [places, rows, tombstones] = &found[..] else {
            return Ok(());
        };
        for r in tombstones {
            let row = tombstone(r)?;
            state.tombstones.insert(row.record, Some(row));
        }
        for r in places {
            state.places.insert(row::record(r, 0)?, Some(place(r, 1)?));
        }
        for r in rows {
            let row = record(r)?;
            state.records.insert((scope, row.record), Some(row));
        }
        Ok(())
    }

    fn find_record(&self, id: RecordId) -> StoreResult<Option<RecordPlace>> {
        if let Some(known) = self.state.borrow().places.get(&id) {
            return Ok(*known);
        }
        self.query_opt(
            "SELECT scope, kind FROM records WHERE county = $1 AND record = $2",
            &[&self.county(), &id.0],
        )?
        .map(|r| place(&r, 0))
        .transpose()
    }

    fn record(&self, scope: ScopeId, id: RecordId) -> StoreResult<Option<RecordRow>> {
        if let Some(known) = self.state.borrow().records.get(&(scope, id)) {
            return Ok(known.clone());
        }
        self.query_opt(
            &format!(
                "SELECT {COLUMNS} FROM records WHERE county = $1 AND scope = $2 AND record = $3"
            ),
            &[&self.county(), &scope.0, &id.0],
        )?
        .map(|r| record(&r))
        .transpose()
    }

    fn put_record(&self, row: &RecordRow) -> StoreResult<()> {
        let mut state = self.state.borrow_mut();
        state.places.remove(&row.record);
        state.records.remove(&(row.scope, row.record));
        state.rows.push(row);
        Ok(())
    }

    fn changes(&self, scope: ScopeId, id: RecordId) -> StoreResult<Vec<Vec<u8>>> {
        // A document that is about to be changed: nobody else may change it meanwhile.
        self.hold_to_write(scope)?;
        if let Some(known) = self.state.borrow().changes.get(&(scope, id)) {
            return Ok(known.clone());
        }
        let mut found = self.changes_of(scope, &[id])?;
        Ok(found.remove(&id).unwrap_or_default())
    }

    fn records_after(
        &self,
        sequence: u64,
        kind: Option<Kind>,
        scopes: Option<&[ScopeId]>,
        limit: usize,
    ) -> StoreResult<Vec<RecordRow>> {
        let rows = self.query(
            &format!(
                "SELECT {COLUMNS} FROM records
                 WHERE county = $1 AND sequence > $2 AND ($3::bigint IS NULL OR kind = $3)
                   AND ($4::bytea[] IS NULL OR scope = ANY($4))
                 ORDER BY sequence LIMIT $5"
            ),
            &[
                &self.county(),
                &signed(sequence),
                &kind.map(|k| i64::from(k.entry_kind().0)),
                &scopes.map(row::scopes),
                &signed(limit as u64),
            ],
        )?;
        rows.iter().map(record).collect()
    }
}
