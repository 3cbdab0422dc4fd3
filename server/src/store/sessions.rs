//! Sessions of the console's users. They are in the store, not in memory: a restart or a second node signs nobody out.

use xunge_protocol::{Hash32, RecordId, Timestamp};

use super::StoreResult;

/// A browser that was let in, or that is about to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie's token; the token itself is not kept.
    pub token_hash: Hash32,
    /// Token that every form carries.
    pub csrf: String,
    /// The user's id; none before the sign-in.
    pub user: Option<String>,
    /// BCP 47 tag of the language.
    pub lang: String,
    /// Said once on the next page.
    pub flash: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it last asked for something.
    pub seen_at: Timestamp,
}

/// Sessions in a transaction.
pub trait Sessions {
    /// A session by the hash of its token.
    fn session(&self, token_hash: Hash32) -> StoreResult<Option<SessionRow>>;
    /// Writes a session.
    fn put_session(&self, row: &SessionRow) -> StoreResult<()>;
    /// Ends a session and what it revealed.
    fn end_session(&self, token_hash: Hash32) -> StoreResult<()>;
    /// Ends all sessions that were not seen since `before`.
    fn end_idle_sessions(&self, before: Timestamp) -> StoreResult<()>;
    /// Notes that a session sees the personal data of a record until `until`.
    fn put_reveal(&self, token_hash: Hash32, record: RecordId, until: Timestamp)
    -> StoreResult<()>;
    /// Whether a session sees the personal data of a record at `now`.
    fn is_revealed(
        &self,
        token_hash: Hash32,
        record: RecordId,
        now: Timestamp,
    ) -> StoreResult<bool>;
}
