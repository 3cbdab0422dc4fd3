//! A person who is registered in another grid than that of the home (人户分离): the other grid's phones read the record, and
//! one of the two grids acts for the person.

use std::sync::Arc;

use xunge_protocol::system::Share;
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::{Kind, Record};

use super::policy::{self, Act};
use super::{CommandError, require_seen, sees, wording};
use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::authority::{self, Authority};
use crate::relay::Relay;
use crate::store::Tx;

/// Code of `org_level` for a grid.
const GRID: &str = "4";

/// Which of the two grids acts for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acts {
    /// The one where the person lives.
    #[default]
    Residence,
    /// The one where the person is registered.
    Registered,
}

/// Says that a person is registered in the grid `guest`, whose phones read the record from now on, and which of the two
/// grids acts. Another grid that read it before reads it no more. Blocks.
pub fn share(
    relay: &Arc<Relay>,
    actor: &Actor,
    record: RecordId,
    guest: ScopeId,
    acts: Acts,
    reason: &str,
) -> Result<Share, CommandError> {
    let (actor, reason) = (actor.clone(), reason.trim().to_owned());
    authority::command(relay, move |authority, tx| {
        let now = authority.now();
        let person = person(authority, record)?;
        let home = person.scope.ok_or(CommandError::NotFound)?;
        require_seen(tx, &actor, home, now)?;
        check(&actor, &reason)?;
        let node = tx.org_node(guest, now)?;
        if node.is_none_or(|node| node.level.as_str() < GRID) {
            return Err(CommandError::bad("guest", "is no grid of this county"));
        }
        if guest == home {
            return Err(CommandError::bad(
                "guest",
                "is the grid where the person lives",
            ));
        }
        let acts = match acts {
            Acts::Residence => home,
            Acts::Registered => guest,
        };
        let share = authority
            .register_in(record, Some(guest), Some(acts))?
            .ok_or_else(|| CommandError::NotPossible("it is shared so already".into()))?;
        note(tx, &actor, "share", &share, &reason, now)?;
        Ok(share)
    })
}

/// Ends the sharing of a person: the other grid's phones forget the record. Whoever sees one of the two grids may. Blocks.
pub fn unshare(
    relay: &Arc<Relay>,
    actor: &Actor,
    record: RecordId,
    reason: &str,
) -> Result<Share, CommandError> {
    let (actor, reason) = (actor.clone(), reason.trim().to_owned());
    authority::command(relay, move |authority, tx| {
        let now = authority.now();
        let person = person(authority, record)?;
        let home = person.scope.ok_or(CommandError::NotFound)?;
        let shares = tx.shares_of(record)?;
        let share = shares.iter().find(|share| share.is_in_force());
        let seen = sees(tx, &actor, home, now)?
            || match share {
                Some(share) => sees(tx, &actor, share.guest, now)?,
                None => false,
            };
        if !seen {
            return Err(CommandError::NotFound);
        }
        check(&actor, &reason)?;
        let ended = authority
            .register_in(record, None, None)?
            .ok_or_else(|| CommandError::NotPossible("it is not shared".into()))?;
        note(tx, &actor, "unshare", &ended, &reason, now)?;
        Ok(ended)
    })
}

fn person(authority: &mut Authority<'_>, record: RecordId) -> Result<Record, CommandError> {
    let person = authority.record(record)?;
    match person.kind {
        Kind::Person => Ok(person),
        _ => Err(CommandError::NotPossible(
            "only a person is registered in a grid".into(),
        )),
    }
}

fn check(actor: &Actor, reason: &str) -> Result<(), CommandError> {
    if !policy::allows(actor.role, Act::Decide) {
        return Err(CommandError::Forbidden);
    }
    if reason.is_empty() {
        return Err(CommandError::bad("reason", "is required"));
    }
    wording::check_length("reason", reason)
}

fn note(
    tx: &Tx<'_>,
    actor: &Actor,
    what: &str,
    share: &Share,
    reason: &str,
    at: Timestamp,
) -> Result<(), CommandError> {
    let event = AuditEvent::new(&actor.user, what)
        .about(share.record)
        .within(share.home)
        .because(reason)
        .with(serde_json::json!({"guest": share.guest, "acts": share.acts}));
    tx.append_audit(&event, at)?;
    Ok(())
}
