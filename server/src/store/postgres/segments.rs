//! [`Segments`] on PostgreSQL.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{
    Entry, Hash32, RecordId, ScopeId, SegmentHeader, Signature, Timestamp, WriterId, wire,
};

use super::row::{self, signed};
use super::tx::{PgTx, kept};
use crate::store::{EntryRow, LogEntry, SegmentRow, Segments, StoreError, StoreResult};

const SEGMENT: &str = "header, signature, received_at, revision";

/// Entries that are read at once while a pull fills its budget.
const PAGE: usize = 256;

fn segment(r: &Row) -> StoreResult<SegmentRow> {
    Ok(SegmentRow {
        header: wire::decode("segment header", r.try_get(0)?)?,
        signature: Signature(row::bytes(r, 1)?),
        received_at: row::time(r, 2)?,
        revision: row::number(r, 3)?,
    })
}

pub(super) const ENTRY: &str =
    "e.ordinal, e.position, e.late, e.record, e.kind, e.change_hash, e.leaf_hash, e.body";

/// Reads the columns [`ENTRY`], which begin at column `at`.
pub(super) fn entry(r: &Row, at: usize) -> StoreResult<EntryRow> {
    Ok(EntryRow {
        ordinal: row::number(r, at)?,
        position: row::maybe_number(r, at + 1)?,
        late: r.try_get(at + 2)?,
        entry: Entry {
            record: row::record(r, at + 3)?,
            kind: row::entry_kind(r, at + 4)?,
            body: r.try_get(at + 7)?,
        },
        change: row::hash(r, at + 5)?,
        leaf: row::hash(r, at + 6)?,
    })
}

