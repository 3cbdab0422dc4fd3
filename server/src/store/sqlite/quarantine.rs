//! [`Quarantine`] on SQLite.

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::{EntryKind, Hash32, RecordId, RefusalCode, ScopeId, Timestamp, WriterId};

use super::SqliteTx;
use super::row::{self, Bytes, Millis, signed, unsigned};
use crate::store::{
    EntryId, EntryRow, Quarantine, QuarantineRow, QuarantineState, StoreError, StoreResult,
};

const COLUMNS: &str =
    "q.scope, q.writer, q.idx, q.ordinal, q.record, q.kind, q.code, q.detail, q.state,
    q.created_at, q.decided_at, q.decided_by, q.reason";

/// A row whose code and state are still text.
struct Raw {
    row: QuarantineRow,
    code: String,
    state: String,
}

fn raw(r: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        row: QuarantineRow {
            id: EntryId {
                scope: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                writer: WriterId(r.get::<_, Bytes<8>>(1)?.0),
                index: unsigned(r.get(2)?),
                ordinal: r.get(3)?,
            },
            record: RecordId(r.get::<_, Bytes<13>>(4)?.0),
            kind: EntryKind(r.get(5)?),
            code: RefusalCode::Malformed,
            detail: r.get(7)?,
            state: QuarantineState::Waiting,
            created_at: r.get::<_, Millis>(9)?.0,
            decided_at: row::time(r, 10)?,
            decided_by: r.get(11)?,
            reason: r.get(12)?,
        },
        code: r.get(6)?,
        state: r.get(8)?,
    })
}

impl Raw {
    fn decode(self) -> StoreResult<QuarantineRow> {
        let corrupt = || StoreError::Corrupt(format!("quarantine row {}", self.row.id));
        Ok(QuarantineRow {
            code: serde_json::from_value(self.code.clone().into()).map_err(|_| corrupt())?,
            state: QuarantineState::from_name(&self.state).ok_or_else(corrupt)?,
            ..self.row.clone()
        })
    }
}

impl Quarantine for SqliteTx<'_> {
    fn insert_quarantine(&self, row: &QuarantineRow) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT INTO quarantine (county, scope, writer, idx, ordinal, record, kind, code, detail,
                   state, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                self.county(),
                Bytes(row.id.scope.0),
                Bytes(row.id.writer.0),
                signed(row.id.index),
                row.id.ordinal,
                Bytes(row.record.0),
                row.kind.0,
                row.code.name(),
                row.detail,
                row.state.name(),
                Millis(row.created_at)
            ])?;
        Ok(())
    }

    fn quarantined(&self, id: EntryId) -> StoreResult<Option<QuarantineRow>> {
        self.sql()
            .query_row(
                &format!(
                    "SELECT {COLUMNS} FROM quarantine q
                     WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4 AND ordinal = ?5"
                ),
                params![
                    self.county(),
                    Bytes(id.scope.0),
                    Bytes(id.writer.0),
                    signed(id.index),
                    id.ordinal
                ],
                raw,
            )
            .optional()?
            .map(Raw::decode)
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
        let (at, id) = match &after {
            Some(row) => (row.created_at.0, Some(row.id)),
            None => (i64::MIN, None),
        };
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM quarantine q
             WHERE county = ?1 AND (?2 IS NULL OR state = ?2)
               AND (?3 IS NULL OR lower(hex(scope)) IN (SELECT value FROM json_each(?3)))
               AND (?5 IS NULL OR (created_at, scope, writer, idx, ordinal) > (?4, ?5, ?6, ?7, ?8))
             ORDER BY created_at, scope, writer, idx, ordinal LIMIT ?9"
        ))?;
        let rows = query.query_map(
            params![
                self.county(),
                state.map(QuarantineState::name),
                scopes.map(row::scope_list),
                at,
                id.map(|i| Bytes(i.scope.0)),
                id.map(|i| Bytes(i.writer.0)),
                id.map(|i| signed(i.index)),
                id.map(|i| i.ordinal),
                signed(limit as u64)
            ],
            raw,
        )?;
        rows.map(|r| r?.decode()).collect()
    }

    fn has_waiting(&self, scope: ScopeId) -> StoreResult<bool> {
        let mut query = self.sql().prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM quarantine INDEXED BY quarantine_waiting
                            WHERE county = ?1 AND state = 'waiting' AND scope = ?2)",
        )?;
        let found = query.query_row(params![self.county(), Bytes(scope.0)], |r| r.get(0))?;
        Ok(found)
    }

    // The index is named: SQLite would go through everything that was ever quarantined in the scope, for each record.
    fn quarantine_of(
        &self,
        scope: ScopeId,
        record: RecordId,
        state: QuarantineState,
    ) -> StoreResult<Vec<(QuarantineRow, EntryRow)>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM quarantine q INDEXED BY quarantine_by_record
             WHERE q.county = ?1 AND q.scope = ?2 AND q.record = ?3 AND q.state = ?4
             ORDER BY q.created_at, q.writer, q.idx, q.ordinal"
        ))?;
        let rows = query.query_map(
            params![self.county(), Bytes(scope.0), Bytes(record.0), state.name()],
            raw,
        )?;
        let mut found = Vec::new();
        for row in rows {
            let row = row?.decode()?;
            let opened = self.open_at(scope, row.id.writer, row.id.index)?;
            let entry = opened.and_then(|(_, opened)| opened.row(row.id.ordinal as usize));
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
        self.sql().execute(
            "UPDATE quarantine SET state = ?6, decided_at = ?7, decided_by = ?8, reason = ?9
             WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4 AND ordinal = ?5",
            params![
                self.county(),
                Bytes(id.scope.0),
                Bytes(id.writer.0),
                signed(id.index),
                id.ordinal,
                state.name(),
                Millis(at),
                by,
                reason
            ],
        )?;
        Ok(())
    }

    fn has_change(&self, scope: ScopeId, record: RecordId, change: Hash32) -> StoreResult<bool> {
        let is = |row: &EntryRow| row.position.is_some() && row.change == change;
        if self.pending.borrow().accepted(scope, record).any(is) {
            return Ok(true);
        }
        for (number, ..) in self.segments_of(record, Some(scope))? {
            if self
                .open_number(number)?
                .rows_of(record)
                .any(|row| is(&row))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
