//! [`Segments`] on SQLite.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{
    Entry, EntryKind, Hash32, RecordId, ScopeId, SegmentHeader, Signature, Timestamp, WriterId,
    wire,
};

use super::SqliteTx;
use super::counters::Counter;
use super::row::{Bytes, Millis, signed, unsigned};
use crate::store::squeeze;
use crate::store::{EntryRow, LogEntry, SegmentRow, Segments, StoreError, StoreResult};

const SEGMENT: &str = "header, signature, received_at, revision";

type RawSegment = (Vec<u8>, [u8; 64], Timestamp, u32);

fn segment(r: &Row<'_>) -> rusqlite::Result<RawSegment> {
    Ok((
        r.get(0)?,
        r.get::<_, Bytes<64>>(1)?.0,
        r.get::<_, Millis>(2)?.0,
        r.get(3)?,
    ))
}

fn decode((header, signature, received_at, revision): RawSegment) -> StoreResult<SegmentRow> {
    Ok(SegmentRow {
        header: wire::decode("segment header", &header)?,
        signature: Signature(signature),
        received_at,
        revision,
    })
}

/// An entry of the log of an earlier version.
pub(super) fn entry(r: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        ordinal: r.get(0)?,
        position: r.get::<_, Option<i64>>(1)?.map(unsigned),
        late: r.get(2)?,
        entry: Entry {
            record: RecordId(r.get::<_, Bytes<13>>(3)?.0),
            kind: EntryKind(r.get(4)?),
            body: r.get(7)?,
        },
        change: Hash32(r.get::<_, Bytes<32>>(5)?.0),
        leaf: Hash32(r.get::<_, Bytes<32>>(6)?.0),
    })
}

