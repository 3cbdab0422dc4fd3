//! Brings a database to this version: each SQL file once, in order, each in its own transaction.

use rusqlite::{Connection, OptionalExtension as _};

use crate::store::{StoreError, StoreResult};

/// What a file of SQL cannot say, after it ran.
type Then = fn(&Connection) -> StoreResult<()>;

/// Name and text, in order. A file that was released never changes.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_log", include_str!("migrations/0001_log.sql")),
    (
        "0002_organisation",
        include_str!("migrations/0002_organisation.sql"),
    ),
    ("0003_people", include_str!("migrations/0003_people.sql")),
    (
        "0004_references",
        include_str!("migrations/0004_references.sql"),
    ),
    ("0005_console", include_str!("migrations/0005_console.sql")),
    ("0006_erasure", include_str!("migrations/0006_erasure.sql")),
    (
        "0007_snapshots",
        include_str!("migrations/0007_snapshots.sql"),
    ),
    ("0008_shares", include_str!("migrations/0008_shares.sql")),
    (
        "0009_relay_keys",
        include_str!("migrations/0009_relay_keys.sql"),
    ),
    (
        "0010_short_codes",
        include_str!("migrations/0010_short_codes.sql"),
    ),
    (
        "0011_smaller_rows",
        include_str!("migrations/0011_smaller_rows.sql"),
    ),
    (
        "0012_packed_segments",
        include_str!("migrations/0012_packed_segments.sql"),
    ),
];

/// What follows a file.
const THEN: &[(&str, Then)] = &[("0012_packed_segments", super::log::pack_rows)];

/// Applies what is missing.
pub(super) fn run(conn: &mut Connection) -> StoreResult<()> {
    conn.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    )?;
    let known: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).collect();
    let applied: Vec<String> = conn
        .prepare("SELECT name FROM migrations ORDER BY name")?
        .query_map([], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    if let Some(later) = applied.iter().find(|a| !known.contains(&a.as_str())) {
        return Err(StoreError::TooNew(later.clone()));
    }
    for (name, sql) in MIGRATIONS {
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Asked inside the transaction: another process may be at the same work.
        let done: Option<i64> = tx
            .query_row("SELECT 1 FROM migrations WHERE name = ?1", [name], |r| {
                r.get(0)
            })
            .optional()?;
        if done.is_none() {
            tx.execute_batch(sql)?;
            for (_, then) in THEN.iter().filter(|(of, _)| of == name) {
                then(&tx)?;
            }
            tx.execute("INSERT INTO migrations (name) VALUES (?1)", [name])?;
            tx.commit()?;
        }
    }
    Ok(())
}
