//! [`Enrolments`] on SQLite.

use rusqlite::{OptionalExtension as _, params};
use xunge_protocol::{Hash32, Timestamp, WriterId};

use super::SqliteTx;
use super::row::{Bytes, Millis, signed};
use crate::store::{Enrolments, ShortCodeRow, StoreResult, TicketRow};

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

    fn insert_short_code(&self, code: &ShortCodeRow) -> StoreResult<()> {
        self.sql().execute(
            "INSERT INTO short_codes (county, name, code_hash, ticket, expires_at, tries)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                self.county(),
                code.name,
                Bytes(code.code_hash.0),
                Bytes(code.ticket.0),
                Millis(code.expires_at),
                code.tries
            ],
        )?;
        Ok(())
    }

    fn short_code(&self, name: u16) -> StoreResult<Option<ShortCodeRow>> {
        Ok(self
            .sql()
            .query_row(
                "SELECT name, code_hash, ticket, expires_at, tries FROM short_codes
                 WHERE county = ?1 AND name = ?2",
                params![self.county(), name],
                short_code,
            )
            .optional()?)
    }

    fn take_try(&self, name: u16, most: u32) -> StoreResult<Option<ShortCodeRow>> {
        Ok(self
            .sql()
            .query_row(
                "UPDATE short_codes SET tries = tries + 1
                 WHERE county = ?1 AND name = ?2 AND tries < ?3
                 RETURNING name, code_hash, ticket, expires_at, tries",
                params![self.county(), name, most],
                short_code,
            )
            .optional()?)
    }

    fn give_try_back(&self, name: u16) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE short_codes SET tries = tries - 1 WHERE county = ?1 AND name = ?2",
            params![self.county(), name],
        )?;
        Ok(())
    }

    fn forget_short_codes(&self, before: Timestamp) -> StoreResult<()> {
        self.sql().execute(
            "DELETE FROM short_codes WHERE county = ?1 AND expires_at < ?2",
            params![self.county(), Millis(before)],
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

fn short_code(r: &rusqlite::Row<'_>) -> rusqlite::Result<ShortCodeRow> {
    Ok(ShortCodeRow {
        name: r.get(0)?,
        code_hash: Hash32(r.get::<_, Bytes<32>>(1)?.0),
        ticket: Hash32(r.get::<_, Bytes<32>>(2)?.0),
        expires_at: r.get::<_, Millis>(3)?.0,
        tries: r.get(4)?,
    })
}
