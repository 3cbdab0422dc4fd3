//! Segments as they lie in the tables: each is written once, when its transaction settles, with the rows that find its
//! entries by position and by record.

use std::collections::HashMap;
use std::rc::Rc;

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use xunge_protocol::{Entry, RecordId, ScopeId, WriterId, wire};

use super::row::{self, signed};
use super::tx::{Kept, Later, Param, PgTx};
use crate::store::packed::{self, Opened};
use crate::store::pending::PendingSegment;
use crate::store::{EntryRow, StoreError, StoreResult};

/// Scope, writer and index of a segment.
pub(super) type Place = (ScopeId, WriterId, u64);

/// Segments that are indexed together while a log is gone through.
const AT_ONCE: usize = 500;

/// Rows that find entries, column by column.
#[derive(Default)]
pub(super) struct Index {
    records: [Vec<Vec<u8>>; 3],
    record_idx: Vec<i64>,
    runs: [Vec<Vec<u8>>; 2],
    run_idx: Vec<i64>,
    position: Vec<i64>,
    count: Vec<i64>,
}

impl Index {
    pub(super) fn add(&mut self, (scope, writer, index): Place, rows: &[EntryRow]) {
        let index = signed(index);
        let mut records: Vec<RecordId> = rows.iter().map(|row| row.entry.record).collect();
        records.sort_unstable();
        records.dedup();
        for record in records {
            let [scopes, all, writers] = &mut self.records;
            scopes.push(scope.0.to_vec());
            all.push(record.0.to_vec());
            writers.push(writer.0.to_vec());
            self.record_idx.push(index);
        }
        for run in packed::runs(rows.iter().filter_map(|row| row.position)) {
            let [scopes, writers] = &mut self.runs;
            scopes.push(scope.0.to_vec());
            writers.push(writer.0.to_vec());
            self.run_idx.push(index);
            self.position.push(signed(run.first));
            self.count.push(signed(run.count));
        }
    }

    fn inserts(self, county: i64) -> [Later; 2] {
        let [scopes, records, writers] = self.records;
        let by_record = Later {
            sql: "INSERT INTO log_records (county, scope, record, writer, idx)
                  SELECT $1, * FROM unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[])
                  ON CONFLICT DO NOTHING"
                .into(),
            params: vec![
                Box::new(county),
                Box::new(scopes),
                Box::new(records),
                Box::new(writers),
                Box::new(self.record_idx),
            ],
        };
        let [scopes, writers] = self.runs;
        let by_position = Later {
            sql: "INSERT INTO log_runs (county, scope, position, count, writer, idx)
                  SELECT $1, * FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[])"
                .into(),
            params: vec![
                Box::new(county),
                Box::new(scopes),
                Box::new(self.position),
                Box::new(self.count),
                Box::new(writers),
                Box::new(self.run_idx),
            ],
        };
        [by_record, by_position]
    }
}

/// What writes segments, in the order in which it must run.
pub(super) fn inserts(county: i64, pending: Vec<PendingSegment>) -> StoreResult<Vec<Later>> {
    let mut all = Vec::new();
    let mut index = Index::default();
    for segment in pending {
        let header = &segment.header;
        index.add((header.scope, header.writer, header.index), &segment.rows);
        let params: Vec<Kept> = vec![
            Box::new(county),
            Box::new(header.scope.0),
            Box::new(header.writer.0),
            Box::new(signed(header.index)),
            Box::new(wire::encode(header)),
            Box::new(segment.signature.0),
            Box::new(segment.received_at.0),
            Box::new(packed::pack(header.writer, &segment.rows)?),
        ];
        all.push(Later {
            sql: "INSERT INTO segments (county, scope, writer, idx, header, signature, received_at, entries)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                .into(),
            params,
        });
    }
    if !all.is_empty() {
        all.extend(index.inserts(county));
    }
    Ok(all)
}

fn place(r: &Row, at: usize) -> StoreResult<Place> {
    Ok((
        row::scope(r, at)?,
        row::writer(r, at + 1)?,
        row::number(r, at + 2)?,
    ))
}

