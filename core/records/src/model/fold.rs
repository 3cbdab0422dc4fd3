//! From events to state.

use xunge_protocol::WriterId;

use super::event::{EventBody, EventId};
use super::kind::Kind;
use super::record::FoldedEvent;
use super::state::{Effect, State};

/// What the fold must know of a record beside its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldContext {
    /// The writer who opened it, where the id names one.
    pub opener: Option<WriterId>,
    /// Acknowledgements only: the field `outcome`.
    pub outcome: Option<String>,
}

/// Events in causal order, with effects, and the state that follows.
pub fn fold(
    _kind: Kind,
    events: &[(EventId, EventBody)],
    _context: &FoldContext,
) -> (Vec<FoldedEvent>, State) {
    let folded = events
        .iter()
        .map(|(id, body)| FoldedEvent {
            id: *id,
            body: body.clone(),
            effect: Effect::Effective,
        })
        .collect();
    (folded, State::default())
}
