//! People for the console: silent phones, workers of areas, and the audit log.

use std::collections::BTreeMap;

use xunge_protocol::{ScopeId, Timestamp};

use super::audit::{COLUMNS, audit_row};
use super::board::{Where, anywhere};
use super::row;
use super::tx::PgTx;
use crate::audit::AuditRow;
use crate::store::{StoreResult, Window};

impl PgTx<'_> {
    pub(super) fn silent_phones(&self, scopes: &[ScopeId], before: Timestamp) -> StoreResult<u64> {
        let rows = self.query(
            "SELECT count(*) FROM writers w WHERE w.county = $1 AND w.worker <> '' AND w.revoked_at IS NULL
               AND coalesce(w.last_seen_at, 0) < $2 AND EXISTS (SELECT 1 FROM grants g
                 WHERE g.county = w.county AND g.worker = w.worker AND g.until_at IS NULL
                   AND g.scope = ANY($3))",
            &[&self.county(), &before.0, &row::scopes(scopes)],
        )?;
        rows.first().map_or(Ok(0), |r| row::number(r, 0))
    }

    pub(super) fn granted_workers(
        &self,
        scopes: &[ScopeId],
    ) -> StoreResult<BTreeMap<ScopeId, u64>> {
        let all = Where::new(self.county(), "scope", scopes);
        let sql = format!(
            "SELECT scope, count(*) FROM grants WHERE {} AND until_at IS NULL GROUP BY scope",
            all.sql()
        );
        let rows = self.rows(&sql, &all)?;
        rows.iter()
            .map(|r| Ok((row::scope(r, 0)?, row::number(r, 1)?)))
            .collect()
    }

    fn audit_conditions(&self, scopes: &[ScopeId], needle: Option<&str>) -> Where {
        let mut all = Where::new(self.county(), "scope", scopes);
        if let Some(needle) = needle {
            let found = all.text(&anywhere(needle));
            all.and(&format!(
                "(action ILIKE {found} OR subject ILIKE {found} OR reason ILIKE {found}
                   OR EXISTS (SELECT 1 FROM users u WHERE u.county = audit.county AND u.\"user\" = audit.actor
                     AND (u.name ILIKE {found} OR u.login ILIKE {found})))"
            ));
        }
        all
    }

    pub(super) fn audit_count(&self, scopes: &[ScopeId], needle: Option<&str>) -> StoreResult<u64> {
        let all = self.audit_conditions(scopes, needle);
        self.count(
            &format!("SELECT count(*) FROM audit WHERE {}", all.sql()),
            &all,
        )
    }

    pub(super) fn audit_list(
        &self,
        scopes: &[ScopeId],
        needle: Option<&str>,
        window: Window,
    ) -> StoreResult<Vec<AuditRow>> {
        let mut all = self.audit_conditions(scopes, needle);
        let page = all.window(window);
        let sql = format!(
            "SELECT {COLUMNS} FROM audit WHERE {} ORDER BY n DESC {page}",
            all.sql()
        );
        self.rows(&sql, &all)?.iter().map(audit_row).collect()
    }
}
