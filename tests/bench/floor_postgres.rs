//! The bare loop on PostgreSQL: applies the same changes with Automerge and inserts the same rows, a transaction for each batch,
//! into tables like the relay's on the same server. A prepared statement for each row, all of a batch on their way at once,
//! so that the loop waits for no answer but the last. Rows are inserted as the relay left them: packed already.

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use futures_util::future::try_join_all;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};
use xunge_tests::Outcome;

use crate::documents::Documents;
use crate::log::{Change, Log, apply};
use crate::measure::own_cpu;
use crate::traffic::Taken;

/// What one batch leaves behind.
const TABLES: [&str; 5] = ["segments", "log_records", "log_runs", "records", "receipts"];
/// What of it the relay added in a scope behind a position.
const ADDED: [&str; 3] = [
    "SELECT s.* FROM xunge.segments s JOIN xunge.writers w ON w.writer = s.writer AND w.worker = ''
     WHERE s.scope = $1 AND EXISTS (SELECT 1 FROM xunge.log_runs r WHERE r.scope = s.scope AND r.writer = s.writer
       AND r.idx = s.idx AND r.position > $2)",
    "SELECT o.* FROM xunge.log_records o JOIN xunge.writers w ON w.writer = o.writer AND w.worker = ''
     WHERE o.scope = $1 AND EXISTS (SELECT 1 FROM xunge.log_runs r WHERE r.scope = o.scope AND r.writer = o.writer
       AND r.idx = o.idx AND r.position > $2)",
    "SELECT r.* FROM xunge.log_runs r JOIN xunge.writers w ON w.writer = r.writer AND w.worker = ''
     WHERE r.scope = $1 AND r.position > $2",
];

/// A value as it travels, whatever its type.
#[derive(Debug)]
struct Raw(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One connection to the relay's database.
pub(crate) async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// What the log holds: its last position in each scope.
pub(crate) async fn positions(client: &Client) -> Outcome<HashMap<Vec<u8>, i64>> {
    let rows = client
        .query("SELECT scope, position FROM xunge.scopes", &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

struct Rows {
    table: usize,
    rows: Vec<Vec<Raw>>,
}

/// What one phone brought, with what the relay added to it.
struct Batch {
    changes: Vec<Change>,
    rows: Vec<Rows>,
}

/// What the bare loop takes over what the relay has just written behind `before`: what the phones brought, and what the
/// relay added to it in their scopes.
pub(crate) async fn floor(
    client: &mut Client,
    log: &Log,
    before: &HashMap<Vec<u8>, i64>,
) -> Outcome<Taken> {
    let batches = batches(client, log, before).await?;
    client.batch_execute("CREATE SCHEMA bare").await?;
    let mut inserts = Vec::new();
    for table in TABLES {
        let create = format!("CREATE TABLE bare.{table} (LIKE xunge.{table} INCLUDING ALL)");
        client.batch_execute(&create).await?;
        let empty = format!("SELECT * FROM xunge.{table} LIMIT 0");
        let columns = client.prepare(&empty).await?.columns().len();
        let marks: Vec<String> = (1..=columns).map(|n| format!("${n}")).collect();
        let insert = format!("INSERT INTO bare.{table} VALUES ({})", marks.join(", "));
        inserts.push(client.prepare(&insert).await?);
    }
    let mut documents = Documents::default();

    let spent = own_cpu();
    let began = Instant::now();
    for batch in &batches {
        let transaction = client.transaction().await?;
        apply(&mut documents, &batch.changes)?;
        let all = batch.rows.iter().flat_map(|Rows { table, rows }| {
            let insert: &Statement = &inserts[*table];
            rows.iter().map(move |row| (insert, row))
        });
        try_join_all(all.map(|(insert, row)| transaction.execute_raw(insert, row))).await?;
        transaction.commit().await?;
    }
    Ok(Taken {
        wall: began.elapsed(),
        cpu: own_cpu() - spent,
    })
}

async fn batches(
    client: &Client,
    log: &Log,
    before: &HashMap<Vec<u8>, i64>,
) -> Outcome<Vec<Batch>> {
    let writers = client
        .query(
            "SELECT DISTINCT w.writer, s.scope FROM xunge.writers w JOIN xunge.segments s ON s.writer = w.writer
             WHERE w.worker <> ''",
            &[],
        )
        .await?;
    let writers: Vec<(Vec<u8>, Vec<u8>)> =
        writers.iter().map(|row| (row.get(0), row.get(1))).collect();
    let relays = client
        .query("SELECT writer FROM xunge.writers WHERE worker = ''", &[])
        .await?;
    let mut batches = Vec::new();
    for (n, (writer, scope)) in writers.iter().enumerate() {
        let mut batch = Batch {
            changes: log.of(writer, scope),
            rows: Vec::new(),
        };
        for (number, table) in TABLES.into_iter().enumerate() {
            let select = format!("SELECT * FROM xunge.{table} WHERE writer = $1");
            let rows = client.query(&select, &[writer]).await?;
            batch.rows.push(Rows {
                table: number,
                rows: raw(&rows),
            });
        }
        // Of a scope with several phones once, when all that it builds on is there.
        if writers.iter().skip(n + 1).all(|(_, other)| other != scope) {
            for own in &relays {
                batch.changes.extend(log.of(own.get(0), scope));
            }
            let last = before.get(scope).copied().unwrap_or(0);
            for (table, select) in ADDED.into_iter().enumerate() {
                let rows = client.query(select, &[scope, &last]).await?;
                batch.rows.push(Rows {
                    table,
                    rows: raw(&rows),
                });
            }
        }
        batches.push(batch);
    }
    Ok(batches)
}

fn raw(rows: &[Row]) -> Vec<Vec<Raw>> {
    let all = rows.iter();
    all.map(|row| (0..row.len()).map(|n| row.get(n)).collect())
        .collect()
}
