//! [`Enrolments`] on PostgreSQL.

use xunge_protocol::{Hash32, Timestamp, WriterId};

use super::row::{self, Text};
use super::tx::PgTx;
use crate::store::{Enrolments, ShortCodeRow, StoreResult, TicketRow};

impl Enrolments for PgTx<'_> {
    fn insert_ticket(&self, ticket: &TicketRow) -> StoreResult<()> {
        self.execute(
            "INSERT INTO tickets (county, secret_hash, worker, created_at, expires_at, writer)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                &self.county(),
                &ticket.secret_hash.0,
                &Text(&ticket.worker),
                &ticket.created_at.0,
                &ticket.expires_at.0,
                &ticket.writer.map(|w| w.0),
            ],
        )?;
        Ok(())
    }

    fn ticket(&self, secret_hash: Hash32) -> StoreResult<Option<TicketRow>> {
        self.query_opt(
            "SELECT worker, created_at, expires_at, writer FROM tickets
             WHERE county = $1 AND secret_hash = $2",
            &[&self.county(), &secret_hash.0],
        )?
        .map(|r| {
            Ok(TicketRow {
                secret_hash,
                worker: r.try_get(0)?,
                created_at: row::time(&r, 1)?,
                expires_at: row::time(&r, 2)?,
                writer: row::maybe_writer(&r, 3)?,
            })
        })
        .transpose()
    }

    fn use_ticket(&self, secret_hash: Hash32, writer: WriterId) -> StoreResult<()> {
        self.execute(
            "UPDATE tickets SET writer = $3 WHERE county = $1 AND secret_hash = $2",
            &[&self.county(), &secret_hash.0, &writer.0],
        )?;
        Ok(())
    }

    fn insert_short_code(&self, code: &ShortCodeRow) -> StoreResult<()> {
        self.execute(
            "INSERT INTO short_codes (county, name, code_hash, ticket, expires_at, tries)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                &self.county(),
                &i64::from(code.name),
                &code.code_hash.0,
                &code.ticket.0,
                &code.expires_at.0,
                &i64::from(code.tries),
            ],
        )?;
        Ok(())
    }

    fn short_code(&self, name: u16) -> StoreResult<Option<ShortCodeRow>> {
        self.query_opt(
            "SELECT name, code_hash, ticket, expires_at, tries FROM short_codes
             WHERE county = $1 AND name = $2",
            &[&self.county(), &i64::from(name)],
        )?
        .map(|r| short_code(&r))
        .transpose()
    }

    fn take_try(&self, name: u16, most: u32) -> StoreResult<Option<ShortCodeRow>> {
        // The row stays locked until the transaction ends: nodes count one after the other.
        self.query_opt(
            "UPDATE short_codes SET tries = tries + 1
             WHERE county = $1 AND name = $2 AND tries < $3
             RETURNING name, code_hash, ticket, expires_at, tries",
            &[&self.county(), &i64::from(name), &i64::from(most)],
        )?
        .map(|r| short_code(&r))
        .transpose()
    }

    fn give_try_back(&self, name: u16) -> StoreResult<()> {
        self.execute(
            "UPDATE short_codes SET tries = tries - 1 WHERE county = $1 AND name = $2",
            &[&self.county(), &i64::from(name)],
        )?;
        Ok(())
    }

    fn forget_short_codes(&self, before: Timestamp) -> StoreResult<()> {
        self.execute(
            "DELETE FROM short_codes WHERE county = $1 AND expires_at < $2",
            &[&self.county(), &before.0],
        )?;
        Ok(())
    }

    fn insert_unlock_codes(&self, writer: WriterId, codes: &[String]) -> StoreResult<()> {
        self.execute(
            "INSERT INTO unlock_codes (county, writer, ordinal, code)
             SELECT $1, $2, n - 1, code FROM unnest($3::text[]) WITH ORDINALITY AS u (code, n)",
            &[&self.county(), &writer.0, &codes],
        )?;
        Ok(())
    }

    fn unlock_codes(&self, writer: WriterId) -> StoreResult<Vec<String>> {
        let rows = self.query(
            "SELECT code FROM unlock_codes WHERE county = $1 AND writer = $2 ORDER BY ordinal",
            &[&self.county(), &writer.0],
        )?;
        rows.iter().map(|r| Ok(r.try_get(0)?)).collect()
    }

    fn tell_unlock_code(&self, writer: WriterId, at: Timestamp) -> StoreResult<Option<String>> {
        self.query_opt(
            "UPDATE unlock_codes SET told_at = $3
             WHERE county = $1 AND writer = $2 AND ordinal = (
               SELECT min(ordinal) FROM unlock_codes
               WHERE county = $1 AND writer = $2 AND told_at IS NULL)
             RETURNING code",
            &[&self.county(), &writer.0, &at.0],
        )?
        .map(|r| Ok(r.try_get(0)?))
        .transpose()
    }
}

fn short_code(r: &tokio_postgres::Row) -> StoreResult<ShortCodeRow> {
    Ok(ShortCodeRow {
        name: row::number(r, 0)?,
        code_hash: row::hash(r, 1)?,
        ticket: row::hash(r, 2)?,
        expires_at: row::time(r, 3)?,
        tries: row::number(r, 4)?,
    })
}
