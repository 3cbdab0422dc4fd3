//! Brings a database to this version: each SQL file once, in order, each in its own transaction.

use super::Server;
use crate::store::{StoreError, StoreResult};

/// After which the log is packed.
const PACKED: &str = "0008_packed_segments";

/// Name and text, in order. A file that was released never changes.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_relay", include_str!("migrations/0001_relay.sql")),
    ("0002_erasure", include_str!("migrations/0002_erasure.sql")),
    (
        "0003_snapshots",
        include_str!("migrations/0003_snapshots.sql"),
    ),
    ("0004_shares", include_str!("migrations/0004_shares.sql")),
    (
        "0005_relay_keys",
        include_str!("migrations/0005_relay_keys.sql"),
    ),
    (
        "0006_short_codes",
        include_str!("migrations/0006_short_codes.sql"),
    ),
    (
        "0007_smaller_rows",
        include_str!("migrations/0007_smaller_rows.sql"),
    ),
    (PACKED, include_str!("migrations/0008_packed_segments.sql")),
];

/// Key of the lock under which one node migrates while the others wait.
const LOCK: i64 = 0x7875_6e67_6500;

/// Applies what is missing.
pub(super) fn run(server: &Server) -> StoreResult<()> {
    let mut client = server.client()?;
    server.wait(async {
        for (at, (name, sql)) in MIGRATIONS.iter().enumerate() {
            let tx = client.transaction().await?;
            tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
                .await?;
            if at == 0 {
                tx.batch_execute(
                    "CREATE SCHEMA IF NOT EXISTS xunge;
                     CREATE TABLE IF NOT EXISTS xunge.migrations (name TEXT COLLATE \"C\" PRIMARY KEY)",
                )
                .await?;
            }
            let applied: Vec<String> = tx
                .query("SELECT name FROM migrations ORDER BY name", &[])
                .await?
                .iter()
                .map(|r| r.try_get(0))
                .collect::<Result<_, _>>()?;
            let known = |name: &String| MIGRATIONS.iter().any(|(n, _)| n == name);
            if let Some(later) = applied.iter().find(|name| !known(name)) {
                return Err(StoreError::TooNew(later.clone()));
            }
            if applied.iter().all(|a| a != name) {
                tx.batch_execute(sql).await?;
                if *name == PACKED {
                    super::log::pack_rows(&tx).await?;
                }
                tx.execute("INSERT INTO migrations (name) VALUES ($1)", &[name])
                    .await?;
            }
            tx.commit().await?;
        }
        Ok(())
    })
}
