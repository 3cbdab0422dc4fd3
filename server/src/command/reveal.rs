//! Uncovers the identity data of one record: nothing changes but the audit log.

use std::sync::Arc;

use xunge_protocol::RecordId;
use xunge_records::Record;

use super::policy::{self, Act};
use super::{CommandError, require_seen, wording};
use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::log::read_record;
use crate::relay::Relay;

/// Notes who saw what and why, and returns the record. Blocks.
pub fn reveal(
    relay: &Arc<Relay>,
    actor: &Actor,
    record: RecordId,
    reason: &str,
) -> Result<Record, CommandError> {
    let (actor, reason) = (actor.clone(), reason.trim().to_owned());
    let now = relay.now();
    if reason.is_empty() {
        return Err(CommandError::bad("reason", "is required"));
    }
    wording::check_length("reason", &reason)?;
    relay.store.write(move |tx| {
        let found = read_record(tx, record)
            .map_err(|error| CommandError::Authority(error.into()))?
            .ok_or(CommandError::NotFound)?;
        let scope = found.scope.ok_or(CommandError::NotFound)?;
        require_seen(tx, &actor, scope, now)?;
        if !policy::allows(actor.role, Act::Reveal) {
            return Err(CommandError::Forbidden);
        }
        let event = AuditEvent::new(&actor.user, "reveal")
            .about(record)
            .within(scope)
            .because(&reason);
        tx.append_audit(&event, now)?;
        Ok(found)
    })
}