impl Segments for PgTx<'_> {
    fn next_position(&self, scope: ScopeId) -> StoreResult<u64> {
        self.hold(scope)?;
        let mut state = self.state.borrow_mut();
        let held = state
            .positions
            .get_mut(&scope)
            .ok_or_else(|| StoreError::Corrupt(format!("no counter for scope {scope}")))?;
        held.value += 1;
        held.dirty = true;
        Ok(held.value)
    }

    fn last_position(&self, scope: ScopeId) -> StoreResult<u64> {
        if let Some(held) = self.state.borrow().positions.get(&scope) {
            return Ok(held.value);
        }
        let rows = self.query_steady(
            "SELECT position FROM scopes WHERE county = $1 AND scope = $2",
            &[&self.county(), &scope.0],
        )?;
        rows.first().map_or(Ok(0), |r| row::number(r, 0))
    }

    fn next_number(&self, scope: ScopeId, name: &str) -> StoreResult<u64> {
        self.count_on(scope, name)
    }

    fn reserve_number(&self, record: RecordId, number: &str) -> StoreResult<()> {
        self.execute(
            "INSERT INTO reserved_numbers (county, record, number) VALUES ($1, $2, $3)
             ON CONFLICT (county, record) DO UPDATE SET number = excluded.number",
            &[&self.county(), &record.0, &row::Text(number)],
        )?;
        Ok(())
    }

    fn reserved_numbers(&self) -> StoreResult<BTreeMap<RecordId, String>> {
        let rows = self.query(
            "SELECT record, number FROM reserved_numbers WHERE county = $1",
            &[&self.county()],
        )?;
        rows.iter()
            .map(|r| Ok((row::record(r, 0)?, r.try_get(1)?)))
            .collect()
    }

    fn chain_head(&self, scope: ScopeId, writer: WriterId) -> StoreResult<Option<SegmentRow>> {
        self.hold_to_write(scope)?;
        self.query_opt(
            &format!(
                "SELECT {SEGMENT} FROM segments WHERE county = $1 AND scope = $2 AND writer = $3
                 ORDER BY idx DESC LIMIT 1"
            ),
            &[&self.county(), &scope.0, &writer.0],
        )?
        .map(|r| segment(&r))
        .transpose()
    }

    fn segment(
        &self,
        scope: ScopeId,
        writer: WriterId,
        index: u64,
    ) -> StoreResult<Option<SegmentRow>> {
        self.query_opt(
            &format!(
                "SELECT {SEGMENT} FROM segments
                 WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4"
            ),
            &[&self.county(), &scope.0, &writer.0, &signed(index)],
        )?
        .map(|r| segment(&r))
        .transpose()
    }

    fn insert_segment(
        &self,
        header: &SegmentHeader,
        signature: &Signature,
        received_at: Timestamp,
    ) -> StoreResult<()> {
        self.hold_to_write(header.scope)?;
        self.later(
            "INSERT INTO segments (county, scope, writer, idx, header, header_hash, signature, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            kept![
                self.county(),
                header.scope.0,
                header.writer.0,
                signed(header.index),
                wire::encode(header),
                header.hash().0,
                signature.0,
                received_at.0
            ],
        );
        Ok(())
    }

    fn insert_entry(&self, header: &SegmentHeader, row: &EntryRow) -> StoreResult<()> {
        let mut state = self.state.borrow_mut();
        state.entries.push(header, row);
        if row.position.is_some() {
            state.changes.remove(&(header.scope, row.entry.record));
        }
        Ok(())
    }

    fn set_position(
        &self,
        header: &SegmentHeader,
        ordinal: u32,
        position: u64,
        late: bool,
    ) -> StoreResult<()> {
        let changed = self.query(
            "UPDATE entries SET position = $6, late = $7
             WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4 AND ordinal = $5 RETURNING record",
            &[
                &self.county(),
                &header.scope.0,
                &header.writer.0,
                &signed(header.index),
                &i64::from(ordinal),
                &signed(position),
                &late,
            ],
        )?;
        for r in &changed {
            let key = (header.scope, row::record(r, 0)?);
            self.state.borrow_mut().changes.remove(&key);
        }
        Ok(())
    }

    fn entries(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<EntryRow>> {
        let rows = self.query(
            &format!(
                "SELECT {ENTRY} FROM entries e
                 WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4 ORDER BY ordinal"
            ),
            &[&self.county(), &scope.0, &writer.0, &signed(index)],
        )?;
        rows.iter().map(|r| entry(r, 0)).collect()
    }

    fn entries_after(
        &self,
        scope: ScopeId,
        after: u64,
        budget: usize,
    ) -> StoreResult<Vec<LogEntry>> {
        let mut found: Vec<LogEntry> = Vec::new();
        let (mut from, mut bytes) = (after, 0usize);
        loop {
            let rows = self.query(
                &format!(
                    "SELECT scope, writer, idx, {ENTRY} FROM entries e
                     WHERE county = $1 AND scope = $2 AND position > $3
                     UNION ALL
                     SELECT g.home, g.writer, g.idx, g.ordinal, g.position, e.late, e.record, e.kind,
                       e.change_hash, e.leaf_hash, e.body
                     FROM guest_entries g JOIN entries e ON e.county = g.county AND e.scope = g.home
                       AND e.writer = g.writer AND e.idx = g.idx AND e.ordinal = g.ordinal
                     WHERE g.county = $1 AND g.scope = $2 AND g.position > $3
                     ORDER BY position LIMIT $4"
                ),
                &[
                    &self.county(),
                    &scope.0,
                    &signed(from),
                    &signed(PAGE as u64),
                ],
            )?;
            for r in &rows {
                let row = entry(r, 3)?;
                bytes += row.entry.body.len();
                if bytes > budget && !found.is_empty() {
                    return Ok(found);
                }
                from = row.position.unwrap_or(from);
                found.push(LogEntry {
                    home: row::scope(r, 0)?,
                    writer: row::writer(r, 1)?,
                    index: row::number(r, 2)?,
                    row,
                });
            }
            if rows.len() < PAGE {
                return Ok(found);
            }
        }
    }

    fn leaves(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<Hash32>> {
        let rows = self.query(
            "SELECT leaf_hash FROM entries
             WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4 ORDER BY ordinal",
            &[&self.county(), &scope.0, &writer.0, &signed(index)],
        )?;
        rows.iter().map(|r| row::hash(r, 0)).collect()
    }

    fn next_receipt_sequence(&self, writer: WriterId) -> StoreResult<u64> {
        self.query_opt(
            "UPDATE writers SET receipt_sequence = receipt_sequence + 1
             WHERE county = $1 AND writer = $2 RETURNING receipt_sequence",
            &[&self.county(), &writer.0],
        )?
        .map(|r| row::number(&r, 0))
        .ok_or_else(|| StoreError::Corrupt(format!("receipt for unknown writer {writer}")))?
    }

    fn insert_receipt(&self, receipt: &SignedReceipt) -> StoreResult<()> {
        let inner = &receipt.receipt;
        let (sequence, index) = (signed(inner.sequence), signed(inner.index));
        let revision = i64::from(inner.revision);
        self.later(
            "INSERT INTO receipts (county, writer, sequence, scope, idx, revision, receipt)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            kept![
                self.county(),
                inner.writer.0,
                sequence,
                inner.scope.0,
                index,
                revision,
                wire::encode(receipt)
            ],
        );
        self.later(
            "UPDATE segments SET revision = $5
             WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4",
            kept![
                self.county(),
                inner.scope.0,
                inner.writer.0,
                index,
                revision
            ],
        );
        Ok(())
    }

    fn receipts_after(
        &self,
        writer: WriterId,
        sequence: u64,
        limit: usize,
    ) -> StoreResult<Vec<SignedReceipt>> {
        let rows = self.query(
            "SELECT receipt FROM receipts WHERE county = $1 AND writer = $2 AND sequence > $3
             ORDER BY sequence LIMIT $4",
            &[
                &self.county(),
                &writer.0,
                &signed(sequence),
                &signed(limit as u64),
            ],
        )?;
        rows.iter()
            .map(|r| Ok(wire::decode("receipt", r.try_get(0)?)?))
            .collect()
    }
}
