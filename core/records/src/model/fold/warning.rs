//! Fraud warnings and their acknowledgements.
//!
//! | kind | verb | legal when | code after |
//! |--|--|--|--|
//! | warning | issue | not issued yet | W10 |
//! | warning | deliver | issued, open | W20 |
//! | acknowledgement | hear | open; its code is one that a visit can end in | that code |
//! | both | resolve | open | W60, closed |
//! | both | reopen | closed, not withdrawn; has a reason | W10, or W30 for an acknowledgement |
//!
//! Until somebody appends what was heard later, an acknowledgement's code is its field `outcome`.

use super::FoldContext;
use crate::model::event::{EventBody, Verb};
use crate::model::kind::Kind;
use crate::model::state::State;

pub(super) const ISSUED: &str = "W10";
const DELIVERED: &str = "W20";
const CONTACTED: &str = "W30";
pub(super) const CLOSED: &str = "W60";

/// Code of an acknowledgement without events.
pub(super) fn first_code(context: &FoldContext) -> &str {
    context
        .outcome
        .as_deref()
        .filter(|code| is_outcome(code))
        .unwrap_or(DELIVERED)
}

/// Whether a household's visit can end in `code`: a county may add further ones to the list.
fn is_outcome(code: &str) -> bool {
    code.starts_with('W') && ![ISSUED, DELIVERED, CLOSED].contains(&code)
}

/// Gives an event of a warning or an acknowledgement its turn; whether it was legal.
pub(super) fn turn(
    kind: Kind,
    state: &mut State,
    withdrawn: bool,
    issued: &mut bool,
    body: &EventBody,
) -> bool {
    let open = !state.closed;
    let code = match (kind, body.verb()) {
        (Kind::Warning, Verb::Issue) if !*issued && open => {
            *issued = true;
            ISSUED
        }
        (Kind::Warning, Verb::Deliver) if *issued && open => DELIVERED,
        (Kind::WarningAck, Verb::Hear) if open => match body.code.as_deref() {
            Some(code) if is_outcome(code) => code,
            _ => return false,
        },
        (_, Verb::Resolve) if open => {
            state.closed = true;
            CLOSED
        }
        (_, Verb::Reopen) if !open && !withdrawn && body.reason.is_some() => {
            state.closed = false;
            if kind == Kind::Warning {
                ISSUED
            } else {
                CONTACTED
            }
        }
        _ => return false,
    };
    state.code = code.into();
    true
}
