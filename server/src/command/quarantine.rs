//! Admits a change that was not accepted, or rejects it for good.

use std::sync::Arc;

use super::policy::{self, Act};
use super::{CommandError, require_seen, wording};
use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::authority::{self, Authority};
use crate::relay::Relay;
use crate::store::{EntryId, Tx};

/// Lets a change in after all, and those that waited for it. Returns all that were let in. Blocks.
pub fn admit(
    relay: &Arc<Relay>,
    actor: &Actor,
    entry: EntryId,
    reason: &str,
) -> Result<Vec<EntryId>, CommandError> {
    judge(
        relay,
        actor,
        "admit",
        entry,
        reason,
        move |authority, user, reason| Ok(authority.admit(entry, user, reason)?),
    )
}

/// Refuses a change for good, and with it what builds on it. The reason reaches its author. Returns all that were
/// refused. Blocks.
pub fn reject(
    relay: &Arc<Relay>,
    actor: &Actor,
    entry: EntryId,
    reason: &str,
) -> Result<Vec<EntryId>, CommandError> {
    judge(
        relay,
        actor,
        "reject",
        entry,
        reason,
        move |authority, user, reason| Ok(authority.reject(entry, user, reason)?),
    )
}

fn judge<T: Send + 'static>(
    relay: &Arc<Relay>,
    actor: &Actor,
    action: &'static str,
    entry: EntryId,
    reason: &str,
    decide: impl FnOnce(&mut Authority<'_>, &str, &str) -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let (actor, reason) = (actor.clone(), reason.trim().to_owned());
    authority::command(relay, move |authority, tx: &Tx<'_>| {
        require_seen(tx, &actor, entry.scope, authority.now())?;
        if !policy::allows(actor.role, Act::JudgeQuarantine) {
            return Err(CommandError::Forbidden);
        }
        if reason.is_empty() {
            return Err(CommandError::bad("reason", "is required"));
        }
        wording::check_length("reason", &reason)?;
        let result = decide(authority, &actor.user, &reason)?;
        let event = AuditEvent::new(&actor.user, action)
            .about(entry)
            .within(entry.scope)
            .because(&reason);
        tx.append_audit(&event, authority.now())?;
        Ok(result)
    })
}
