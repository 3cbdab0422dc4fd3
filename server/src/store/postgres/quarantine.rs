//! [`Quarantine`] on PostgreSQL.

use tokio_postgres::Row;
use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp};

use super::row::{self, Text, clean, signed};
use super::tx::{PgTx, kept};
use crate::store::{
    EntryId, EntryRow, Quarantine, QuarantineRow, QuarantineState, StoreError, StoreResult,
};

const COLUMNS: &str =
    "q.scope, q.writer, q.idx, q.ordinal, q.record, q.kind, q.code, q.detail, q.state,
    q.created_at, q.decided_at, q.decided_by, q.reason";

fn quarantine_row(r: &Row) -> StoreResult<QuarantineRow> {
    let id = EntryId {
        scope: row::scope(r, 0)?,
        writer: row::writer(r, 1)?,
        index: row::number(r, 2)?,
        ordinal: row::number(r, 3)?,
    };
    let corrupt = || StoreError::Corrupt(format!("quarantine row {id}"));
    let code: String = r.try_get(6)?;
    Ok(QuarantineRow {
        id,
        record: row::record(r, 4)?,
        kind: row::entry_kind(r, 5)?,
        code: serde_json::from_value(code.into()).map_err(|_| corrupt())?,
        detail: r.try_get(7)?,
        state: QuarantineState::from_name(r.try_get(8)?).ok_or_else(corrupt)?,
        created_at: row::time(r, 9)?,
        decided_at: row::maybe_time(r, 10)?,
        decided_by: r.try_get(11)?,
        reason: r.try_get(12)?,
    })
}

impl Quarantine for PgTx<'_> {
    fn insert_quarantine(&self, row: &QuarantineRow) -> StoreResult<()> {
        self.later(
            "INSERT INTO quarantine (county, scope, writer, idx, ordinal, record, kind, code, detail,
               state, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            kept![
                self.county(),
                row.id.scope.0,
                row.id.writer.0,
                signed(row.id.index),
                i64::from(row.id.ordinal),
                row.record.0,
                i64::from(row.kind.0),
                row.code.name(),
                row.detail.as_deref().map(|t| clean(t).into_owned()),
                row.state.name(),
                row.created_at.0
            ],
        );
        Ok(())
    }

    fn quarantined(&self, id: EntryId) -> StoreResult<Option<QuarantineRow>> {
        self.query_opt(
            &format!(
                "SELECT {COLUMNS} FROM quarantine q
                 WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4 AND ordinal = $5"
            ),
            &[
                &self.county(),
                &id.scope.0,
                &id.writer.0,
                &signed(id.index),
                &i64::from(id.ordinal),
            ],
        )?
        .map(|r| quarantine_row(&r))
        .transpose()
    }

    fn quarantine(
        &self,
        state: Option<QuarantineState>,
        scopes: Option<&[ScopeId]>,
        after: Option<EntryId>,
        limit: usize,
    ) -> StoreResult<Vec<QuarantineRow>> {
        let after = after.map(|id| self.quarantined(id)).transpose()?.flatten();
        let id = after.as_ref().map(|row| row.id);
        let rows = self.query(
            &format!(
                "SELECT {COLUMNS} FROM quarantine q
                 WHERE county = $1 AND ($2::text IS NULL OR state = $2)
                   AND ($3::bytea[] IS NULL OR scope = ANY($3))
                   AND ($5::bytea IS NULL OR (created_at, scope, writer, idx, ordinal) > ($4, $5, $6, $7, $8))
                 ORDER BY created_at, scope, writer, idx, ordinal LIMIT $9"
            ),
            &[
                &self.county(),
                &state.map(QuarantineState::name),
                &scopes.map(row::scopes),
                &after.as_ref().map(|row| row.created_at.0),
                &id.map(|i| i.scope.0),
                &id.map(|i| i.writer.0),
                &id.map(|i| signed(i.index)),
                &id.map(|i| i64::from(i.ordinal)),
                &signed(limit as u64),
            ],
        )?;
        rows.iter().map(quarantine_row).collect()
    }

    fn has_waiting(&self, scope: ScopeId) -> StoreResult<bool> {
        let found = self.query(
            "SELECT 1 FROM quarantine WHERE county = $1 AND scope = $2 AND state = 'waiting' LIMIT 1",
            &[&self.county(), &scope.0],
        )?;
        Ok(!found.is_empty())
    }

    fn quarantine_of(
        &self,
        scope: ScopeId,
        record: RecordId,
        state: QuarantineState,
    ) -> StoreResult<Vec<(QuarantineRow, EntryRow)>> {
        let rows = self.query(
            &format!(
                "SELECT {COLUMNS} FROM quarantine q
                 WHERE q.county = $1 AND q.scope = $2 AND q.record = $3 AND q.state = $4
                 ORDER BY q.created_at, q.writer, q.idx, q.ordinal"
            ),
            &[&self.county(), &scope.0, &record.0, &state.name()],
        )?;
        let mut found = Vec::with_capacity(rows.len());
        for r in &rows {
            let row = quarantine_row(r)?;
            let opened = self.open_at(scope, row.id.writer, row.id.index)?;
            let entry = opened.and_then(|opened| opened.row(row.id.ordinal as usize));
            let entry =
                entry.ok_or_else(|| StoreError::Corrupt(format!("entry {} is nowhere", row.id)))?;
            found.push((row, entry));
        }
        Ok(found)
    }

    fn decide_quarantine(
        &self,
        id: EntryId,
        state: QuarantineState,
        at: Timestamp,
        by: &str,
        reason: &str,
    ) -> StoreResult<()> {
        self.execute(
            "UPDATE quarantine SET state = $6, decided_at = $7, decided_by = $8, reason = $9
             WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4 AND ordinal = $5",
            &[
                &self.county(),
                &id.scope.0,
                &id.writer.0,
                &signed(id.index),
                &i64::from(id.ordinal),
                &state.name(),
                &at.0,
                &Text(by),
                &Text(reason),
            ],
        )?;
        Ok(())
    }

    fn has_change(&self, scope: ScopeId, record: RecordId, change: Hash32) -> StoreResult<bool> {
        let is = |row: &EntryRow| row.position.is_some() && row.change == change;
        if self.state.borrow().pending.accepted(scope, record).any(is) {
            return Ok(true);
        }
        let segments = self.segments_of(scope, &[record])?;
        let mut rows = segments
            .iter()
            .flat_map(|(_, opened)| opened.rows_of(record));
        Ok(rows.any(|row| is(&row)))
    }
}
