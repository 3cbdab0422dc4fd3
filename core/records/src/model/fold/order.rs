//! The causal order of events: by basis, and where that leaves it open, by id.
//!
//! Relay decisions come as early as their basis allows: each takes with it only what its author had seen. So an event that
//! arrives late from a phone can never take away the effect of a decision that was made without it. A basis that is not
//! here is no obstacle, and a circle, which no honest author makes, is opened at its smallest id.
//!
//! Copies of a phone may each have to say again what one worker said once. Such events are one: the first of their ids stands
//! for all, also where it is named as basis.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::event::{EventBody, EventId};

/// Events by id, each once.
pub(super) struct Graph<'a> {
    events: BTreeMap<EventId, &'a EventBody>,
    /// Ids of events that were said otherwise before, and the ids that stand for them.
    same: BTreeMap<EventId, EventId>,
}

impl<'a> Graph<'a> {
    /// Of two bodies under one id, which no honest author writes, the one with the smaller bytes counts.
    pub(super) fn new(events: &'a [(EventId, EventBody)]) -> Self {
        let mut map: BTreeMap<EventId, &'a EventBody> = BTreeMap::new();
        for (id, body) in events {
            let here = map.entry(*id).or_insert(body);
            if *here != body
                && xunge_protocol::wire::encode(body) < xunge_protocol::wire::encode(*here)
            {
                *here = body;
            }
        }
        let same = said_again(&map);
        map.retain(|id, _| !same.contains_key(id));
        Self { events: map, same }
    }

    /// The basis of an event, by the ids that stand here.
    pub(super) fn basis_of(&self, body: &EventBody) -> Vec<EventId> {
        if self.same.is_empty() {
            return body.basis.clone();
        }
        let known = |id| *self.same.get(&id).unwrap_or(&id);
        let basis: BTreeSet<_> = body.basis.iter().copied().map(known).collect();
        basis.into_iter().collect()
    }

    /// All events in their turn.
    pub(super) fn causal(&self) -> Vec<(EventId, &'a EventBody)> {
        let all: BTreeSet<_> = self.events.keys().copied().collect();
        let plain = topological(all.clone(), |id| self.basis(id).collect());
        let decisions = self.decisions(&plain);
        let mut left = all;
        let mut order = Vec::with_capacity(left.len());
        for decision in decisions {
            let due = self.closure(decision, &left);
            left.retain(|id| !due.contains(id));
            order.extend(topological(due, |id| self.basis(id).collect()));
        }
        order.extend(topological(left, |id| self.basis(id).collect()));
        order
            .into_iter()
            .filter_map(|id| Some((id, *self.events.get(&id)?)))
            .collect()
    }

    /// What the author of `id` had seen, directly or through others.
    pub(super) fn ancestors(&self, id: EventId) -> BTreeSet<EventId> {
        let all = self.events.keys().copied().collect();
        let mut seen = self.closure(id, &all);
        seen.remove(&id);
        seen
    }

    /// `id` and its ancestors, as far as they are in `within`.
    fn closure(&self, id: EventId, within: &BTreeSet<EventId>) -> BTreeSet<EventId> {
        let mut found = BTreeSet::new();
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if within.contains(&id) && found.insert(id) {
                todo.extend(self.basis(id));
            }
        }
        found
    }

    fn basis(&self, id: EventId) -> impl Iterator<Item = EventId> + '_ {
        let body = self.events.get(&id);
        let basis = body.map_or_else(Vec::new, |b| self.basis_of(b));
        basis
            .into_iter()
            .filter(move |b| *b != id && self.events.contains_key(b))
    }

    /// The relay's decisions in an order that depends on nothing but themselves.
    fn decisions(&self, plain: &[EventId]) -> Vec<EventId> {
        let mut nearest: BTreeMap<EventId, BTreeSet<EventId>> = BTreeMap::new();
        for id in plain {
            let mut near = BTreeSet::new();
            for before in self.basis(*id) {
                if self.is_decision(before) {
                    near.insert(before);
                } else if let Some(further) = nearest.get(&before) {
                    near.extend(further);
                }
            }
            nearest.insert(*id, near);
        }
        let decisions = plain.iter().copied().filter(|id| self.is_decision(*id));
        topological(decisions.collect(), |id| {
            nearest
                .get(&id)
                .map_or_else(Vec::new, |n| n.iter().copied().collect())
        })
    }

    fn is_decision(&self, id: EventId) -> bool {
        self.events
            .get(&id)
            .is_some_and(|b| b.verb().is_relay_only())
    }
}

/// The events that say what another of them says, by the id that stands for both: the one that was said first if it is
/// there, else the smallest. Two copies of a phone may have used one id for different words: those are different events.
fn said_again(events: &BTreeMap<EventId, &EventBody>) -> BTreeMap<EventId, EventId> {
    let firsts: BTreeSet<EventId> = events.values().filter_map(|body| body.first).collect();
    let mut same = BTreeMap::new();
    for first in firsts {
        let said = |id: &EventId, body: &EventBody| body.first.unwrap_or(*id) == first;
        let mut of_it: Vec<_> = events.iter().filter(|(id, b)| said(id, b)).collect();
        of_it.sort_by_key(|(id, _)| (**id != first, **id));
        let mut stand: Vec<(EventId, &EventBody)> = Vec::new();
        for (id, body) in of_it {
            match stand.iter().find(|(_, other)| other.says_the_same(body)) {
                Some((stands, _)) => {
                    same.insert(*id, *stands);
                }
                None => stand.push((*id, body)),
            }
        }
        if let ([(stands, _)], false) = (stand.as_slice(), events.contains_key(&first)) {
            same.insert(first, *stands);
        }
    }
    same
}

/// The members of `set`, each after those of its `before` that are in the set; the smallest possible id first.
fn topological(set: BTreeSet<EventId>, before: impl Fn(EventId) -> Vec<EventId>) -> Vec<EventId> {
    let mut waits: BTreeMap<EventId, usize> = BTreeMap::new();
    let mut after: BTreeMap<EventId, Vec<EventId>> = BTreeMap::new();
    for id in &set {
        let on: BTreeSet<_> = before(*id)
            .into_iter()
            .filter(|b| set.contains(b) && b != id)
            .collect();
        waits.insert(*id, on.len());
        for b in on {
            after.entry(b).or_default().push(*id);
        }
    }
    let mut ready: BTreeSet<_> = waits
        .iter()
        .filter_map(|(id, n)| (*n == 0).then_some(*id))
        .collect();
    let mut left = set;
    let mut order = Vec::with_capacity(left.len());
    // Only a circle leaves something with nothing ready.
    while let Some(id) = ready.pop_first().or_else(|| left.first().copied()) {
        if !left.remove(&id) {
            continue;
        }
        order.push(id);
        for next in after.remove(&id).unwrap_or_default() {
            if let Some(n) = waits.get_mut(&next) {
                *n -= 1;
                if *n == 0 {
                    ready.insert(next);
                }
            }
        }
    }
    order
}
