//! [`Records`] on SQLite.

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::{EntryKind, RecordId, ScopeId, WriterId};
use xunge_records::Kind;

use super::SqliteTx;
use super::counters::Counter;
use super::json;
use super::row::{self, Bytes, Millis, signed, unsigned};
use crate::store::{EntryRow, RecordPlace, RecordRow, Records, StoreResult};

pub(super) const COLUMNS: &str = "scope, record, kind, writer, received_at, coalesce(updated_at, received_at), sequence, late, state, review, number,
    owner, owner_scope, level, deadline, hops, version, closed, conflicts, without_effect, proposals, household,
    warning, day, json";

const NAMES: &str = "scope, record, kind, writer, received_at, updated_at, sequence, late, state, review, number,
    owner, owner_scope, level, deadline, hops, version, closed, conflicts, without_effect, proposals, household,
    warning, day, json";

pub(super) fn kind(r: &Row<'_>, at: usize) -> rusqlite::Result<Kind> {
    let number: u8 = r.get(at)?;
    Kind::from_entry_kind(EntryKind(number)).ok_or(rusqlite::Error::IntegralValueOutOfRange(
        at,
        i64::from(number),
    ))
}

pub(super) fn record(r: &Row<'_>) -> rusqlite::Result<RecordRow> {
    let id = RecordId(r.get::<_, Bytes<13>>(1)?.0);
    let writer = r.get::<_, Option<Bytes<8>>>(3)?.map(|b| WriterId(b.0));
    Ok(RecordRow {
        scope: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
        record: id,
        kind: kind(r, 2)?,
        // None where the id says it.
        writer: writer.or(id.opener()).unwrap_or(WriterId([0; 8])),
        received_at: r.get::<_, Millis>(4)?.0,
        updated_at: r.get::<_, Millis>(5)?.0,
        sequence: unsigned(r.get(6)?),
        late: r.get(7)?,
        state: r.get(8)?,
        review: r.get(9)?,
        number: r.get(10)?,
        owner: r.get(11)?,
        owner_scope: row::scope(r, 12)?,
        level: r.get(13)?,
        deadline: row::time(r, 14)?,
        hops: r.get(15)?,
        version: r.get(16)?,
        closed: r.get(17)?,
        conflicts: r.get(18)?,
        without_effect: r.get(19)?,
        proposals: r.get(20)?,
        household: row::record(r, 21)?,
        warning: row::record(r, 22)?,
        day: r.get(23)?,
        json: json::text(r, 24)?,
    })
}

/// The change of an accepted entry that was not erased, by position.
fn change(row: EntryRow) -> Option<(u64, Vec<u8>)> {
    let body = row.entry.body;
    row.position
        .filter(|_| !body.is_empty())
        .map(|position| (position, body))
}

impl Records for SqliteTx<'_> {
    fn find_record(&self, id: RecordId) -> StoreResult<Option<RecordPlace>> {
        Ok(self
            .sql()
            .prepare_cached("SELECT scope, kind FROM records WHERE county = ?1 AND record = ?2")?
            .query_row(params![self.county(), Bytes(id.0)], |r| {
                Ok(RecordPlace {
                    scope: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                    kind: kind(r, 1)?,
                })
            })
            .optional()?)
    }

    fn record(&self, scope: ScopeId, id: RecordId) -> StoreResult<Option<RecordRow>> {
        Ok(self
            .sql()
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM records WHERE county = ?1 AND scope = ?2 AND record = ?3"
            ))?
            .query_row(params![self.county(), Bytes(scope.0), Bytes(id.0)], record)
            .optional()?)
    }

    fn put_record(&self, row: &RecordRow) -> StoreResult<()> {
        let sequence = signed(self.next(Counter::Sequence)?);
        self.sql()
            .prepare_cached(&format!(
                "INSERT OR REPLACE INTO records (county, {NAMES})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                   ?20, ?21, ?22, ?23, ?24, ?25, ?26)"
            ))?
            .execute(params![
                self.county(),
                Bytes(row.scope.0),
                Bytes(row.record.0),
                row.kind.entry_kind().0,
                (row.record.opener() != Some(row.writer)).then_some(Bytes(row.writer.0)),
                Millis(row.received_at),
                (row.updated_at != row.received_at).then_some(Millis(row.updated_at)),
                sequence,
                row.late,
                row.state,
                row.review,
                row.number,
                row.owner,
                row.owner_scope.map(|s| Bytes(s.0)),
                row.level,
                row.deadline.map(Millis),
                row.hops,
                row.version,
                row.closed,
                row.conflicts,
                row.without_effect,
                row.proposals,
                row.household.map(|h| Bytes(h.0)),
                row.warning.map(|w| Bytes(w.0)),
                row.day,
                json::kept(row.kind, &row.json)?
            ])?;
        Ok(())
    }

    fn changes(&self, scope: ScopeId, id: RecordId) -> StoreResult<Vec<Vec<u8>>> {
        let mut all: Vec<(u64, Vec<u8>)> = Vec::new();
        for (number, ..) in self.segments_of(id, Some(scope))? {
            let opened = self.open_number(number)?;
            all.extend(opened.rows_of(id).filter_map(change));
        }
        let pending = self.pending.borrow();
        all.extend(pending.accepted(scope, id).cloned().filter_map(change));
        all.sort_unstable_by_key(|(position, _)| *position);
        Ok(all.into_iter().map(|(_, body)| body).collect())
    }

    fn records_after(
        &self,
        sequence: u64,
        kind: Option<Kind>,
        scopes: Option<&[ScopeId]>,
        limit: usize,
    ) -> StoreResult<Vec<RecordRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM records
             WHERE county = ?1 AND sequence > ?2 AND (?3 IS NULL OR kind = ?3)
               AND (?4 IS NULL OR lower(hex(scope)) IN (SELECT value FROM json_each(?4)))
             ORDER BY sequence LIMIT ?5"
        ))?;
        let rows = query.query_map(
            params![
                self.county(),
                signed(sequence),
                kind.map(|k| k.entry_kind().0),
                scopes.map(row::scope_list),
                signed(limit as u64)
            ],
            record,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
