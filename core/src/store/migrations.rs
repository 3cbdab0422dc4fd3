//! Ordered migrations of the phone's database. A released file never changes; a newer database is refused politely.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// SQL by the version that it leads to, counting from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_erasure.sql"),
    include_str!("migrations/0003_incarnations.sql"),
    include_str!("migrations/0004_pieces.sql"),
    include_str!("migrations/0005_pins.sql"),
    include_str!("migrations/0006_snapshots.sql"),
    include_str!("migrations/0007_doubtful.sql"),
    include_str!("migrations/0008_shares.sql"),
    include_str!("migrations/0009_fewer_pages.sql"),
    include_str!("migrations/0010_relay_keys.sql"),
    include_str!("migrations/0011_retention.sql"),
];

/// Version of the schema that this program writes.
pub(super) const CURRENT: u32 = MIGRATIONS.len() as u32;

/// Brings the database to [`CURRENT`], each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    loop {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: u32 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found > CURRENT {
            return Err(StoreError::Newer {
                found,
                known: CURRENT,
            });
        }
        let Some(sql) = MIGRATIONS.get(found as usize) else {
            return Ok(());
        };
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", found + 1)?;
        tx.commit()?;
    }
}
