//! From events to state: the one fold that phone and relay share.
//!
//! Events take their turn in causal order ([`order`]). Each is legal when its turn comes, or stays visible without effect.
//! The result depends on the set of events alone, never on the order or number of their arrivals.
//!
//! | verb | legal when | does |
//! |--|--|--|
//! | return | not withdrawn; says why (reason, note or audio) | review: returned; a closed case stays closed |
//! | fix | review is returned | review: fixed |
//! | approve | not withdrawn, not approved yet | review: approved; a closed case is filed (S80) |
//! | settle | not withdrawn; names field and value | nothing: the field itself says it |
//! | propose | not withdrawn; names a verb | waits in `proposals` for an answer |
//! | withdraw | by the opener, not closed | closed, R50 or S63 |
//! | those of cases | | see [`case`] |
//! | issue, deliver, hear | | see [`warning`] |
//! | any of a later version | never | nothing |
//!
//! A proposal is answered by the next decision whose author had seen it: return, approve, assign, escalate, transfer,
//! resolve or reopen. Register does not answer, since the relay writes it by itself.

pub mod case;
pub mod order;
pub mod warning;

use xunge_protocol::WriterId;

use super::event::{EventBody, EventId, Verb};
use super::kind::Kind;
use super::record::FoldedEvent;
use super::state::{Effect, Review, State};

/// What the fold must know of a record beside its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldContext {
    /// The writer who opened it, where the id names one.
    pub opener: Option<WriterId>,
    /// Acknowledgements only: the field `outcome`.
    pub outcome: Option<String>,
}

/// All events in causal order, each with its effect, and the state that follows from them.
pub fn fold(
    kind: Kind,
    events: &[(EventId, EventBody)],
    context: &FoldContext,
) -> (Vec<FoldedEvent>, State) {
    let graph = order::Graph::new(events);
    let mut machine = Machine::new(kind, context);
    let mut folded = Vec::with_capacity(events.len());
    for (id, body) in graph.causal() {
        let effective = machine.turn(id, body);
        if effective && answers(body.verb()) {
            let seen = graph.ancestors(id);
            machine.state.proposals.retain(|p| !seen.contains(p));
        }
        folded.push(FoldedEvent {
            id,
            body: EventBody {
                basis: graph.basis_of(body),
                ..body.clone()
            },
            effect: if effective {
                Effect::Effective
            } else {
                Effect::WithoutEffect
            },
        });
    }
    (folded, machine.finish())
}

/// Whether a decision answers the proposals that its author had seen.
fn answers(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Return
            | Verb::Approve
            | Verb::Assign
            | Verb::Escalate
            | Verb::Transfer
            | Verb::Resolve
            | Verb::Reopen
    )
}

/// A record in the course of the fold.
struct Machine<'a> {
    kind: Kind,
    context: &'a FoldContext,
    state: State,
    withdrawn: bool,
    issued: bool,
}

impl<'a> Machine<'a> {
    fn new(kind: Kind, context: &'a FoldContext) -> Self {
        let code = match kind {
            Kind::Dispute | Kind::Request => case::REGISTERED,
            Kind::Warning => warning::ISSUED,
            Kind::WarningAck => warning::first_code(context),
            Kind::Household | Kind::Person | Kind::Visit => "R10",
        };
        let state = State {
            code: code.into(),
            ..State::default()
        };
        Self {
            kind,
            context,
            state,
            withdrawn: false,
            issued: false,
        }
    }

    /// Gives an event its turn; whether it was legal.
    fn turn(&mut self, id: EventId, body: &EventBody) -> bool {
        let verb = body.verb();
        let legal = match verb {
            Verb::Return => self.send_back(id, body),
            Verb::Fix => self.fix(id),
            Verb::Approve => self.approve(id),
            Verb::Settle => !self.withdrawn && body.field.is_some() && body.value.is_some(),
            Verb::Propose => self.propose(id, body),
            Verb::Withdraw => self.withdraw(id),
            _ if self.kind.is_case() => case::turn(&mut self.state, self.withdrawn, body),
            _ if matches!(self.kind, Kind::Warning | Kind::WarningAck) => {
                let (state, issued) = (&mut self.state, &mut self.issued);
                warning::turn(self.kind, state, self.withdrawn, issued, body)
            }
            _ => false,
        };
        if legal {
            self.state.version += u32::from(verb.is_relay_only());
            self.state.last = Some(verb);
        }
        legal
    }

    fn send_back(&mut self, id: EventId, body: &EventBody) -> bool {
        let says_why = [&body.reason, &body.note, &body.audio]
            .into_iter()
            .any(|t| t.as_ref().is_some_and(|t| !t.is_empty()));
        let legal = !self.withdrawn && says_why && self.kind != Kind::Warning;
        if legal {
            self.state.review = Review::Returned { event: id };
        }
        legal
    }

    fn fix(&mut self, id: EventId) -> bool {
        let legal = matches!(self.state.review, Review::Returned { .. });
        if legal {
            self.state.review = Review::Fixed { event: id };
        }
        legal
    }

    fn approve(&mut self, id: EventId) -> bool {
        let approved = matches!(self.state.review, Review::Approved { .. });
        let files = self.kind.is_case() && self.state.closed && self.state.code != case::FILED;
        let legal = !self.withdrawn && (!approved || files);
        if legal {
            self.state.review = Review::Approved { event: id };
            if files {
                self.state.code = case::FILED.into();
            }
        }
        legal
    }

    fn propose(&mut self, id: EventId, body: &EventBody) -> bool {
        let known = |n| !matches!(Verb::from_number(n), Verb::Unknown(_));
        let legal = !self.withdrawn && body.proposed.is_some_and(known);
        if legal {
            self.state.proposals.push(id);
        }
        legal
    }

    fn withdraw(&mut self, id: EventId) -> bool {
        let legal = !self.state.closed && self.context.opener == Some(id.writer);
        if legal {
            self.withdrawn = true;
            self.state.closed = true;
            self.state.proposals.clear();
            self.state.code = match self.kind {
                Kind::Dispute | Kind::Request => case::WITHDRAWN,
                Kind::Warning | Kind::WarningAck => warning::CLOSED,
                Kind::Household | Kind::Person | Kind::Visit => "R50",
            }
            .into();
        }
        legal
    }

    fn finish(mut self) -> State {
        if self.kind.state_list() == "record_state" && !self.withdrawn {
            self.state.code = match self.state.review {
                Review::Open => "R10",
                Review::Returned { .. } => "R20",
                Review::Fixed { .. } => "R30",
                Review::Approved { .. } => "R40",
            }
            .into();
        }
        self.state.proposals.sort();
        self.state
    }
}
