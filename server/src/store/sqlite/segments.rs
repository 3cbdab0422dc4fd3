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

pub(super) const ENTRY: &str =
    "ordinal, position, late, record, kind, change_hash, leaf_hash, body";

/// Reads the columns [`ENTRY`], which begin at column `at`.
pub(super) fn entry(r: &Row<'_>, at: usize) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        ordinal: r.get(at)?,
        position: r.get::<_, Option<i64>>(at + 1)?.map(unsigned),
        late: r.get(at + 2)?,
        entry: Entry {
            record: RecordId(r.get::<_, Bytes<13>>(at + 3)?.0),
            kind: EntryKind(r.get(at + 4)?),
            body: r.get(at + 7)?,
        },
        change: Hash32(r.get::<_, Bytes<32>>(at + 5)?.0),
        leaf: Hash32(r.get::<_, Bytes<32>>(at + 6)?.0),
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
        self.sql()
            .prepare_cached(
                "INSERT INTO segments (county, scope, writer, idx, header, header_hash, signature, received_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.county(),
                Bytes(header.scope.0),
                Bytes(header.writer.0),
                signed(header.index),
                wire::encode(header),
                Bytes(header.hash().0),
                Bytes(signature.0),
                Millis(received_at)
            ])?;
        Ok(())
    }

    fn insert_entry(&self, header: &SegmentHeader, row: &EntryRow) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT INTO entries (county, scope, writer, idx, ordinal, position, late, record, kind,
                   change_hash, leaf_hash, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                self.county(),
                Bytes(header.scope.0),
                Bytes(header.writer.0),
                signed(header.index),
                row.ordinal,
                row.position.map(signed),
                row.late,
                Bytes(row.entry.record.0),
                row.entry.kind.0,
                Bytes(row.change.0),
                Bytes(row.leaf.0),
                row.entry.body
            ])?;
        Ok(())
    }

    fn set_position(
        &self,
        header: &SegmentHeader,
        ordinal: u32,
        position: u64,
        late: bool,
    ) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE entries SET position = ?6, late = ?7
             WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4 AND ordinal = ?5",
            params![
                self.county(),
                Bytes(header.scope.0),
                Bytes(header.writer.0),
                signed(header.index),
                ordinal,
                signed(position),
                late
            ],
        )?;
        Ok(())
    }

    fn entries(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<EntryRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {ENTRY} FROM entries
             WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4 ORDER BY ordinal"
        ))?;
        let rows = query.query_map(
            params![
                self.county(),
                Bytes(scope.0),
                Bytes(writer.0),
                signed(index)
            ],
            |r| entry(r, 0),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn entries_after(
        &self,
        scope: ScopeId,
        after: u64,
        budget: usize,
    ) -> StoreResult<Vec<LogEntry>> {
        // Two readers, each in the order of its index, merged row by row.
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT scope, writer, idx, {ENTRY} FROM entries
             WHERE county = ?1 AND scope = ?2 AND position > ?3
             UNION ALL
             SELECT g.home, g.writer, g.idx, g.ordinal, g.position, e.late, e.record, e.kind, e.change_hash,
               e.leaf_hash, e.body
             FROM guest_entries g JOIN entries e ON e.county = g.county AND e.scope = g.home
               AND e.writer = g.writer AND e.idx = g.idx AND e.ordinal = g.ordinal
             WHERE g.county = ?1 AND g.scope = ?2 AND g.position > ?3
             ORDER BY position"
        ))?;
        let mut rows = query.query(params![self.county(), Bytes(scope.0), signed(after)])?;
        let mut found = Vec::new();
        let mut bytes = 0usize;
        while let Some(r) = rows.next()? {
            let row = entry(r, 3)?;
            bytes += row.entry.body.len();
            if bytes > budget && !found.is_empty() {
                break;
            }
            found.push(LogEntry {
                home: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                writer: WriterId(r.get::<_, Bytes<8>>(1)?.0),
                index: unsigned(r.get(2)?),
                row,
            });
        }
        Ok(found)
    }

    fn leaves(&self, scope: ScopeId, writer: WriterId, index: u64) -> StoreResult<Vec<Hash32>> {
        let mut query = self.sql().prepare_cached(
            "SELECT leaf_hash FROM entries
             WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4 ORDER BY ordinal",
        )?;
        let rows = query.query_map(
            params![
                self.county(),
                Bytes(scope.0),
                Bytes(writer.0),
                signed(index)
            ],
            |r| Ok(Hash32(r.get::<_, Bytes<32>>(0)?.0)),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
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
                wire::encode(receipt)
            ])?;
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
        rows.map(|bytes| Ok(wire::decode("receipt", &bytes?)?))
            .collect()
    }
}
