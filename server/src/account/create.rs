//! A new user, with secrets that are shown once.

use serde::Serialize;
use xunge_protocol::{ScopeId, Timestamp};

use super::password::{self, PasswordError};
use super::{Role, totp};
use crate::env::Env;
use crate::store::UserRow;

/// What is told to the engineer once, and kept nowhere.
#[derive(Debug, Clone, Serialize)]
pub struct Secrets {
    /// Login name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Secret of the one-time codes, base32.
    pub totp_secret: String,
}

/// Makes a user with a random password and one-time-code secret. Takes some 30 ms of CPU.
pub fn create(
    login: &str,
    name: &str,
    role: Role,
    scope: ScopeId,
    now: Timestamp,
    env: &dyn Env,
) -> Result<(UserRow, Secrets), PasswordError> {
    let password = password::generate(env);
    let totp_secret = totp::generate(env);
    let user = UserRow {
        id: hex::encode(env.random::<8>()),
        login: login.into(),
        name: name.into(),
        role,
        scope,
        password: password::hash(&password, env)?,
        totp_secret: totp_secret.to_vec(),
        totp_step: 0,
        failures: 0,
        locked_until: None,
        created_at: now,
        disabled_at: None,
    };
    let secrets = Secrets {
        user: login.into(),
        password,
        totp_secret: totp::to_base32(&totp_secret),
    };
    Ok((user, secrets))
}
