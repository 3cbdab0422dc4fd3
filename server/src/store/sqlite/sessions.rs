//! [`Sessions`] on SQLite.

use rusqlite::{OptionalExtension as _, params};
use xunge_protocol::{Hash32, RecordId, Timestamp};

use super::SqliteTx;
use super::row::{Bytes, Millis};
use crate::store::{SessionRow, Sessions, StoreResult};

impl Sessions for SqliteTx<'_> {
    fn session(&self, token_hash: Hash32) -> StoreResult<Option<SessionRow>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT csrf, user, lang, flash, created_at, seen_at FROM sessions
                 WHERE county = ?1 AND token_hash = ?2",
            )?
            .query_row(params![self.county(), Bytes(token_hash.0)], |r| {
                Ok(SessionRow {
                    token_hash,
                    csrf: r.get(0)?,
                    user: r.get(1)?,
                    lang: r.get(2)?,
                    flash: r.get(3)?,
                    created_at: r.get::<_, Millis>(4)?.0,
                    seen_at: r.get::<_, Millis>(5)?.0,
                })
            })
            .optional()?)
    }

    fn put_session(&self, row: &SessionRow) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO sessions
                   (county, token_hash, csrf, user, lang, flash, created_at, seen_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.county(),
                Bytes(row.token_hash.0),
                row.csrf,
                row.user,
                row.lang,
                row.flash,
                Millis(row.created_at),
                Millis(row.seen_at)
            ])?;
        Ok(())
    }

    fn end_session(&self, token_hash: Hash32) -> StoreResult<()> {
        for table in ["sessions", "reveals"] {
            self.sql()
                .prepare_cached(&format!(
                    "DELETE FROM {table} WHERE county = ?1 AND token_hash = ?2"
                ))?
                .execute(params![self.county(), Bytes(token_hash.0)])?;
        }
        Ok(())
    }

    fn end_idle_sessions(&self, before: Timestamp) -> StoreResult<()> {
        self.sql()
            .prepare_cached("DELETE FROM sessions WHERE county = ?1 AND seen_at < ?2")?
            .execute(params![self.county(), Millis(before)])?;
        self.sql()
            .prepare_cached(
                "DELETE FROM reveals WHERE county = ?1 AND NOT EXISTS (SELECT 1 FROM sessions s
                 WHERE s.county = reveals.county AND s.token_hash = reveals.token_hash)",
            )?
            .execute(params![self.county()])?;
        Ok(())
    }

    fn put_reveal(
        &self,
        token_hash: Hash32,
        record: RecordId,
        until: Timestamp,
    ) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO reveals (county, token_hash, record, until_at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                self.county(),
                Bytes(token_hash.0),
                Bytes(record.0),
                Millis(until)
            ])?;
        Ok(())
    }

    fn is_revealed(
        &self,
        token_hash: Hash32,
        record: RecordId,
        now: Timestamp,
    ) -> StoreResult<bool> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT 1 FROM reveals
                 WHERE county = ?1 AND token_hash = ?2 AND record = ?3 AND until_at > ?4",
            )?
            .exists(params![
                self.county(),
                Bytes(token_hash.0),
                Bytes(record.0),
                Millis(now)
            ])?)
    }
}
