//! Counters that never go back, counted in the transaction that uses them.

use rusqlite::Transaction;

use super::StoreError;

/// Records that this writer opened.
pub(super) const RECORD: &str = "record";
/// Events that this writer wrote.
pub(super) const EVENT: &str = "event";
/// Requests that this writer sent.
pub(super) const REQUEST: &str = "request";
/// Interviews begun.
pub(super) const DRAFT: &str = "draft";

/// The next value, from 1.
pub(super) fn next(tx: &Transaction<'_>, name: &str) -> Result<u32, StoreError> {
    let value = tx
        .prepare_cached(
            "INSERT INTO counter VALUES (?1, 1)
             ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
        )?
        .query_row([name], |row| row.get(0))?;
    Ok(value)
}
