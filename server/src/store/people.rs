//! Users of the console and tokens of programs.

use xunge_protocol::{Hash32, ScopeId, Timestamp};

use super::StoreResult;
use crate::account::token::TokenRole;
use crate::account::{Actor, Role};

/// A user of the console.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// 8 opaque bytes as hex.
    pub id: String,
    /// Login name.
    pub login: String,
    /// Name to show.
    pub name: String,
    /// What the user is.
    pub role: Role,
    /// Sees and acts here and below.
    pub scope: ScopeId,
    /// PHC string.
    pub password: String,
    /// Secret of the one-time codes.
    pub totp_secret: Vec<u8>,
    /// Last step that let the user in.
    pub totp_step: u64,
    /// Failed sign-ins since the last good one.
    pub failures: u32,
    /// No sign-in before this.
    pub locked_until: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
    /// Not let in any more since.
    pub disabled_at: Option<Timestamp>,
}

impl UserRow {
    /// The user as one who acts.
    pub fn actor(&self) -> Actor {
        Actor {
            user: self.id.clone(),
            name: self.name.clone(),
            role: self.role,
            scope: self.scope,
        }
    }
}

/// Users, tokens and lasting keys in a transaction.
pub trait People {
    /// A user by id.
    fn user(&self, id: &str) -> StoreResult<Option<UserRow>>;
    /// A user by login name.
    fn user_by_login(&self, login: &str) -> StoreResult<Option<UserRow>>;
    /// All users, by login name.
    fn users(&self) -> StoreResult<Vec<UserRow>>;
    /// Adds a user.
    fn insert_user(&self, user: &UserRow) -> StoreResult<()>;
    /// Notes a good sign-in with the code of `step`. False if that step was used meanwhile.
    fn note_sign_in(&self, id: &str, step: u64) -> StoreResult<bool>;
    /// Notes a failed sign-in.
    fn note_failure(&self, id: &str, locked_until: Option<Timestamp>) -> StoreResult<()>;
    /// Sets a new password.
    fn set_password(&self, id: &str, phc: &str) -> StoreResult<()>;
    /// Lets a user in no more.
    fn disable_user(&self, id: &str, at: Timestamp) -> StoreResult<()>;

    /// Keeps a token by its fingerprint.
    fn insert_token(&self, fingerprint: Hash32, role: TokenRole, at: Timestamp) -> StoreResult<()>;
    /// The role of a token that holds.
    fn token_role(&self, fingerprint: Hash32) -> StoreResult<Option<TokenRole>>;

    /// A lasting key.
    fn secret(&self, name: &str) -> StoreResult<Option<[u8; 32]>>;
    /// Keeps a lasting key; an earlier one of this name stays.
    fn insert_secret(&self, name: &str, value: &[u8; 32]) -> StoreResult<()>;
}
