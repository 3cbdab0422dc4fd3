//! [`Sessions`] on PostgreSQL.

use xunge_protocol::{Hash32, RecordId, Timestamp};

use super::row::{self, Text};
use super::tx::PgTx;
use crate::store::{SessionRow, Sessions, StoreResult};

impl Sessions for PgTx<'_> {
    fn session(&self, token_hash: Hash32) -> StoreResult<Option<SessionRow>> {
        self.query_opt(
            "SELECT csrf, \"user\", lang, flash, created_at, seen_at FROM sessions
             WHERE county = $1 AND token_hash = $2",
            &[&self.county(), &token_hash.0],
        )?
        .map(|r| {
            Ok(SessionRow {
                token_hash,
                csrf: r.try_get(0)?,
                user: r.try_get(1)?,
                lang: r.try_get(2)?,
                flash: r.try_get(3)?,
                created_at: row::time(&r, 4)?,
                seen_at: row::time(&r, 5)?,
            })
        })
        .transpose()
    }

    fn put_session(&self, row: &SessionRow) -> StoreResult<()> {
        self.execute(
            "INSERT INTO sessions (county, token_hash, csrf, \"user\", lang, flash, created_at, seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (county, token_hash) DO UPDATE SET csrf = excluded.csrf, \"user\" = excluded.\"user\",
               lang = excluded.lang, flash = excluded.flash, created_at = excluded.created_at,
               seen_at = excluded.seen_at",
            &[
                &self.county(),
                &row.token_hash.0,
                &Text(&row.csrf),
                &row.user.as_deref().map(Text),
                &Text(&row.lang),
                &row.flash.as_deref().map(Text),
                &row.created_at.0,
                &row.seen_at.0,
            ],
        )?;
        Ok(())
    }

    fn end_session(&self, token_hash: Hash32) -> StoreResult<()> {
        for table in ["sessions", "reveals"] {
            self.execute(
                &format!("DELETE FROM {table} WHERE county = $1 AND token_hash = $2"),
                &[&self.county(), &token_hash.0],
            )?;
        }
        Ok(())
    }

    fn end_idle_sessions(&self, before: Timestamp) -> StoreResult<()> {
        self.execute(
            "DELETE FROM sessions WHERE county = $1 AND seen_at < $2",
            &[&self.county(), &before.0],
        )?;
        self.execute(
            "DELETE FROM reveals WHERE county = $1 AND NOT EXISTS (SELECT 1 FROM sessions s
             WHERE s.county = reveals.county AND s.token_hash = reveals.token_hash)",
            &[&self.county()],
        )?;
        Ok(())
    }

    fn put_reveal(
        &self,
        token_hash: Hash32,
        record: RecordId,
        until: Timestamp,
    ) -> StoreResult<()> {
        self.execute(
            "INSERT INTO reveals (county, token_hash, record, until_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (county, token_hash, record) DO UPDATE SET until_at = excluded.until_at",
            &[&self.county(), &token_hash.0, &record.0, &until.0],
        )?;
        Ok(())
    }

    fn is_revealed(
        &self,
        token_hash: Hash32,
        record: RecordId,
        now: Timestamp,
    ) -> StoreResult<bool> {
        let found = self.query(
            "SELECT 1 FROM reveals
             WHERE county = $1 AND token_hash = $2 AND record = $3 AND until_at > $4",
            &[&self.county(), &token_hash.0, &record.0, &now.0],
        )?;
        Ok(!found.is_empty())
    }
}