impl PgTx<'_> {
    /// Lets the segments whose entries are there be written before the next query.
    pub(super) fn settle(&self) -> StoreResult<()> {
        let mut state = self.state.borrow_mut();
        let pending = state.pending.take(false);
        state.later.extend(inserts(self.county(), pending)?);
        Ok(())
    }

    /// The entries of a segment.
    pub(super) fn open_at(
        &self,
        scope: ScopeId,
        writer: WriterId,
        index: u64,
    ) -> StoreResult<Option<Rc<Opened>>> {
        let place = (scope, writer, index);
        Ok(self.open_all(&[place])?.remove(&place))
    }

    /// The entries of several segments.
    pub(super) fn open_all(&self, places: &[Place]) -> StoreResult<HashMap<Place, Rc<Opened>>> {
        let mut found = HashMap::new();
        let (mut scopes, mut writers, mut indexes) = (Vec::new(), Vec::new(), Vec::new());
        for place in places {
            match self.open.get(place) {
                Some(opened) => {
                    found.insert(*place, opened);
                }
                None => {
                    scopes.push(place.0.0.to_vec());
                    writers.push(place.1.0.to_vec());
                    indexes.push(signed(place.2));
                }
            }
        }
        if scopes.is_empty() {
            return Ok(found);
        }
        self.settle()?;
        let rows = self.query(
            "SELECT s.scope, s.writer, s.idx, s.entries
             FROM unnest($2::bytea[], $3::bytea[], $4::bigint[]) AS w (scope, writer, idx)
             JOIN segments s ON s.county = $1 AND s.scope = w.scope AND s.writer = w.writer AND s.idx = w.idx",
            &[&self.county(), &scopes, &writers, &indexes],
        )?;
        for r in &rows {
            let place = place(r, 0)?;
            let opened = Opened::of(place.1, r.try_get(3)?)?;
            found.insert(place, self.open.keep(place, opened));
        }
        Ok(found)
    }

    /// Segments of a scope with entries of some records.
    pub(super) fn segments_of(
        &self,
        scope: ScopeId,
        records: &[RecordId],
    ) -> StoreResult<Vec<(Place, Rc<Opened>)>> {
        self.settle()?;
        let ids: Vec<Vec<u8>> = records.iter().map(|r| r.0.to_vec()).collect();
        let rows = self.query(
            "SELECT DISTINCT scope, writer, idx FROM log_records
             WHERE county = $1 AND scope = $2 AND record = ANY($3)",
            &[&self.county(), &scope.0, &ids],
        )?;
        let places = rows
            .iter()
            .map(|r| place(r, 0))
            .collect::<StoreResult<Vec<_>>>()?;
        Ok(self.open_all(&places)?.into_iter().collect())
    }

    /// Removes the bodies of a record's changes from every segment that has one, in whichever scope.
    pub(super) fn empty(&self, record: RecordId) -> StoreResult<()> {
        self.settle()?;
        let rows = self.query(
            // No scope is left out: what was never accepted may lie in any.
            "SELECT scope, writer, idx FROM log_records WHERE county = $1 AND record = $2",
            &[&self.county(), &record.0],
        )?;
        for r in &rows {
            let (scope, writer, index) = place(r, 0)?;
            if let Some(opened) = self.open_at(scope, writer, index)? {
                self.rewrite((scope, writer, index), &opened.without(record))?;
            }
        }
        Ok(())
    }

    /// Writes the entries of a segment anew.
    pub(super) fn rewrite(&self, place: Place, rows: &[EntryRow]) -> StoreResult<()> {
        let (scope, writer, index) = place;
        self.open.forget(&place);
        self.execute(
            "UPDATE segments SET entries = $5 WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4",
            &[
                &self.county(),
                &scope.0,
                &writer.0,
                &signed(index),
                &packed::pack(writer, rows)?,
            ],
        )?;
        Ok(())
    }

    /// Lets entries of a segment that is written already be found.
    pub(super) fn index(&self, place: Place, rows: &[EntryRow]) {
        let mut index = Index::default();
        index.add(place, rows);
        let inserts = index.inserts(self.county());
        self.state.borrow_mut().later.extend(inserts);
    }

    /// Adds an entry to a segment that is written already.
    pub(super) fn append(&self, place: Place, row: &EntryRow) -> StoreResult<()> {
        let (scope, writer, at) = place;
        let opened = self
            .open_at(scope, writer, at)?
            .ok_or_else(|| StoreError::Corrupt(format!("no segment {scope}-{writer}-{at}")))?;
        let mut rows = opened.rows();
        rows.push(row.clone());
        self.rewrite(place, &rows)?;
        self.index(place, std::slice::from_ref(row));
        Ok(())
    }
}

