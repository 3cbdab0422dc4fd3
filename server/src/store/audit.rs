//! The audit log: appended to in the transaction that does what it tells, never changed.

use xunge_protocol::{ScopeId, Timestamp};

use super::StoreResult;
use crate::audit::{AuditEvent, AuditRow};

/// The audit log in a transaction.
pub trait AuditLog {
    /// Appends a row to the chain.
    fn append_audit(&self, event: &AuditEvent, at: Timestamp) -> StoreResult<AuditRow>;
    /// Rows after number `n`, oldest first, at most `limit`.
    fn audit_after(&self, n: u64, limit: usize) -> StoreResult<Vec<AuditRow>>;
    /// The latest rows, newest first, before number `before` if given, at most `limit`; those of `scopes` only, if
    /// given.
    fn audit_latest(
        &self,
        before: Option<u64>,
        scopes: Option<&[ScopeId]>,
        limit: usize,
    ) -> StoreResult<Vec<AuditRow>>;
    /// All rows about a subject, oldest first.
    fn audit_about(&self, subject: &str) -> StoreResult<Vec<AuditRow>>;
}
