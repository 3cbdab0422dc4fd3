//! The bare loop on SQLite: applies the same changes with Automerge and inserts the same rows, in the same batches, into a file
//! beside the relay's with the same settings. Rows are inserted as the relay left them: packed already.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use xunge_tests::Outcome;

use crate::documents::Documents;
use crate::log::{Change, Log, apply};
use crate::measure::own_cpu;
use crate::sqlcipher;
use crate::traffic::Taken;

/// What one batch leaves behind, and how its rows are found by the writer.
const TABLES: [(&str, &str); 5] = [
    ("segments", "SELECT * FROM segments WHERE writer = ?1"),
    (
        "segment_records",
        "SELECT r.* FROM segment_records r JOIN segments s ON s.segment = r.segment WHERE s.writer = ?1",
    ),
    (
        "segment_runs",
        "SELECT r.* FROM segment_runs r JOIN segments s ON s.segment = r.segment WHERE s.writer = ?1",
    ),
    (
        "records",
        "SELECT * FROM records WHERE coalesce(writer, substr(record, 2, 8)) = ?1",
    ),
    ("receipts", "SELECT * FROM receipts WHERE writer = ?1"),
];
/// The same of what the relay added in a scope behind a position.
const ADDED: [(&str, &str); 3] = [
    (
        "segments",
        "SELECT s.* FROM segments s JOIN writers w ON w.writer = s.writer AND w.worker = ''
         WHERE s.scope = ?1 AND EXISTS
           (SELECT 1 FROM segment_runs r WHERE r.segment = s.segment AND r.position > ?2)",
    ),
    (
        "segment_records",
        "SELECT r.* FROM segment_records r JOIN segments s ON s.segment = r.segment
         JOIN writers w ON w.writer = s.writer AND w.worker = ''
         WHERE s.scope = ?1 AND EXISTS
           (SELECT 1 FROM segment_runs u WHERE u.segment = s.segment AND u.position > ?2)",
    ),
    (
        "segment_runs",
        "SELECT r.* FROM segment_runs r JOIN segments s ON s.segment = r.segment
         JOIN writers w ON w.writer = s.writer AND w.worker = '' WHERE s.scope = ?1 AND r.position > ?2",
    ),
];

struct Rows {
    table: &'static str,
    rows: Vec<Vec<Value>>,
}

/// What one phone brought, with what the relay added to it.
struct Batch {
    changes: Vec<Change>,
    rows: Vec<Rows>,
}

/// What the log held before: its last position in each scope.
pub(crate) struct Before(HashMap<Vec<u8>, i64>);

impl Before {
    pub(crate) fn of(data: &Path, key: &str) -> Outcome<Self> {
        let relay = sqlcipher::open_any(data, &[key])?;
        let mut scopes = relay.prepare("SELECT scope, position FROM scopes")?;
        let scopes = scopes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self(scopes.collect::<Result<_, _>>()?))
    }
}

/// What the bare loop takes over what the relay has just written: what the phones brought, and what the relay added to
/// it in their scopes.
pub(crate) fn floor(data: &Path, key: &str, before: &Before) -> Outcome<Taken> {
    let log = Log::behind(data, &before.0)?;
    let relay = sqlcipher::open_any(data, &[key])?;
    let mut batches: Vec<Batch> = Vec::new();
    let mut writers = relay.prepare(
        "SELECT DISTINCT w.writer, s.scope FROM writers w JOIN segments s ON s.writer = w.writer WHERE w.worker <> ''",
    )?;
    let writers: Vec<(Vec<u8>, Vec<u8>)> = writers
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let relays: Vec<Vec<u8>> = relay
        .prepare("SELECT writer FROM writers WHERE worker = ''")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for (n, (writer, scope)) in writers.iter().enumerate() {
        let mut batch = Batch {
            changes: log.of(writer, scope),
            rows: Vec::new(),
        };
        for (table, sql) in TABLES {
            let rows = query(&mut relay.prepare(sql)?, [writer])?;
            batch.rows.push(Rows { table, rows });
        }
        // Of a scope with several phones once, when all that it builds on is there.
        if writers.iter().skip(n + 1).all(|(_, other)| other != scope) {
            for own in &relays {
                batch.changes.extend(log.of(own, scope));
            }
            let last = before.0.get(scope).copied().unwrap_or(0);
            for (table, sql) in ADDED {
                let rows = query(&mut relay.prepare(sql)?, (scope, last))?;
                batch.rows.push(Rows { table, rows });
            }
        }
        batches.push(batch);
    }
    let bare = Connection::open(data.join("bench-floor.db"))?;
    sqlcipher::prepare(&bare, key)?;
    for (table, _) in TABLES {
        let mut ddl = relay.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC")?;
        for sql in ddl.query_map([table], |row| row.get::<_, String>(0))? {
            bare.execute_batch(&sql?)?;
        }
    }
    let mut documents = Documents::default();

    let spent = own_cpu();
    let began = Instant::now();
    for batch in &batches {
        bare.execute_batch("BEGIN IMMEDIATE")?;
        apply(&mut documents, &batch.changes)?;
        for Rows { table, rows } in &batch.rows {
            for row in rows {
                let marks = vec!["?"; row.len()].join(",");
                bare.prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})"))?
                    .execute(params_from_iter(row))?;
            }
        }
        bare.execute_batch("COMMIT")?;
    }
    Ok(Taken {
        wall: began.elapsed(),
        cpu: own_cpu() - spent,
    })
}

fn query(
    select: &mut rusqlite::Statement<'_>,
    params: impl rusqlite::Params,
) -> Outcome<Vec<Vec<Value>>> {
    let columns = select.column_count();
    let rows = select.query_map(params, |row| (0..columns).map(|n| row.get(n)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}