async fn run(tx: &Transaction<'_>, all: impl IntoIterator<Item = Later>) -> StoreResult<()> {
    for later in all {
        let params: Vec<Param<'_>> = later.params.iter().map(|p| p.as_ref() as _).collect();
        tx.execute(&later.sql, &params).await?;
    }
    Ok(())
}

/// Lets the entries of all segments be found: of a log that came from another database.
pub(super) async fn index_all(tx: &Transaction<'_>) -> StoreResult<()> {
    let places = tx
        .query("SELECT county, scope, writer, idx FROM segments", &[])
        .await?;
    let read = "SELECT entries FROM segments WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4";
    let read = tx.prepare(read).await?;
    for some in places.chunks(AT_ONCE) {
        let (mut index, mut county) = (Index::default(), 0);
        for r in some {
            county = r.try_get(0)?;
            let (scope, writer, idx) = place(r, 1)?;
            let found = tx
                .query_one(&read, &[&county, &scope.0, &writer.0, &signed(idx)])
                .await?;
            let rows = Opened::of(writer, found.try_get(0)?)?.rows();
            index.add((scope, writer, idx), &rows);
        }
        run(tx, index.inserts(county)).await?;
    }
    Ok(())
}

/// Packs the log of an earlier version: a row for each entry, and beside it its hashes.
pub(super) async fn pack_rows(tx: &Transaction<'_>) -> StoreResult<()> {
    let places = tx
        .query("SELECT county, scope, writer, idx FROM segments", &[])
        .await?;
    let read = tx
        .prepare(
            "SELECT ordinal, position, late, record, kind, change_hash, leaf_hash, body FROM entries
             WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4 ORDER BY ordinal",
        )
        .await?;
    let write = tx
        .prepare("UPDATE segments SET entries = $5 WHERE county = $1 AND scope = $2 AND writer = $3 AND idx = $4")
        .await?;
    for some in places.chunks(AT_ONCE) {
        let (mut index, mut county) = (Index::default(), 0i64);
        for r in some {
            county = r.try_get(0)?;
            let (scope, writer, idx) = place(r, 1)?;
            let at = signed(idx);
            let found = tx
                .query(&read, &[&county, &scope.0, &writer.0, &at])
                .await?;
            let rows = found.iter().map(entry).collect::<StoreResult<Vec<_>>>()?;
            let kept = packed::pack(writer, &rows)?;
            tx.execute(&write, &[&county, &scope.0, &writer.0, &at, &kept])
                .await?;
            index.add((scope, writer, idx), &rows);
        }
        run(tx, index.inserts(county)).await?;
    }
    Ok(tx.batch_execute("DROP TABLE entries").await?)
}

/// An entry of the log of an earlier version.
fn entry(r: &Row) -> StoreResult<EntryRow> {
    Ok(EntryRow {
        ordinal: row::number(r, 0)?,
        position: row::maybe_number(r, 1)?,
        late: r.try_get(2)?,
        entry: Entry {
            record: row::record(r, 3)?,
            kind: row::entry_kind(r, 4)?,
            body: r.try_get(7)?,
        },
        change: row::hash(r, 5)?,
        leaf: row::hash(r, 6)?,
    })
}
