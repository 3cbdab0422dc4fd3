//! The bare loop on PostgreSQL: applies the same changes with Automerge and inserts the same rows, a transaction for each batch,
//! into tables like the relay's on the same server. A prepared statement for each row, all of a batch on their way at once,
//! so that the loop waits for no answer but the last.

use std::error::Error;
use std::time::Instant;

use futures_util::future::try_join_all;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Row, Statement};
use xunge_tests::Outcome;

use crate::documents::Documents;
use crate::measure::own_cpu;
use crate::traffic::Taken;

/// What one batch leaves behind.
const TABLES: [&str; 4] = ["segments", "entries", "records", "receipts"];

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
pub(crate) async fn positions(client: &Client) -> Outcome<Vec<(Vec<u8>, i64)>> {
    let rows = client
        .query("SELECT scope, position FROM xunge.scopes", &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

struct Rows {
    table: usize,
    rows: Vec<Vec<Raw>>,
}

/// What the bare loop takes over what the relay has just written behind `before`: what the phones brought, and what the
/// relay added to it in their scopes.
pub(crate) async fn floor(client: &mut Client, before: &[(Vec<u8>, i64)]) -> Outcome<Taken> {
    let batches = batches(client, before).await?;
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
    let empty = client
        .prepare("SELECT * FROM xunge.entries LIMIT 0")
        .await?;
    let place = |name: &str| {
        let mut columns = empty.columns().iter();
        columns
            .position(|column| column.name() == name)
            .ok_or("no such column")
    };
    let (body, kind, record) = (place("body")?, place("kind")?, place("record")?);
    let mut documents = Documents::default();

    let spent = own_cpu();
    let began = Instant::now();
    for batch in &batches {
        let transaction = client.transaction().await?;
        for Rows { table, rows } in batch {
            for row in rows.iter().filter(|_| TABLES[*table] == "entries") {
                let bytes = |n: usize| row[n].0.as_deref().unwrap_or_default();
                let number = bytes(kind).iter().fold(0, |n, b| n << 8 | i64::from(*b));
                documents.apply(bytes(record), number, bytes(body))?;
            }
        }
        let all = batch.iter().flat_map(|Rows { table, rows }| {
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

async fn batches(client: &Client, before: &[(Vec<u8>, i64)]) -> Outcome<Vec<Vec<Rows>>> {
    let writers = client
        .query(
            "SELECT DISTINCT w.writer, e.scope FROM xunge.writers w JOIN xunge.entries e ON e.writer = w.writer
             WHERE w.worker <> ''",
            &[],
        )
        .await?;
    let writers: Vec<(Vec<u8>, Vec<u8>)> =
        writers.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut batches = Vec::new();
    for (n, (writer, scope)) in writers.iter().enumerate() {
        let mut batch = Vec::new();
        for (number, table) in TABLES.into_iter().enumerate() {
            let select = format!("SELECT * FROM xunge.{table} WHERE writer = $1");
            let rows = client.query(&select, &[writer]).await?;
            batch.push(Rows {
                table: number,
                rows: raw(&rows),
            });
        }
        // Of a scope with several phones once, when all that it builds on is there.
        if writers.iter().skip(n + 1).all(|(_, other)| other != scope) {
            let last = before.iter().find(|(known, _)| known == scope);
            let select =
                "SELECT e.* FROM xunge.entries e JOIN xunge.writers w ON w.writer = e.writer
                 WHERE w.worker = '' AND e.scope = $1 AND e.position > $2 AND e.kind < 128";
            let rows = client
                .query(select, &[scope, &last.map_or(0, |(_, position)| *position)])
                .await?;
            batch.push(Rows {
                table: 1,
                rows: raw(&rows),
            });
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
