//! Enrolment tickets and unlock codes.

use xunge_protocol::{Hash32, Timestamp, WriterId};

use super::StoreResult;

/// An enrolment ticket. The secret is kept only as its hash.
#[derive(Debug, Clone)]
pub struct TicketRow {
    /// SHA-256 of the secret.
    pub secret_hash: Hash32,
    /// For whom.
    pub worker: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Not taken after this.
    pub expires_at: Timestamp,
    /// Which writer used it.
    pub writer: Option<WriterId>,
}

/// Tickets and unlock codes in a transaction.
pub trait Enrolments {
    /// Adds a ticket.
    fn insert_ticket(&self, ticket: &TicketRow) -> StoreResult<()>;
    /// A ticket by the hash of its secret.
    fn ticket(&self, secret_hash: Hash32) -> StoreResult<Option<TicketRow>>;
    /// Notes who used a ticket.
    fn use_ticket(&self, secret_hash: Hash32, writer: WriterId) -> StoreResult<()>;

    /// Keeps the unlock codes of a writer.
    fn insert_unlock_codes(&self, writer: WriterId, codes: &[String]) -> StoreResult<()>;
    /// All unlock codes of a writer, told or not, in order.
    fn unlock_codes(&self, writer: WriterId) -> StoreResult<Vec<String>>;
    /// The next code of a writer that nobody was told yet, marked as told at `at`.
    fn tell_unlock_code(&self, writer: WriterId, at: Timestamp) -> StoreResult<Option<String>>;
}
