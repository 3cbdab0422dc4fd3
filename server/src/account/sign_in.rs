//! Letting a user of the console in: password and one-time code together, slower after each failure.

use std::sync::Arc;

use xunge_protocol::{ScopeId, Timestamp};

use super::{password, totp};
use crate::audit::AuditEvent;
use crate::relay::Relay;
use crate::store::{StoreError, UserRow};

/// Failures that cost nothing.
const FREE_FAILURES: u32 = 4;
/// Longest wait, in milliseconds.
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1000;
/// Hash of no password, checked where there is no such user, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// User, password or code is wrong; which of them is not said.
    #[error("user, password or code is wrong")]
    Wrong,
    /// The code let somebody in before: the next one comes within 30 seconds.
    #[error("this code was used already")]
    CodeUsed,
    /// Too many failures.
    #[error("too many failures: wait until {0:?}")]
    Locked(Timestamp),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks what a person typed, notes the outcome in the audit log, and returns the user. Blocks for the hash.
pub fn sign_in(
    relay: &Arc<Relay>,
    login: &str,
    typed_password: &str,
    code: &str,
) -> Result<UserRow, SignInError> {
    let now = relay.now();
    let county = relay.county_scope();
    let name = login.to_owned();
    let user = relay
        .store
        .read::<_, StoreError>(move |tx| tx.user_by_login(&name))?
        .filter(|user| user.disabled_at.is_none());
    let Some(user) = user else {
        password::verify(typed_password, NOBODY);
        note(relay, AuditEvent::new("", "sign_in_failed").within(county))?;
        return Err(SignInError::Wrong);
    };
    if let Some(until) = user.locked_until.filter(|until| now < *until) {
        return Err(SignInError::Locked(until));
    }
    let right = password::verify(typed_password, &user.password);
    let step = totp::check(&user.totp_secret, code, now, 0).filter(|_| right);
    let Some(step) = step else {
        return Err(fail(relay, &user, county)?);
    };
    let id = user.id.clone();
    let fresh = relay.store.write::<_, StoreError>(move |tx| {
        let fresh = tx.note_sign_in(&id, step)?;
        if fresh {
            tx.append_audit(&AuditEvent::new(&id, "sign_in").within(county), now)?;
        }
        Ok(fresh)
    })?;
    if fresh {
        Ok(user)
    } else {
        Err(SignInError::CodeUsed)
    }
}

fn fail(relay: &Arc<Relay>, user: &UserRow, county: ScopeId) -> Result<SignInError, StoreError> {
    let now = relay.now();
    let failures = user.failures.saturating_add(1);
    let until = failures
        .checked_sub(FREE_FAILURES)
        .filter(|n| *n > 0)
        .map(|n| {
            let wait = 1000i64.checked_shl(n.min(20)).unwrap_or(LONGEST_WAIT_MS);
            now.plus_millis(wait.min(LONGEST_WAIT_MS))
        });
    let id = user.id.clone();
    relay.store.write::<_, StoreError>(move |tx| {
        tx.note_failure(&id, until)?;
        let event = AuditEvent::new(&id, "sign_in_failed").within(county);
        tx.append_audit(&event, now)?;
        Ok(())
    })?;
    Ok(SignInError::Wrong)
}

fn note(relay: &Arc<Relay>, event: AuditEvent) -> Result<(), StoreError> {
    let now = relay.now();
    relay
        .store
        .write(move |tx| tx.append_audit(&event, now).map(drop))
}