impl Segments for SqliteTx<'_> {
    fn next_position(&self, scope: ScopeId) -> StoreResult<u64> {
        self.next(Counter::Position(scope))
    }

    fn last_position(&self, scope: ScopeId) -> StoreResult<u64> {
        self.last(Counter::Position(scope))
    }

    fn next_number(&self, scope: ScopeId, name: &str) -> StoreResult<u64> {
        self.next(Counter::Number(scope, name.into()))
    }

    fn reserve_number(&self, record: RecordId, number: &str) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO reserved_numbers (county, record, number) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![self.county(), Bytes(record.0), number])?;
        Ok(())
    }

    fn reserved_numbers(&self) -> StoreResult<BTreeMap<RecordId, String>> {
        let mut query = self
            .sql()
            .prepare("SELECT record, number FROM reserved_numbers WHERE county = ?1")?;
        let rows = query.query_map([self.county()], |r| {
            Ok((RecordId(r.get::<_, Bytes<13>>(0)?.0), r.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn chain_head(&self, scope: ScopeId, writer: WriterId) -> StoreResult<Option<SegmentRow>> {
        if let Some(head) = self.pending.borrow().head(scope, writer) {
            return Ok(Some(head));
        }
        self.sql()
            .prepare_cached(&format!(
                "SELECT {SEGMENT} FROM segments WHERE county = ?1 AND scope = ?2 AND writer = ?3
                 ORDER BY idx DESC LIMIT 1"
            ))?
            .query_row(
                params![self.county(), Bytes(scope.0), Bytes(writer.0)],
                segment,
            )
            .optional()?
            .map(decode)
            .transpose()
    }

    fn segment(
        &self,
        scope: ScopeId,
        writer: WriterId,
        index: u64,
    ) -> StoreResult<Option<SegmentRow>> {
        if let Some(known) = self.pending.borrow().segment(scope, writer, index) {
            return Ok(Some(known));
        }
        self.sql()
            .prepare_cached(&format!(
                "SELECT {SEGMENT} FROM segments
                 WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4"
            ))?
            .query_row(
                params![
                    self.county(),
                    Bytes(scope.0),
                    Bytes(writer.0),
                    signed(index)
                ],
                segment,
            )
            .optional()?
            .map(decode)
            .transpose()
    }

    fn insert_segment(
        &self,
        header: &SegmentHeader,
        signature: &Signature,
        received_at: Timestamp,
    ) -> StoreResult<()> {
        let mut pending = self.pending.borrow_mut();
        pending.begin(header, signature, received_at);
        Ok(())
    }

    fn insert_entry(&self, header: &SegmentHeader, row: &EntryRow) -> StoreResult<()> {
        if self.pending.borrow_mut().add(header, row) {
            return Ok(());
        }
        self.append(header.scope, header.writer, header.index, row)
    }

    fn set_position(
        &self,
        header: &SegmentHeader,
        ordinal: u32,
        position: u64,
        late: bool,
    ) -> StoreResult<()> {
        let SegmentHeader { scope, writer, .. } = *header;
        let Some((number, opened)) = self.open_at(scope, writer, header.index)? else {
            return Ok(());
        };
        let mut rows = opened.rows();
        if let Some(row) = rows.get_mut(ordinal as usize) {
            (row.position, row.late) = (Some(position), late);
            let placed = [row.clone()];
            self.rewrite(number, writer, &rows)?;
            super::log::index(self.sql(), self.county(), scope, number, &placed)?;
        }
        Ok(())
    }

    fn entries(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<EntryRow>> {
        let found = self.open_at(scope, writer, index)?;
        Ok(found.map_or_else(Vec::new, |(_, opened)| opened.rows()))
    }

    fn entries_after(
        &self,
        scope: ScopeId,
        after: u64,
        budget: usize,
    ) -> StoreResult<Vec<LogEntry>> {
        self.settle(false)?;
        // Two readers, each in the order of its index, merged row by row.
        let mut query = self.sql().prepare_cached(
            "SELECT s.scope, s.writer, s.idx, r.segment, r.position, r.count, NULL
             FROM segment_runs r JOIN segments s ON s.segment = r.segment
             WHERE r.county = ?1 AND r.scope = ?2 AND r.position >= coalesce((SELECT max(position) FROM segment_runs
               WHERE county = ?1 AND scope = ?2 AND position <= ?3), 0)
             UNION ALL
             SELECT g.home, g.writer, g.idx, s.segment, g.position, 1, g.ordinal
             FROM guest_entries g JOIN segments s ON s.county = g.county AND s.scope = g.home
               AND s.writer = g.writer AND s.idx = g.idx
             WHERE g.county = ?1 AND g.scope = ?2 AND g.position > ?3
             ORDER BY 5",
        )?;
        let mut runs = query.query(params![self.county(), Bytes(scope.0), signed(after)])?;
        let mut found = Vec::new();
        let mut bytes = 0usize;
        while let Some(r) = runs.next()? {
            let opened = self.open_number(r.get(3)?)?;
            let (first, count) = (unsigned(r.get(4)?), unsigned(r.get(5)?));
            let places: Vec<(u64, usize)> = match r.get::<_, Option<u32>>(6)? {
                Some(ordinal) => vec![(first, ordinal as usize)],
                None => opened.placed(first.max(after.saturating_add(1))..first + count),
            };
            for (position, ordinal) in places {
                let Some(row) = opened.row(ordinal) else {
                    continue;
                };
                bytes += row.entry.body.len();
                if bytes > budget && !found.is_empty() {
                    return Ok(found);
                }
                found.push(LogEntry {
                    home: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                    writer: WriterId(r.get::<_, Bytes<8>>(1)?.0),
                    index: unsigned(r.get(2)?),
                    row: EntryRow {
                        position: Some(position),
                        ..row
                    },
                });
            }
        }
        Ok(found)
    }

    fn leaves(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<Hash32>> {
        let found = self.open_at(scope, writer, index)?;
        Ok(found.map_or_else(Vec::new, |(_, opened)| opened.leaves()))
    }

    fn next_receipt_sequence(&self, writer: WriterId) -> StoreResult<u64> {
        let sequence: i64 = self
            .sql()
            .prepare_cached(
                "UPDATE writers SET receipt_sequence = receipt_sequence + 1
                 WHERE county = ?1 AND writer = ?2 RETURNING receipt_sequence",
            )?
            .query_row(params![self.county(), Bytes(writer.0)], |r| r.get(0))
            .optional()?
            .ok_or_else(|| StoreError::Corrupt(format!("receipt for unknown writer {writer}")))?;
        Ok(unsigned(sequence))
    }

    fn insert_receipt(&self, receipt: &SignedReceipt) -> StoreResult<()> {
        let inner = &receipt.receipt;
        self.sql()
            .prepare_cached(
                "INSERT INTO receipts (county, writer, sequence, scope, idx, revision, receipt)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.county(),
                Bytes(inner.writer.0),
                signed(inner.sequence),
                Bytes(inner.scope.0),
                signed(inner.index),
                inner.revision,
                squeeze::receipt(receipt)?
            ])?;
        if inner.revision == 0 {
            return Ok(());
        }
        self.settle(false)?;
        self.sql()
            .prepare_cached(
                "UPDATE segments SET revision = ?5
                 WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4",
            )?
            .execute(params![
                self.county(),
                Bytes(inner.scope.0),
                Bytes(inner.writer.0),
                signed(inner.index),
                inner.revision
            ])?;
        Ok(())
    }

    fn receipts_after(
        &self,
        writer: WriterId,
        sequence: u64,
        limit: usize,
    ) -> StoreResult<Vec<SignedReceipt>> {
        let mut query = self.sql().prepare_cached(
            "SELECT receipt FROM receipts WHERE county = ?1 AND writer = ?2 AND sequence > ?3
             ORDER BY sequence LIMIT ?4",
        )?;
        let rows = query.query_map(
            params![
                self.county(),
                Bytes(writer.0),
                signed(sequence),
                signed(limit as u64)
            ],
            |r| r.get::<_, Vec<u8>>(0),
        )?;
        rows.map(|bytes| squeeze::open_receipt(&bytes?)).collect()
    }
}
