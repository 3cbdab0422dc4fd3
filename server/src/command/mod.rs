//! What a supervisor may do, each with actor, reason and audit. One file a command.
//!
//! A command on one record is an [`Order`]: who, which record at which version, why, and the [`Action`]. [`perform`]
//! checks role and scope, lets the action draft its events, writes them as the relay, and appends to the audit log, all in
//! one transaction. Warnings and quarantine have functions of their own. A record outside the actor's scope is not found.

pub mod agree;
pub mod approve;
pub mod assign;
pub mod erase;
mod error;
pub mod escalate;
pub mod issue_warning;
mod owner;
pub mod policy;
pub mod quarantine;
pub mod reopen;
pub mod resolve;
pub mod return_;
pub mod reveal;
mod scope;
pub mod settle;
pub mod share;
pub mod transfer;
mod wording;
pub mod worker;

use std::sync::Arc;

use xunge_protocol::RecordId;
use xunge_records::{EventBody, Record, Verb};

pub use erase::erase;
pub use error::CommandError;
pub use issue_warning::{IssueWarning, IssuedWarning, issue_warning};
pub use owner::NewOwner;
pub use quarantine::{admit, reject};
pub use reveal::reveal;
pub use scope::{require_seen, sees, subtree};
pub use share::{Acts, share, unshare};

use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::authority::{self, Authority, Draft};
use crate::relay::Relay;
use policy::Act;

/// One command on one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Which record.
    pub record: RecordId,
    /// The [`xunge_records::State::version`] that the actor saw; none to take it as it is.
    pub version: Option<u32>,
    /// Why. Some actions do without.
    pub reason: String,
    /// What.
    pub action: Action,
}

/// What may be done to a record. The names are those of the verbs.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Name an owner (交办).
    Assign(assign::Assign),
    /// Send back to its author with a note (退回).
    Return(return_::Return),
    /// Found in order (审核通过).
    Approve(approve::Approve),
    /// Pass to the level above (上报).
    Escalate(escalate::Escalate),
    /// Pass to another unit, or to a court, petition office or arbitration (转交).
    Transfer(transfer::Transfer),
    /// The parties agreed (达成协议).
    Agree(agree::Agree),
    /// Close as resolved (化解).
    Resolve(resolve::Resolve),
    /// Choose between two values of a field (认定).
    Settle(settle::Settle),
    /// Open again (重启).
    Reopen(reopen::Reopen),
}

impl Action {
    /// The verb of the event that it writes.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Assign(_) => Verb::Assign,
            Self::Return(_) => Verb::Return,
            Self::Approve(_) => Verb::Approve,
            Self::Escalate(_) => Verb::Escalate,
            Self::Transfer(_) => Verb::Transfer,
            Self::Agree(_) => Verb::Agree,
            Self::Resolve(_) => Verb::Resolve,
            Self::Settle(_) => Verb::Settle,
            Self::Reopen(_) => Verb::Reopen,
        }
    }

    /// Whether the actor must say why.
    fn needs_reason(&self) -> bool {
        matches!(
            self,
            Self::Assign(_)
                | Self::Escalate(_)
                | Self::Transfer(_)
                | Self::Settle(_)
                | Self::Reopen(_)
        )
    }

    fn draft(&self, at: &Situation<'_, '_>, event: EventBody) -> Result<Draft, CommandError> {
        match self {
            Self::Assign(action) => action.draft(at, event),
            Self::Return(action) => action.draft(event),
            Self::Approve(action) => action.draft(event),
            Self::Escalate(action) => action.draft(at, event),
            Self::Transfer(action) => action.draft(at, event),
            Self::Agree(action) => action.draft(event),
            Self::Resolve(action) => action.draft(event),
            Self::Settle(action) => action.draft(at, event),
            Self::Reopen(action) => action.draft(event),
        }
    }
}

/// What an action may look at.
struct Situation<'a, 'b> {
    authority: &'a Authority<'b>,
    actor: &'a Actor,
    record: &'a Record,
}

/// Carries out `order`, and returns the record after it. Durable when this returns. Blocks.
pub fn perform(relay: &Arc<Relay>, actor: &Actor, order: Order) -> Result<Record, CommandError> {
    let actor = actor.clone();
    authority::command(relay, move |authority, tx| {
        let record = authority.record(order.record)?;
        let scope = record.scope.ok_or(CommandError::NotFound)?;
        require_seen(tx, &actor, scope, authority.now())?;
        if !policy::allows(actor.role, Act::Decide) {
            return Err(CommandError::Forbidden);
        }
        let reason = order.reason.trim();
        if reason.is_empty() && order.action.needs_reason() {
            return Err(CommandError::bad("reason", "is required"));
        }
        wording::check_length("reason", reason)?;
        let verb = order.action.verb();
        let mut event = authority.event(verb, Some((&actor.user, &actor.name)));
        event.reason = (!reason.is_empty()).then(|| reason.to_owned());
        let draft = order.action.draft(
            &Situation {
                authority,
                actor: &actor,
                record: &record,
            },
            event,
        )?;
        let detail = draft.events.first().map(serde_json::to_value);
        let after = authority.write(order.record, order.version, draft)?;
        let mut audit = AuditEvent::new(&actor.user, verb.name())
            .about(order.record)
            .within(scope)
            .because(reason);
        if let Some(Ok(detail)) = detail {
            audit = audit.with(detail);
        }
        tx.append_audit(&audit, authority.now())?;
        Ok(after)
    })
}
