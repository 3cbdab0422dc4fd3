//! Workers, the writers that act for them, and where they may write.

use xunge_protocol::system::{Grant, SignedCertificate};
use xunge_protocol::{Hash32, PublicKey, ScopeId, Timestamp, WriterId};

use super::StoreResult;

/// A grid worker, the same over all phones and incarnations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// 8 opaque bytes as hex.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Since when the relay knows the worker.
    pub created_at: Timestamp,
}

/// A certified writer, and what the relay last saw of it.
#[derive(Debug, Clone)]
pub struct WriterRow {
    /// What the relay certified.
    pub certificate: SignedCertificate,
    /// Revoked at, if it is.
    pub revoked_at: Option<Timestamp>,
    /// Highest request counter seen, with the hash of that request.
    pub last_request: Option<(u64, Hash32)>,
    /// When that was.
    pub last_seen_at: Option<Timestamp>,
}

impl WriterRow {
    /// Its id.
    pub fn id(&self) -> WriterId {
        self.certificate.certificate.writer
    }

    /// Its key.
    pub fn key(&self) -> &PublicKey {
        &self.certificate.certificate.key
    }

    /// Id of the worker; empty for the relay.
    pub fn worker(&self) -> &str {
        &self.certificate.certificate.worker
    }
}

/// What a grant allows at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    /// Reads and writes.
    Active,
    /// Closed, but pushes are still taken, and flagged late.
    Draining,
    /// Not yet begun, or over.
    None,
}

impl GrantState {
    /// What `grant` allows at `now`.
    pub fn of(grant: Option<&Grant>, now: Timestamp) -> Self {
        const DAY_MS: i64 = 86_400_000;
        match grant {
            Some(g) if now < g.from => Self::None,
            Some(Grant { until: None, .. }) => Self::Active,
            Some(Grant {
                until: Some(until),
                drain_days,
                ..
            }) => {
                if now < *until {
                    Self::Active
                } else if now < until.plus_millis(i64::from(*drain_days) * DAY_MS) {
                    Self::Draining
                } else {
                    Self::None
                }
            }
            None => Self::None,
        }
    }
}

/// Workers, writers and grants in a transaction.
pub trait Writers {
    /// A worker by id.
    fn worker(&self, id: &str) -> StoreResult<Option<Worker>>;
    /// All workers of a name, oldest first.
    fn workers_named(&self, name: &str) -> StoreResult<Vec<Worker>>;
    /// All workers, by name.
    fn workers(&self) -> StoreResult<Vec<Worker>>;
    /// Adds a worker.
    fn insert_worker(&self, worker: &Worker) -> StoreResult<()>;

    /// A writer by id.
    fn writer(&self, id: WriterId) -> StoreResult<Option<WriterRow>>;
    /// The writers of a worker, or of all workers; the relay's too where `worker` is empty.
    fn writers(&self, worker: Option<&str>) -> StoreResult<Vec<WriterRow>>;
    /// Adds a certified writer.
    fn insert_writer(&self, certificate: &SignedCertificate) -> StoreResult<()>;
    /// Notes the highest request counter of a writer.
    fn note_request(
        &self,
        writer: WriterId,
        counter: u64,
        hash: Hash32,
        at: Timestamp,
    ) -> StoreResult<()>;
    /// Revokes a writer.
    fn revoke_writer(&self, writer: WriterId, at: Timestamp) -> StoreResult<()>;

    /// Sets the grant of a worker in a scope, in place of an earlier one.
    fn put_grant(&self, grant: &Grant) -> StoreResult<()>;
    /// The grant of a worker in a scope.
    fn grant(&self, worker: &str, scope: ScopeId) -> StoreResult<Option<Grant>>;
    /// All grants of a worker.
    fn grants_of(&self, worker: &str) -> StoreResult<Vec<Grant>>;
    /// All grants in a scope.
    fn grants_in(&self, scope: ScopeId) -> StoreResult<Vec<Grant>>;
}
