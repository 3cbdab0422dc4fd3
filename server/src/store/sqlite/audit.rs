//! [`AuditLog`] on SQLite.

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::{Hash32, ScopeId, Timestamp};

use super::SqliteTx;
use super::row::{self, Bytes, Millis, signed, unsigned};
use crate::audit::{self, AuditEvent, AuditRow};
use crate::store::{AuditLog, StoreResult};

pub(super) const COLUMNS: &str = "n, at, actor, action, scope, subject, reason, detail, hash";

pub(super) fn audit_row(r: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        n: unsigned(r.get(0)?),
        at: r.get::<_, Millis>(1)?.0,
        event: AuditEvent {
            actor: r.get(2)?,
            action: r.get(3)?,
            scope: row::scope(r, 4)?,
            subject: r.get(5)?,
            reason: r.get(6)?,
            detail: r.get(7)?,
        },
        hash: Hash32(r.get::<_, Bytes<32>>(8)?.0),
    })
}

impl AuditLog for SqliteTx<'_> {
    fn append_audit(&self, event: &AuditEvent, at: Timestamp) -> StoreResult<AuditRow> {
        let last: Option<(i64, Bytes<32>)> = self
            .sql()
            .prepare_cached("SELECT n, hash FROM audit WHERE county = ?1 ORDER BY n DESC LIMIT 1")?
            .query_row(params![self.county()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let (last, previous) = last.map_or((0, [0; 32]), |(n, hash)| (unsigned(n), hash.0));
        let n = last + 1;
        let row = AuditRow {
            n,
            at,
            event: event.clone(),
            hash: audit::hash(Hash32(previous), n, at, event),
        };
        self.sql()
            .prepare_cached(&format!(
                "INSERT INTO audit (county, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
            ))?
            .execute(params![
                self.county(),
                signed(n),
                Millis(at),
                event.actor,
                event.action,
                event.scope.map(|s| Bytes(s.0)),
                event.subject,
                event.reason,
                event.detail,
                Bytes(row.hash.0)
            ])?;
        Ok(row)
    }

    fn audit_after(&self, n: u64, limit: usize) -> StoreResult<Vec<AuditRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit WHERE county = ?1 AND n > ?2 ORDER BY n LIMIT ?3"
        ))?;
        let rows = query.query_map(
            params![self.county(), signed(n), signed(limit as u64)],
            audit_row,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn audit_latest(
        &self,
        before: Option<u64>,
        scopes: Option<&[ScopeId]>,
        limit: usize,
    ) -> StoreResult<Vec<AuditRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit
             WHERE county = ?1 AND n < ?2
               AND (?3 IS NULL OR lower(hex(scope)) IN (SELECT value FROM json_each(?3)))
             ORDER BY n DESC LIMIT ?4"
        ))?;
        let rows = query.query_map(
            params![
                self.county(),
                before.map_or(i64::MAX, signed),
                scopes.map(row::scope_list),
                signed(limit as u64)
            ],
            audit_row,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn audit_about(&self, subject: &str) -> StoreResult<Vec<AuditRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit WHERE county = ?1 AND subject = ?2 ORDER BY n"
        ))?;
        let rows = query.query_map(params![self.county(), subject], audit_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
