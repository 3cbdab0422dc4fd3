//! A backup of a county on PostgreSQL is the same file as one on SQLite, table by table: so a county moves from either
//! database to the other.

use std::path::Path;

use futures_util::TryStreamExt as _;
use futures_util::pin_mut;
use rusqlite::types::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use xunge_protocol::{EpochId, WriterId};

use super::county::BACKUP_KEY;
use super::{PgStore, Server, log, migrate, row, wake};
use crate::media::storage::Storage;
use crate::store::sqlite::copy::Copy;
use crate::store::{StoreError, StoreResult};

/// Rows that go into the database at once.
const ROWS: usize = 500;

/// A table that both databases have.
struct Table {
    name: String,
    columns: Vec<(String, Type)>,
}

impl Table {
    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn select(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(name, ty)| match *ty {
                Type::JSONB => format!("\"{name}\"::text"),
                _ => format!("\"{name}\""),
            })
            .collect();
        format!("SELECT {} FROM {}", columns.join(", "), self.name)
    }

    fn insert(&self) -> String {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for (n, (name, ty)) in self.columns.iter().enumerate() {
            names.push(format!("\"{name}\""));
            values.push(format!("${}::{}[]", n + 1, ty.name()));
        }
        format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({})",
            self.name,
            names.join(", "),
            values.join(", ")
        )
    }
}

/// The tables of the schema, but for the list of migrations.
async fn tables(client: &tokio_postgres::Client) -> StoreResult<Vec<Table>> {
    let rows = client
        .query(
            "SELECT c.relname::text, a.attname::text, a.atttypid FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE n.nspname = 'xunge' AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations'
               AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY 1, a.attnum",
            &[],
        )
        .await?;
    let mut tables: Vec<Table> = Vec::new();
    for r in &rows {
        let (name, column): (String, String) = (r.try_get(0)?, r.try_get(1)?);
        let ty = Type::from_oid(r.try_get(2)?).unwrap_or(Type::TEXT);
        match tables.last_mut().filter(|t| t.name == name) {
            Some(table) => table.columns.push((column, ty)),
            None => tables.push(Table {
                name,
                columns: vec![(column, ty)],
            }),
        }
    }
    Ok(tables)
}

