//! What the fold makes of a record's events: where it stands, whose turn it is, what the town said.

use serde::Serialize;
use xunge_protocol::{ScopeId, Timestamp};

use super::event::{EventId, Verb};

/// Whether an event changed the state when its turn came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It did.
    Effective,
    /// It was not legal in its turn: shown, without effect.
    WithoutEffect,
}

/// Where a record stands between its author and the town.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case", tag = "review")]
pub enum Review {
    /// Nobody asked for more.
    #[default]
    Open,
    /// Sent back; its author is to mend it.
    Returned {
        /// The return.
        event: EventId,
    },
    /// Mended after a return; the town is to look.
    Fixed {
        /// The fix.
        event: EventId,
    },
    /// Read and found in order.
    Approved {
        /// The approval.
        event: EventId,
    },
}

/// State of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct State {
    /// Code of the kind's state list (`Kind::state_list`).
    pub code: String,
    /// Between author and town.
    #[serde(flatten)]
    pub review: Review,
    /// Case number, once registered.
    pub number: Option<String>,
    /// Who owns the case: exactly one at any time, decided by the relay.
    pub owner: Option<String>,
    /// Scope of the owner.
    pub owner_scope: Option<ScopeId>,
    /// Level of the owner, code of `org_level`.
    pub level: Option<String>,
    /// Until when the owner must act.
    pub deadline: Option<Timestamp>,
    /// How often the owner changed after the first.
    pub hops: u32,
    /// Proposals by phones that no later relay event answered.
    pub proposals: Vec<EventId>,
    /// Whether it is over: resolved, failed, ended, filed or withdrawn.
    pub closed: bool,
    /// Number of effective events by the relay: the version for compare-and-set.
    pub version: u32,
    /// The last effective verb, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Verb>,
}
