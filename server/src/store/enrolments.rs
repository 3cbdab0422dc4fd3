//! Enrolment tickets, the short codes that stand for some of them, and unlock codes.

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

/// A short code that stands for a ticket. The code is kept only as its keyed hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortCodeRow {
    /// The code's first digits, which no other code has at the time.
    pub name: u16,
    /// Keyed hash of the code.
    pub code_hash: Hash32,
    /// The ticket: SHA-256 of its secret.
    pub ticket: Hash32,
    /// Not taken after this.
    pub expires_at: Timestamp,
    /// Tries that are used up.
    pub tries: u32,
}

/// Tickets, short codes and unlock codes in a transaction.
pub trait Enrolments {
    /// Adds a ticket.
    fn insert_ticket(&self, ticket: &TicketRow) -> StoreResult<()>;
    /// A ticket by the hash of its secret.
    fn ticket(&self, secret_hash: Hash32) -> StoreResult<Option<TicketRow>>;
    /// Notes who used a ticket.
    fn use_ticket(&self, secret_hash: Hash32, writer: WriterId) -> StoreResult<()>;

    /// Adds a short code, whose name must be free.
    fn insert_short_code(&self, code: &ShortCodeRow) -> StoreResult<()>;
    /// The short code of a name.
    fn short_code(&self, name: u16) -> StoreResult<Option<ShortCodeRow>>;
    /// Uses up one of `most` tries at a code; nobody else does until this transaction ends. None if there is none left.
    fn take_try(&self, name: u16, most: u32) -> StoreResult<Option<ShortCodeRow>>;
    /// Gives a try back that was right.
    fn give_try_back(&self, name: u16) -> StoreResult<()>;
    /// Forgets the short codes that ended before `before`.
    fn forget_short_codes(&self, before: Timestamp) -> StoreResult<()>;

    /// Keeps the unlock codes of a writer.
    fn insert_unlock_codes(&self, writer: WriterId, codes: &[String]) -> StoreResult<()>;
    /// All unlock codes of a writer, told or not, in order.
    fn unlock_codes(&self, writer: WriterId) -> StoreResult<Vec<String>>;
    /// The next code of a writer that nobody was told yet, marked as told at `at`.
    fn tell_unlock_code(&self, writer: WriterId, at: Timestamp) -> StoreResult<Option<String>>;
}
