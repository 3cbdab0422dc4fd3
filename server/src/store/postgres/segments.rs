//! [`Segments`] on PostgreSQL.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{
    Hash32, RecordId, ScopeId, SegmentHeader, Signature, Timestamp, WriterId, wire,
};

use super::row::{self, signed};
use super::tx::{PgTx, kept};
use crate::store::squeeze;
use crate::store::{EntryRow, LogEntry, SegmentRow, Segments, StoreError, StoreResult};

const SEGMENT: &str = "header, signature, received_at, revision";

/// Runs of entries that are read at once while a pull fills its budget.
const PAGE: usize = 32;

fn segment(r: &Row) -> StoreResult<SegmentRow> {
    Ok(SegmentRow {
        header: wire::decode("segment header", r.try_get(0)?)?,
        signature: Signature(row::bytes(r, 1)?),
        received_at: row::time(r, 2)?,
        revision: row::number(r, 3)?,
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
        if let Some(head) = self.state.borrow().pending.head(scope, writer) {
            return Ok(Some(head));
        }
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
        let pending = self.state.borrow().pending.segment(scope, writer, index);
        if pending.is_some() {
            return Ok(pending);
        }
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
        let mut state = self.state.borrow_mut();
        state.pending.begin(header, signature, received_at);
        Ok(())
    }

    fn insert_entry(&self, header: &SegmentHeader, row: &EntryRow) -> StoreResult<()> {
        let mut state = self.state.borrow_mut();
        if row.position.is_some() {
            state.changes.remove(&(header.scope, row.entry.record));
        }
        if state.pending.add(header, row) {
            return Ok(());
        }
        drop(state);
        self.append((header.scope, header.writer, header.index), row)
    }

    fn set_position(
        &self,
        header: &SegmentHeader,
        ordinal: u32,
        position: u64,
        late: bool,
    ) -> StoreResult<()> {
        let SegmentHeader { scope, writer, .. } = *header;
        let place = (scope, writer, header.index);
        let Some(opened) = self.open_at(scope, writer, header.index)? else {
            return Ok(());
        };
        let mut rows = opened.rows();
        if let Some(row) = rows.get_mut(ordinal as usize) {
            (row.position, row.late) = (Some(position), late);
            let placed = [row.clone()];
            self.rewrite(place, &rows)?;
            self.index(place, &placed);
            let key = (scope, placed[0].entry.record);
            self.state.borrow_mut().changes.remove(&key);
        }
        Ok(())
    }

    fn entries(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<EntryRow>> {
        let found = self.open_at(scope, writer, index)?;
        Ok(found.map_or_else(Vec::new, |opened| opened.rows()))
    }

    fn entries_after(
        &self,
        scope: ScopeId,
        after: u64,
        budget: usize,
    ) -> StoreResult<Vec<LogEntry>> {
        self.settle()?;
        let mut found: Vec<LogEntry> = Vec::new();
        let (mut from, mut bytes) = (after, 0usize);
        loop {
            let rows = self.query(
                "SELECT scope, writer, idx, position, count, NULL::bigint AS ordinal FROM log_runs
                 WHERE county = $1 AND scope = $2 AND position + count - 1 > $3
                   AND position >= coalesce((SELECT max(position) FROM log_runs
                     WHERE county = $1 AND scope = $2 AND position <= $3), 0)
                 UNION ALL
                 SELECT home, writer, idx, position, 1, ordinal FROM guest_entries
                 WHERE county = $1 AND scope = $2 AND position > $3
                 ORDER BY position LIMIT $4",
                &[
                    &self.county(),
                    &scope.0,
                    &signed(from),
                    &signed(PAGE as u64),
                ],
            )?;
            let mut places = Vec::with_capacity(rows.len());
            for r in &rows {
                places.push((row::scope(r, 0)?, row::writer(r, 1)?, row::number(r, 2)?));
            }
            let opened = self.open_all(&places)?;
            for (r, place) in std::iter::zip(&rows, places) {
                let Some(opened) = opened.get(&place) else {
                    continue;
                };
                let (first, count): (u64, u64) = (row::number(r, 3)?, row::number(r, 4)?);
                let entries = match row::maybe_number::<u32>(r, 5)? {
                    Some(ordinal) => vec![(first, ordinal as usize)],
                    None => opened.placed(first.max(from + 1)..first + count),
                };
                for (position, ordinal) in entries {
                    let Some(row) = opened.row(ordinal) else {
                        continue;
                    };
                    bytes += row.entry.body.len();
                    if bytes > budget && !found.is_empty() {
                        return Ok(found);
                    }
                    let (home, writer, index) = place;
                    found.push(LogEntry {
                        home,
                        writer,
                        index,
                        row: EntryRow {
                            position: Some(position),
                            ..row
                        },
                    });
                }
                from = first + count - 1;
            }
            if rows.len() < PAGE {
                return Ok(found);
            }
        }
    }

    fn leaves(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<Hash32>> {
        let found = self.open_at(scope, writer, index)?;
        Ok(found.map_or_else(Vec::new, |opened| opened.leaves()))
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
                squeeze::receipt(receipt)?
            ],
        );
        if inner.revision == 0 {
            return Ok(());
        }
        self.settle()?;
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
            .map(|r| squeeze::open_receipt(r.try_get(0)?))
            .collect()
    }
}
