//! The chain of the audit log: what a row's hash covers, so that a changed, missing or moved row shows. Knows no store.

use minicbor::Encode;
use xunge_protocol::{Hash32, ScopeId, Timestamp, wire};

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// User id; `admin` for the command line; `token` for a program.
    pub actor: String,
    /// Stable name: a command's name, `reveal`, `sign_in`, `user_add`, …
    pub action: String,
    /// Where, if it concerns one scope.
    pub scope: Option<ScopeId>,
    /// Record, user, device or quarantine item.
    pub subject: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// More, as JSON.
    pub detail: Option<String>,
}

impl AuditEvent {
    /// An event with nothing but its actor and action.
    pub fn new(actor: &str, action: &str) -> Self {
        Self {
            actor: actor.into(),
            action: action.into(),
            scope: None,
            subject: None,
            reason: None,
            detail: None,
        }
    }

    /// The same, about `subject`.
    pub fn about(mut self, subject: impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// The same, in `scope`.
    pub fn within(mut self, scope: ScopeId) -> Self {
        self.scope = Some(scope);
        self
    }

    /// The same, because of `reason`.
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The same, with `detail`.
    pub fn with(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(detail.to_string());
        self
    }
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Counts from 1 without gaps.
    pub n: u64,
    /// When, by the relay's clock.
    pub at: Timestamp,
    /// What.
    pub event: AuditEvent,
    /// Over all of the above and the hash of the row before.
    pub hash: Hash32,
}

/// Everything that a hash covers, in this order.
#[derive(Encode)]
struct Covered<'a> {
    #[n(0)]
    label: &'static str,
    #[n(1)]
    previous: Hash32,
    #[n(2)]
    n: u64,
    #[n(3)]
    at: Timestamp,
    #[n(4)]
    actor: &'a str,
    #[n(5)]
    action: &'a str,
    #[n(6)]
    scope: Option<ScopeId>,
    #[n(7)]
    subject: Option<&'a str>,
    #[n(8)]
    reason: Option<&'a str>,
    #[n(9)]
    detail: Option<&'a str>,
}

/// Hash of row `n`, which follows a row with the hash `previous` (all zero before the first).
pub fn hash(previous: Hash32, n: u64, at: Timestamp, event: &AuditEvent) -> Hash32 {
    Hash32::of(&wire::encode(&Covered {
        label: "xunge audit 1",
        previous,
        n,
        at,
        actor: &event.actor,
        action: &event.action,
        scope: event.scope,
        subject: event.subject.as_deref(),
        reason: event.reason.as_deref(),
        detail: event.detail.as_deref(),
    }))
}

/// The chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A row is missing.
    #[error("row {0} of the audit log is missing")]
    Missing(u64),
    /// A row is not what it was.
    #[error("row {0} of the audit log was changed")]
    Changed(u64),
}

/// Walks a chain row by row.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    /// Rows that held.
    pub rows: u64,
    /// Hash of the last of them.
    pub head: Hash32,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            rows: 0,
            head: Hash32([0; 32]),
        }
    }
}

impl Walk {
    /// Checks the next row.
    pub fn step(&mut self, row: &AuditRow) -> Result<(), ChainError> {
        let n = self.rows + 1;
        if row.n != n {
            return Err(ChainError::Missing(n));
        }
        if hash(self.head, n, row.at, &row.event) != row.hash {
            return Err(ChainError::Changed(n));
        }
        *self = Self {
            rows: n,
            head: row.hash,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<AuditRow> {
        let mut head = Hash32([0; 32]);
        (1..=4)
            .map(|n| {
                let event = AuditEvent::new("u1", "approve")
                    .about(n)
                    .because("in order");
                head = hash(head, n, Timestamp(n as i64), &event);
                AuditRow {
                    n,
                    at: Timestamp(n as i64),
                    event,
                    hash: head,
                }
            })
            .collect()
    }

    fn walk(rows: &[AuditRow]) -> Result<Walk, ChainError> {
        let mut walk = Walk::default();
        rows.iter().try_for_each(|row| walk.step(row))?;
        Ok(walk)
    }

    #[test]
    fn an_untouched_chain_holds() {
        assert_eq!(walk(&chain()).unwrap().rows, 4);
    }

    #[test]
    fn a_changed_a_missing_and_a_moved_row_show_at_their_place() {
        let mut changed = chain();
        changed[1].event.reason = Some("another".into());
        assert_eq!(walk(&changed).unwrap_err(), ChainError::Changed(2));
        let mut missing = chain();
        missing.remove(2);
        assert_eq!(walk(&missing).unwrap_err(), ChainError::Missing(3));
        let mut moved = chain();
        moved.swap(0, 1);
        assert_eq!(walk(&moved).unwrap_err(), ChainError::Missing(1));
    }
}