fn value(r: &Row, at: usize, ty: &Type) -> StoreResult<Value> {
    let value = match *ty {
        Type::BOOL => r
            .try_get::<_, Option<bool>>(at)?
            .map(|b| Value::Integer(b.into())),
        Type::BYTEA => r.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Blob),
        Type::INT8 => r.try_get::<_, Option<i64>>(at)?.map(Value::Integer),
        _ => r.try_get::<_, Option<String>>(at)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// One column of many rows, as PostgreSQL wants it.
fn column(rows: &[Vec<Value>], at: usize, ty: &Type) -> Box<dyn ToSql + Sync + Send> {
    let values = rows.iter().map(|r| r.get(at).unwrap_or(&Value::Null));
    let integer = |v: &Value| match v {
        Value::Integer(n) => Some(*n),
        _ => None,
    };
    let text = |v: &Value| match v {
        Value::Text(text) => Some(row::clean(text).into_owned()),
        _ => None,
    };
    match *ty {
        Type::BOOL => Box::new(
            values
                .map(|v| integer(v).map(|n| n != 0))
                .collect::<Vec<_>>(),
        ),
        Type::INT8 => Box::new(values.map(integer).collect::<Vec<_>>()),
        Type::BYTEA => Box::new(
            values
                .map(|v| match v {
                    Value::Blob(bytes) => Some(bytes.clone()),
                    _ => None,
                })
                .collect::<Vec<_>>(),
        ),
        Type::JSONB => Box::new(
            values
                .map(|v| text(v).map(|t| row::Json::new(&t)))
                .collect::<Vec<_>>(),
        ),
        _ => Box::new(values.map(text).collect::<Vec<_>>()),
    }
}

impl PgStore {
    /// Copies the running store and the files of `media` to the new file `to`, and its key beside it. Returns the number
    /// of media files.
    pub fn write_backup(&self, media: &dyn Storage, to: &Path) -> StoreResult<usize> {
        let mut client = self.server.client()?;
        self.server.wait(async {
            let tx = client
                .build_transaction()
                .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
                .read_only(true)
                .start()
                .await?;
            let key = tx
                .query_one("SELECT value FROM secrets WHERE name = $1", &[&BACKUP_KEY])
                .await?;
            let copy = Copy::create(to, &row::bytes(&key, 0)?)?;
            for table in tables(tx.client()).await? {
                let names = table.names();
                let Some(mut insert) = copy.insert(&table.name, &names)? else {
                    continue;
                };
                let rows = tx
                    .query_raw(&table.select(), std::iter::empty::<i64>())
                    .await?;
                pin_mut!(rows);
                while let Some(r) = rows.try_next().await? {
                    let mut values = Vec::with_capacity(names.len());
                    for (at, (_, ty)) in table.columns.iter().enumerate() {
                        values.push(value(&r, at, ty)?);
                    }
                    insert.row(values)?;
                }
            }
            copy.finish(media)
        })
    }
}

/// Puts the backup `from` into the database at `url`, in place of what it holds, which is kept in a schema of the name
/// `xunge_replaced_N`; media go into `media`. Returns the number of media files.
///
/// # Errors
/// [`StoreError::Postgres`] while a node serves.
pub fn restore_backup(
    url: &str,
    media: &dyn Storage,
    from: &Path,
    epoch: EpochId,
    writer: WriterId,
) -> StoreResult<usize> {
    let copy = Copy::open(from)?;
    let server = Server::new(url)?;
    set_aside(&server)?;
    migrate::run(&server)?;
    let mut client = server.client()?;
    server.wait(async {
        let tx = client.transaction().await?;
        for table in tables(tx.client()).await? {
            let insert = table.insert();
            copy.rows(&table.name, &table.names(), ROWS, |rows| {
                let columns: Vec<_> = table
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(at, (_, ty))| column(&rows, at, ty))
                    .collect();
                let params: Vec<_> = columns.iter().map(|c| c.as_ref() as _).collect();
                // One batch after the other, on this thread.
                server.wait(tx.execute(&insert, &params))?;
                Ok(())
            })?;
        }
        log::index_all(&tx).await?;
        tx.execute(
            "UPDATE counties SET epoch = $1, relay_writer = $2",
            &[&epoch.0, &writer.0],
        )
        .await?;
        tx.execute(
            "INSERT INTO secrets (county, name, value) SELECT county, $1, $2 FROM counties
             ON CONFLICT (county, name) DO UPDATE SET value = excluded.value",
            &[&BACKUP_KEY, &copy.key()?],
        )
        .await?;
        tx.commit().await?;
        StoreResult::Ok(())
    })?;
    copy.write_media(media)
}

/// Moves what the database holds out of the way, unless a node serves it.
fn set_aside(server: &Server) -> StoreResult<()> {
    let mut client = server.client()?;
    server.wait(async {
        let tx = client.transaction().await?;
        let there = tx
            .query(
                "SELECT 1 FROM pg_tables WHERE schemaname = 'xunge' AND tablename = 'counties'",
                &[],
            )
            .await?;
        if there.is_empty() {
            return Ok(());
        }
        let free = tx
            .query(
                "SELECT pg_try_advisory_xact_lock($1, county::integer) FROM counties",
                &[&wake::SERVING],
            )
            .await?;
        for r in &free {
            if !r.try_get::<_, bool>(0)? {
                return Err(StoreError::Postgres(
                    "another xunge serves this database: stop it first".into(),
                ));
            }
        }
        let aside: i64 = tx
            .query_one(
                "SELECT count(*) + 1 FROM pg_namespace WHERE nspname LIKE 'xunge\\_replaced\\_%'",
                &[],
            )
            .await?
            .try_get(0)?;
        tx.batch_execute(&format!(
            "ALTER SCHEMA xunge RENAME TO xunge_replaced_{aside}"
        ))
        .await?;
        Ok(tx.commit().await?)
    })
}
