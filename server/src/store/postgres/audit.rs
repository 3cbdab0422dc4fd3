//! [`AuditLog`] on PostgreSQL.

use tokio_postgres::Row;
use xunge_protocol::{Hash32, ScopeId, Timestamp};

use super::row::{self, Text, clean, signed};
use super::tx::PgTx;
use crate::audit::{self, AuditEvent, AuditRow};
use crate::store::{AuditLog, StoreResult};

pub(super) const COLUMNS: &str = "n, at, actor, action, scope, subject, reason, detail, hash";

pub(super) fn audit_row(r: &Row) -> StoreResult<AuditRow> {
    Ok(AuditRow {
        n: row::number(r, 0)?,
        at: row::time(r, 1)?,
        event: AuditEvent {
            actor: r.try_get(2)?,
            action: r.try_get(3)?,
            scope: row::maybe_scope(r, 4)?,
            subject: r.try_get(5)?,
            reason: r.try_get(6)?,
            detail: r.try_get(7)?,
        },
        hash: row::hash(r, 8)?,
    })
}

/// The event as it comes back, so that its hash is that of what is kept.
fn kept(event: &AuditEvent) -> AuditEvent {
    let text = |t: &Option<String>| t.as_deref().map(|t| clean(t).into_owned());
    AuditEvent {
        actor: clean(&event.actor).into_owned(),
        action: clean(&event.action).into_owned(),
        scope: event.scope,
        subject: text(&event.subject),
        reason: text(&event.reason),
        detail: text(&event.detail),
    }
}

impl AuditLog for PgTx<'_> {
    fn append_audit(&self, event: &AuditEvent, at: Timestamp) -> StoreResult<AuditRow> {
        // One chain over the county: whoever appends beside others waits for the one before.
        self.query_steady(
            "SELECT 1 FROM counties WHERE county = $1 FOR NO KEY UPDATE",
            &[&self.county()],
        )?;
        let last = self.query_opt(
            "SELECT n, hash FROM audit WHERE county = $1 ORDER BY n DESC LIMIT 1",
            &[&self.county()],
        )?;
        let (last, previous) = match last {
            Some(r) => (row::number::<u64>(&r, 0)?, row::hash(&r, 1)?),
            None => (0, Hash32([0; 32])),
        };
        let (n, event) = (last + 1, kept(event));
        let row = AuditRow {
            n,
            at,
            hash: audit::hash(previous, n, at, &event),
            event,
        };
        self.execute(
            &format!(
                "INSERT INTO audit (county, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            ),
            &[
                &self.county(),
                &signed(n),
                &at.0,
                &Text(&row.event.actor),
                &Text(&row.event.action),
                &row.event.scope.map(|s| s.0),
                &row.event.subject.as_deref().map(Text),
                &row.event.reason.as_deref().map(Text),
                &row.event.detail.as_deref().map(Text),
                &row.hash.0,
            ],
        )?;
        Ok(row)
    }

    fn audit_after(&self, n: u64, limit: usize) -> StoreResult<Vec<AuditRow>> {
        let rows = self.query(
            &format!(
                "SELECT {COLUMNS} FROM audit WHERE county = $1 AND n > $2 ORDER BY n LIMIT $3"
            ),
            &[&self.county(), &signed(n), &signed(limit as u64)],
        )?;
        rows.iter().map(audit_row).collect()
    }

    fn audit_latest(
        &self,
        before: Option<u64>,
        scopes: Option<&[ScopeId]>,
        limit: usize,
    ) -> StoreResult<Vec<AuditRow>> {
        let rows = self.query(
            &format!(
                "SELECT {COLUMNS} FROM audit
                 WHERE county = $1 AND n < $2 AND ($3::bytea[] IS NULL OR scope = ANY($3))
                 ORDER BY n DESC LIMIT $4"
            ),
            &[
                &self.county(),
                &before.map_or(i64::MAX, signed),
                &scopes.map(row::scopes),
                &signed(limit as u64),
            ],
        )?;
        rows.iter().map(audit_row).collect()
    }

    fn audit_about(&self, subject: &str) -> StoreResult<Vec<AuditRow>> {
        let rows = self.query(
            &format!("SELECT {COLUMNS} FROM audit WHERE county = $1 AND subject = $2 ORDER BY n"),
            &[&self.county(), &Text(subject)],
        )?;
        rows.iter().map(audit_row).collect()
    }
}
