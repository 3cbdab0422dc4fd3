//! Erases a record for good, at the relay and on every phone that holds it.

use std::sync::Arc;

use xunge_protocol::RecordId;

use super::policy::{self, Act};
use super::{CommandError, require_seen, wording};
use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::authority::{self, Erased};
use crate::media;
use crate::relay::Relay;

/// Erases a record, with its media and with what else names its person. Repeating it finishes what was cut off. Blocks,
/// at the end for as long as it takes to write the store's files anew.
pub fn erase(
    relay: &Arc<Relay>,
    actor: &Actor,
    record: RecordId,
    reason: &str,
) -> Result<Erased, CommandError> {
    let (actor, reason) = (actor.clone(), reason.trim().to_owned());
    let (erased, files) = authority::command(relay, move |authority, tx| {
        let scope = match (tx.find_record(record)?, tx.tombstone(record)?) {
            (Some(place), _) => Some(place.scope),
            (None, Some(tombstone)) => Some(tombstone.scope),
            (None, None) => tx.quarantined_in(record)?,
        };
        let scope = scope.ok_or(CommandError::NotFound)?;
        require_seen(tx, &actor, scope, authority.now())?;
        if !policy::allows(actor.role, Act::Erase) {
            return Err(CommandError::Forbidden);
        }
        if reason.is_empty() {
            return Err(CommandError::bad("reason", "is required"));
        }
        wording::check_length("reason", &reason)?;
        let erased = authority.erase(record)?;
        let mut files = Vec::new();
        for hash in &erased.media {
            files.extend(tx.delete_media(*hash)?);
        }
        let ids = |ids: &[RecordId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let detail = serde_json::json!({
            "erased": ids(&erased.records), "successors": ids(&erased.successors),
        });
        let event = AuditEvent::new(&actor.user, "erase")
            .about(record)
            .within(scope)
            .because(&reason)
            .with(detail);
        tx.append_audit(&event, authority.now())?;
        Ok((erased, files))
    })?;
    // The key of each went with its row: what a cut leaves on the disk here, nobody can read.
    for file in &files {
        media::remove_file(relay, file);
    }
    relay.store.scrub()?;
    Ok(erased)
}
