//! Stories of one record, told event by event, for the tests of the fold.

#![allow(dead_code, reason = "each test uses a part")]

use xunge_protocol::{Confidence, ScopeId, Timestamp, WriterId};
use xunge_records::model::fold::{FoldContext, fold};
use xunge_records::{Effect, EventBody, EventId, FoldedEvent, Kind, State, Verb};

pub(crate) const RELAY: u8 = 200;
pub(crate) const PHONE: u8 = 1;

pub(crate) fn id(writer: u8, n: u32) -> EventId {
    EventId {
        writer: WriterId([writer; 8]),
        n,
    }
}

/// Events of one record, each written by somebody who had seen all before it.
#[derive(Default, Clone)]
pub(crate) struct Story(pub(crate) Vec<(EventId, EventBody)>);

impl Story {
    pub(crate) fn then(
        mut self,
        writer: u8,
        verb: Verb,
        with: impl FnOnce(&mut EventBody),
    ) -> Self {
        let mut body = EventBody::new(verb, Timestamp(0), Confidence::Relay);
        body.basis = self.0.last().map(|(id, _)| *id).into_iter().collect();
        with(&mut body);
        self.0.push((id(writer, self.0.len() as u32 + 1), body));
        self
    }

    pub(crate) fn relay(self, verb: Verb, with: impl FnOnce(&mut EventBody)) -> Self {
        self.then(RELAY, verb, with)
    }

    pub(crate) fn phone(self, verb: Verb) -> Self {
        self.then(PHONE, verb, |_| {})
    }

    pub(crate) fn registered() -> Self {
        Self::default().relay(Verb::Register, |e| {
            e.number = Some("999999-2026-0001".into());
            e.owner = Some("镇综治中心".into());
            e.level = Some("2".into());
            e.deadline = Some(Timestamp(1000));
        })
    }

    pub(crate) fn fold(&self, kind: Kind) -> (Vec<FoldedEvent>, State) {
        let context = FoldContext {
            opener: Some(WriterId([PHONE; 8])),
            outcome: Some("W41".into()),
        };
        fold(kind, &self.0, &context)
    }

    pub(crate) fn case(&self) -> State {
        self.fold(Kind::Dispute).1
    }

    /// Effects in causal order.
    pub(crate) fn effects(&self, kind: Kind) -> Vec<bool> {
        let (events, _) = self.fold(kind);
        events
            .iter()
            .map(|e| e.effect == Effect::Effective)
            .collect()
    }
}

pub(crate) fn owner(name: &str) -> impl FnOnce(&mut EventBody) {
    move |e| {
        e.owner = Some(name.into());
        e.owner_scope = Some(ScopeId([7; 8]));
        e.reason = Some("按职责".into());
    }
}

pub(crate) fn because(e: &mut EventBody) {
    e.reason = Some("缺照片".into());
}
