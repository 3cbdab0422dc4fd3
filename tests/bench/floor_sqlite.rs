//! The bare loop on SQLite: applies the same changes with Automerge and inserts the same rows, in the same batches, into a file
//! beside the relay's with the same settings.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use xunge_tests::{Outcome, fail};

use crate::documents::Documents;
use crate::measure::own_cpu;
use crate::sqlcipher;
use crate::traffic::Taken;

/// What one batch leaves behind.
const TABLES: [&str; 4] = ["segments", "entries", "records", "receipts"];

struct Rows {
    table: &'static str,
    rows: Vec<Vec<Value>>,
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

    fn last(&self, scope: &Value) -> i64 {
        match scope {
            Value::Blob(scope) => self.0.get(scope).copied().unwrap_or(0),
            _ => 0,
        }
    }
}

/// What the bare loop takes over what the relay has just written: what the phones brought, and what the relay added to
/// it in their scopes.
pub(crate) fn floor(data: &Path, key: &str, before: &Before) -> Outcome<Taken> {
    let relay = sqlcipher::open_any(data, &[key])?;
    let mut batches: Vec<Vec<Rows>> = Vec::new();
    let mut writers = relay.prepare(
        "SELECT DISTINCT w.writer, e.scope FROM writers w JOIN entries e ON e.writer = w.writer WHERE w.worker <> ''",
    )?;
    let writers: Vec<(Value, Value)> = writers
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (n, (writer, scope)) in writers.iter().enumerate() {
        let mut batch = Vec::new();
        for table in TABLES {
            let rows = rows(&relay, table, writer)?;
            batch.push(Rows { table, rows });
        }
        let mut select = relay.prepare(
            "SELECT e.* FROM entries e JOIN writers w ON w.writer = e.writer
             WHERE w.worker = '' AND e.scope = ?1 AND e.position > ?2 AND e.kind < 128",
        )?;
        // Of a scope with several phones once, when all that it builds on is there.
        if writers.iter().skip(n + 1).all(|(_, other)| other != scope) {
            let rows = query(&mut select, (scope, before.last(scope)))?;
            batch.push(Rows {
                table: "entries",
                rows,
            });
        }
        batches.push(batch);
    }
    let bare = Connection::open(data.join("bench-floor.db"))?;
    sqlcipher::prepare(&bare, key)?;
    for table in TABLES {
        let mut ddl = relay.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC")?;
        for sql in ddl.query_map([table], |row| row.get::<_, String>(0))? {
            bare.execute_batch(&sql?)?;
        }
    }
    let columns: Vec<String> = relay
        .prepare("SELECT * FROM entries")?
        .column_names()
        .map(Into::into)
        .collect();
    let place = |name: &str| {
        columns
            .iter()
            .position(|column| column == name)
            .ok_or("no such column")
    };
    let (body, kind, record) = (place("body")?, place("kind")?, place("record")?);
    let mut documents = Documents::default();

    let spent = own_cpu();
    let began = Instant::now();
    for batch in &batches {
        bare.execute_batch("BEGIN IMMEDIATE")?;
        for Rows { table, rows } in batch {
            for row in rows {
                if *table == "entries" {
                    let (Value::Blob(record), Value::Integer(kind), Value::Blob(body)) =
                        (&row[record], &row[kind], &row[body])
                    else {
                        fail!("entries have other columns")
                    };
                    documents.apply(record, *kind, body)?;
                }
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

fn rows(relay: &Connection, table: &str, writer: &Value) -> Outcome<Vec<Vec<Value>>> {
    let mut select = relay.prepare(&format!("SELECT * FROM {table} WHERE writer = ?1"))?;
    query(&mut select, [writer])
}

fn query(
    select: &mut rusqlite::Statement<'_>,
    params: impl rusqlite::Params,
) -> Outcome<Vec<Vec<Value>>> {
    let columns = select.column_count();
    let rows = select.query_map(params, |row| (0..columns).map(|n| row.get(n)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}
