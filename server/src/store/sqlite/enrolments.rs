//! [`Enrolments`] on SQLite.

use rusqlite::{OptionalExtension as _, params};
use xunge_protocol::{Hash32, Timestamp, WriterId};

use super::SqliteTx;
use super::row::{Bytes, Millis, signed};
use crate::store::{Enrolments, StoreResult, TicketRow};

impl Enrolments for SqliteTx<'_> {
    fn insert_ticket(&self, ticket: &TicketRow) -> StoreResult<()> {
        self.sql().execute(
            "INSERT INTO tickets (county, secret_hash, worker, created_at, expires_at, writer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                self.county(),
                Bytes(ticket.secret_hash.0),
                ticket.worker,
                Millis(ticket.created_at),
                Millis(ticket.expires_at),
                ticket.writer.map(|w| Bytes(w.0))
            ],
        )?;
        Ok(())
    }

    fn ticket(&self, secret_hash: Hash32) -> StoreResult<Option<TicketRow>> {
        Ok(self
            .sql()
            .query_row(
                "SELECT worker, created_at, expires_at, writer FROM tickets
                 WHERE county = ?1 AND secret_hash = ?2",
                params![self.county(), Bytes(secret_hash.0)],
                |r| {
                    Ok(TicketRow {
                        secret_hash,
                        worker: r.get(0)?,
                        created_at: r.get::<_, Millis>(1)?.0,
                        expires_at: r.get::<_, Millis>(2)?.0,
                        writer: r.get::<_, Option<Bytes<8>>>(3)?.map(|b| WriterId(b.0)),
                    })
                },
            )
            .optional()?)
    }

    fn use_ticket(&self, secret_hash: Hash32, writer: WriterId) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE tickets SET writer = ?3 WHERE county = ?1 AND secret_hash = ?2",
            params![self.county(), Bytes(secret_hash.0), Bytes(writer.0)],
        )?;
        Ok(())
    }

    fn insert_unlock_codes(&self, writer: WriterId, codes: &[String]) -> StoreResult<()> {
        let mut insert = self.sql().prepare_cached(
            "INSERT INTO unlock_codes (county, writer, ordinal, code) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (ordinal, code) in codes.iter().enumerate() {
            insert.execute(params![
                self.county(),
                Bytes(writer.0),
                signed(ordinal as u64),
                code
            ])?;
        }
        Ok(())
    }

    fn unlock_codes(&self, writer: WriterId) -> StoreResult<Vec<String>> {
        let mut query = self.sql().prepare_cached(
            "SELECT code FROM unlock_codes WHERE county = ?1 AND writer = ?2 ORDER BY ordinal",
        )?;
        let rows = query.query_map(params![self.county(), Bytes(writer.0)], |r| r.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn tell_unlock_code(&self, writer: WriterId, at: Timestamp) -> StoreResult<Option<String>> {
        Ok(self
            .sql()
            .query_row(
                "UPDATE unlock_codes SET told_at = ?3
                 WHERE county = ?1 AND writer = ?2 AND ordinal = (
                   SELECT min(ordinal) FROM unlock_codes
                   WHERE county = ?1 AND writer = ?2 AND told_at IS NULL)
                 RETURNING code",
                params![self.county(), Bytes(writer.0), Millis(at)],
                |r| r.get(0),
            )
            .optional()?)
    }
}
