//! Segments as they lie in the file: each is written once, when its transaction settles, with the tables that find its
//! entries by position and by record.

use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use xunge_protocol::{RecordId, ScopeId, WriterId, wire};

use super::SqliteTx;
use super::row::{Bytes, Millis, signed};
use crate::store::packed::{self, Opened};
use crate::store::{EntryRow, StoreError, StoreResult};

/// The number of a segment in this file.
pub(super) type Number = i64;

impl SqliteTx<'_> {
    /// Writes the segments whose entries are there; all of them at the end of the transaction.
    pub(super) fn settle(&self, all: bool) -> StoreResult<()> {
        let pending = self.pending.borrow_mut().take(all);
        for segment in pending {
            let header = &segment.header;
            let number = insert(
                self.sql(),
                params![
                    self.county(),
                    Bytes(header.scope.0),
                    Bytes(header.writer.0),
                    signed(header.index),
                    wire::encode(header),
                    Bytes(segment.signature.0),
                    Millis(segment.received_at),
                    0,
                    packed::pack(header.writer, &segment.rows)?
                ],
            )?;
            index(
                self.sql(),
                self.county(),
                header.scope,
                number,
                &segment.rows,
            )?;
        }
        Ok(())
    }

    /// A segment that is open already, or is opened with what `kept` reads.
    fn open(
        &self,
        number: Number,
        kept: impl FnOnce() -> rusqlite::Result<(WriterId, Vec<u8>)>,
    ) -> StoreResult<Rc<Opened>> {
        if let Some(opened) = self.open.get(&number) {
            return Ok(opened);
        }
        let (writer, kept) = kept()?;
        Ok(self.open.keep(number, Opened::of(writer, &kept)?))
    }

    /// The entries of a segment by its number.
    pub(super) fn open_number(&self, number: Number) -> StoreResult<Rc<Opened>> {
        self.open(number, || {
            self.sql()
                .prepare_cached("SELECT writer, entries FROM segments WHERE segment = ?1")?
                .query_row([number], |r| Ok((writer(r, 0)?, r.get(1)?)))
        })
    }

    /// The entries of a segment by its place, with its number.
    pub(super) fn open_at(
        &self,
        scope: ScopeId,
        writer: WriterId,
        index: u64,
    ) -> StoreResult<Option<(Number, Rc<Opened>)>> {
        self.settle(false)?;
        let number = self
            .sql()
            .prepare_cached(
                "SELECT segment FROM segments WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4",
            )?
            .query_row(
                params![
                    self.county(),
                    Bytes(scope.0),
                    Bytes(writer.0),
                    signed(index)
                ],
                |r| r.get(0),
            )
            .optional()?;
        number
            .map(|number| Ok((number, self.open_number(number)?)))
            .transpose()
    }

    /// Segments with entries of a record, with scope, writer and index; of one scope, if given.
    pub(super) fn segments_of(
        &self,
        record: RecordId,
        scope: Option<ScopeId>,
    ) -> StoreResult<Vec<(Number, ScopeId, WriterId, i64)>> {
        let mut query = self.sql().prepare_cached(
            "SELECT s.segment, s.scope, s.writer, s.idx FROM segment_records r JOIN segments s ON s.segment = r.segment
             WHERE r.record = ?1 AND (?2 IS NULL OR s.scope = ?2)",
        )?;
        let rows = query.query_map(params![Bytes(record.0), scope.map(|s| Bytes(s.0))], |r| {
            Ok((
                r.get(0)?,
                ScopeId(r.get::<_, Bytes<8>>(1)?.0),
                writer(r, 2)?,
                r.get(3)?,
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes the entries of a segment anew.
    pub(super) fn rewrite(
        &self,
        number: Number,
        writer: WriterId,
        rows: &[EntryRow],
    ) -> StoreResult<()> {
        self.open.forget(&number);
        self.sql()
            .prepare_cached("UPDATE segments SET entries = ?2 WHERE segment = ?1")?
            .execute(params![number, packed::pack(writer, rows)?])?;
        Ok(())
    }

    /// Adds an entry to a segment that is written already.
    pub(super) fn append(
        &self,
        scope: ScopeId,
        writer: WriterId,
        at: u64,
        row: &EntryRow,
    ) -> StoreResult<()> {
        let (number, opened) = self
            .open_at(scope, writer, at)?
            .ok_or_else(|| StoreError::Corrupt(format!("no segment {scope}-{writer}-{at}")))?;
        let mut rows = opened.rows();
        rows.push(row.clone());
        self.rewrite(number, writer, &rows)?;
        index(
            self.sql(),
            self.county(),
            scope,
            number,
            std::slice::from_ref(row),
        )
    }
}

fn writer(r: &Row<'_>, at: usize) -> rusqlite::Result<WriterId> {
    Ok(WriterId(r.get::<_, Bytes<8>>(at)?.0))
}

fn insert(conn: &Connection, values: impl rusqlite::Params) -> StoreResult<Number> {
    Ok(conn
        .prepare_cached(
            "INSERT INTO segments (county, scope, writer, idx, header, signature, received_at, revision, entries)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .insert(values)?)
}

/// Lets the entries of a segment be found.
pub(super) fn index(
    conn: &Connection,
    county: i64,
    scope: ScopeId,
    number: Number,
    rows: &[EntryRow],
) -> StoreResult<()> {
    let mut known = conn.prepare_cached(
        "INSERT OR IGNORE INTO segment_records (record, segment) VALUES (?1, ?2)",
    )?;
    for row in rows {
        known.execute(params![Bytes(row.entry.record.0), number])?;
    }
    let mut runs = conn.prepare_cached(
        "INSERT INTO segment_runs (county, scope, position, count, segment) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for run in packed::runs(rows.iter().filter_map(|row| row.position)) {
        runs.execute(params![
            county,
            Bytes(scope.0),
            signed(run.first),
            signed(run.count),
            number
        ])?;
    }
    Ok(())
}

/// Lets the entries of all segments be found: of a file into which they came from another database.
pub(super) fn index_all(conn: &Connection) -> StoreResult<()> {
    let mut query = conn.prepare("SELECT county, segment, scope, writer, entries FROM segments")?;
    let mut rows = query.query([])?;
    while let Some(r) = rows.next()? {
        let (writer, kept) = (writer(r, 3)?, r.get_ref(4)?.as_blob().unwrap_or_default());
        let entries = Opened::of(writer, kept)?.rows();
        let scope = ScopeId(r.get::<_, Bytes<8>>(2)?.0);
        index(conn, r.get(0)?, scope, r.get(1)?, &entries)?;
    }
    Ok(())
}

/// Packs the log of an earlier version: a row for each entry, and beside it its hashes.
pub(super) fn pack_rows(conn: &Connection) -> StoreResult<()> {
    let mut segments = conn.prepare(
        "SELECT county, scope, writer, idx, header, signature, received_at, revision FROM segments_before
         ORDER BY received_at, scope, writer, idx",
    )?;
    let mut entries = conn.prepare(
        "SELECT ordinal, position, late, record, kind, change_hash, leaf_hash, body FROM entries
         WHERE county = ?1 AND scope = ?2 AND writer = ?3 AND idx = ?4 ORDER BY ordinal",
    )?;
    let mut all = segments.query([])?;
    while let Some(r) = all.next()? {
        let (county, idx): (i64, i64) = (r.get(0)?, r.get(3)?);
        let scope = ScopeId(r.get::<_, Bytes<8>>(1)?.0);
        let writer = writer(r, 2)?;
        let rows: Vec<EntryRow> = entries
            .query_map(
                params![county, Bytes(scope.0), Bytes(writer.0), idx],
                super::segments::entry,
            )?
            .collect::<Result<_, _>>()?;
        let number = insert(
            conn,
            params![
                county,
                Bytes(scope.0),
                Bytes(writer.0),
                idx,
                r.get::<_, Vec<u8>>(4)?,
                r.get::<_, Vec<u8>>(5)?,
                r.get::<_, i64>(6)?,
                r.get::<_, i64>(7)?,
                packed::pack(writer, &rows)?
            ],
        )?;
        index(conn, county, scope, number, &rows)?;
    }
    drop(all);
    drop((segments, entries));
    Ok(conn.execute_batch("DROP TABLE entries; DROP TABLE segments_before;")?)
}
