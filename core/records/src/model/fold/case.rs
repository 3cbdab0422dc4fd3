//! Cases, that is disputes and requests: registered once, owned by exactly one, closed and opened again.
//!
//! | verb | legal when | code after |
//! |--|--|--|
//! | register | no number yet, closed or not; has number and owner | unchanged |
//! | assign, transfer | registered, open; has owner and reason | S40 |
//! | escalate | registered, open; has owner and reason | S30 |
//! | mediate | open | S20 |
//! | agree | open, no agreement yet | S50 |
//! | perform | S50 | S50 |
//! | resolve | registered, open | S60, closed; S61 where its code says so |
//! | follow_up | closed | S70; a filed case stays S80 |
//! | decline | open; with code S31: registered, has a reason | S31 (the owner dissents), else S62, closed (a party refuses) |
//! | reopen | closed; has a reason | S90, open |
//!
//! A case that was withdrawn stays so. Before `register` a case has no owner, from then on always one.

use crate::model::event::{EventBody, Verb};
use crate::model::state::State;

pub(super) const REGISTERED: &str = "S10";
const MEDIATED: &str = "S20";
const ESCALATED: &str = "S30";
const DISSENTED: &str = "S31";
const ASSIGNED: &str = "S40";
const AGREED: &str = "S50";
const RESOLVED: &str = "S60";
const FAILED: &str = "S61";
const DECLINED: &str = "S62";
pub(super) const WITHDRAWN: &str = "S63";
const FOLLOWED_UP: &str = "S70";
pub(super) const FILED: &str = "S80";
const REOPENED: &str = "S90";

/// Gives an event of a case its turn; whether it was legal.
pub(super) fn turn(state: &mut State, withdrawn: bool, body: &EventBody) -> bool {
    let open = !state.closed;
    let registered = state.number.is_some();
    let has_reason = says(&body.reason);
    let code = match body.verb() {
        Verb::Register => {
            // Also when closed: a phone that heard nothing of the number may have closed the case meanwhile.
            let legal = !registered && says(&body.number) && says(&body.owner);
            if legal {
                state.number.clone_from(&body.number);
                own(state, body);
                // The first owner is no change of owner.
                state.hops = 0;
            }
            return legal;
        }
        verb @ (Verb::Assign | Verb::Transfer | Verb::Escalate) => {
            if !(registered && open && has_reason && says(&body.owner)) {
                return false;
            }
            own(state, body);
            if verb == Verb::Escalate {
                ESCALATED
            } else {
                ASSIGNED
            }
        }
        Verb::Mediate if open => MEDIATED,
        Verb::Agree if open && state.code != AGREED => AGREED,
        Verb::Perform if state.code == AGREED => AGREED,
        Verb::Resolve if registered && open => {
            state.closed = true;
            if body.code.as_deref() == Some(FAILED) {
                FAILED
            } else {
                RESOLVED
            }
        }
        Verb::FollowUp if !open && !withdrawn => {
            if state.code == FILED {
                FILED
            } else {
                FOLLOWED_UP
            }
        }
        Verb::Decline if body.code.as_deref() == Some(DISSENTED) => {
            if !(open && registered && has_reason) {
                return false;
            }
            DISSENTED
        }
        Verb::Decline if open => {
            state.closed = true;
            DECLINED
        }
        Verb::Reopen if !open && !withdrawn && has_reason => {
            state.closed = false;
            REOPENED
        }
        _ => return false,
    };
    state.code = code.into();
    true
}

/// Makes the event's owner the only one. A level or deadline that it does not name stays.
fn own(state: &mut State, body: &EventBody) {
    if state.owner != body.owner || state.owner_scope != body.owner_scope {
        state.hops += 1;
    }
    state.owner.clone_from(&body.owner);
    state.owner_scope = body.owner_scope;
    if body.level.is_some() {
        state.level.clone_from(&body.level);
    }
    if body.deadline.is_some() {
        state.deadline = body.deadline;
    }
}

fn says(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|t| !t.trim().is_empty())
}
