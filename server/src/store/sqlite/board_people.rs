//! People for the console: silent phones, workers of areas, and the audit log.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use xunge_protocol::{ScopeId, Timestamp};

use super::SqliteTx;
use super::audit::{COLUMNS, audit_row};
use super::board::{Where, anywhere};
use super::row::{self, Bytes, unsigned};
use crate::audit::AuditRow;
use crate::store::{StoreResult, Window};

impl SqliteTx<'_> {
    pub(super) fn silent_phones(&self, scopes: &[ScopeId], before: Timestamp) -> StoreResult<u64> {
        self.count(
            "SELECT count(*) FROM writers w WHERE w.county = ?1 AND w.worker <> '' AND w.revoked_at IS NULL
               AND coalesce(w.last_seen_at, 0) < ?2 AND EXISTS (SELECT 1 FROM grants g
                 WHERE g.county = w.county AND g.worker = w.worker AND g.until_at IS NULL
                   AND g.scope IN (SELECT unhex(value) FROM json_each(?3)))",
            vec![
                Value::Integer(self.county()),
                Value::Integer(before.0),
                Value::Text(row::scope_list(scopes)),
            ],
        )
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
        let rows = self.rows(&sql, all.values(None), |r| {
            Ok((ScopeId(r.get::<_, Bytes<8>>(0)?.0), unsigned(r.get(1)?)))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn audit_conditions(&self, scopes: &[ScopeId], needle: Option<&str>) -> Where {
        let mut all = Where::new(self.county(), "scope", scopes);
        if let Some(needle) = needle {
            let found = anywhere(needle);
            all.and(
                "(action LIKE ? ESCAPE '\\' OR subject LIKE ? ESCAPE '\\' OR reason LIKE ? ESCAPE '\\'
                   OR EXISTS (SELECT 1 FROM users u WHERE u.county = audit.county AND u.user = audit.actor
                     AND (u.name LIKE ? ESCAPE '\\' OR u.login LIKE ? ESCAPE '\\')))",
                std::iter::repeat_n(found, 5),
            );
        }
        all
    }

    pub(super) fn audit_count(&self, scopes: &[ScopeId], needle: Option<&str>) -> StoreResult<u64> {
        let all = self.audit_conditions(scopes, needle);
        self.count(
            &format!("SELECT count(*) FROM audit WHERE {}", all.sql()),
            all.values(None),
        )
    }

    pub(super) fn audit_list(
        &self,
        scopes: &[ScopeId],
        needle: Option<&str>,
        window: Window,
    ) -> StoreResult<Vec<AuditRow>> {
        let all = self.audit_conditions(scopes, needle);
        let sql = format!(
            "SELECT {COLUMNS} FROM audit WHERE {} ORDER BY n DESC LIMIT ? OFFSET ?",
            all.sql()
        );
        self.rows(&sql, all.values(Some(window)), audit_row)
    }
}
