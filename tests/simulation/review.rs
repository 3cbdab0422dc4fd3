//! What a supervisor does about entries that the relay did not take, of workers whose apps wrote a number where a
//! code belongs: lets them in after all, or rejects them for good, when others were built on them already.

use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use xunge_core::store::{Save, SyncState};
use xunge_protocol::{Confidence, RecordId, WriterId};
use xunge_records::{EventBody, Kind, Verb};
use xunge_server::store::EntryId;

use crate::ledger::token;
use crate::relay::Waiting;

use crate::world::{START, World};

/// What is no code at all.
pub(crate) const NO_CODE: i64 = 77;

impl World {
    /// A worker changes a case that the town has into something that it will not take, and goes on with it.
    pub(crate) fn spoil_a_case(&mut self, n: usize) {
        // What the relay itself says after a backup is lost with it.
        if self.backup.is_some() || self.revoked.contains_key(&self.phones[n].worker) {
            return;
        }
        let rows = self.phones[n].own_rows();
        let cases: Vec<RecordId> = rows
            .values()
            .filter(|row| row.kind == Kind::Dispute && row.sync_state == SyncState::Received)
            .map(|row| row.record)
            .collect();
        let Some(record) = cases.choose(&mut self.random).copied() else {
            return;
        };
        let spoilt = Save::edit(record, Kind::Dispute).set("scale", NO_CODE);
        self.phones[n].save(&spoilt);
        let token = self.ledger.say();
        let mut mediated = Save::edit(record, Kind::Dispute);
        let mut event = EventBody::new(Verb::Mediate, START, Confidence::Unsure);
        event.note = Some(token.clone());
        mediated.events.push(event);
        self.phones[n].save(&mediated);
        self.ledger.said_in(record, token);
        self.counts.count("spoilt case");
        self.check_phone(n);
    }

    /// A supervisor looks through the quarantine.
    pub(crate) fn review(&mut self) {
        if self.backup.is_some() {
            return;
        }
        let honest = self.honest_writers();
        let waiting = self.relay.quarantined();
        let theirs: Vec<_> = waiting
            .into_iter()
            .filter(|waiting| honest.contains(&waiting.id.writer) && !waiting.depends)
            .collect();
        let Some(Waiting {
            id, record, said, ..
        }) = theirs.choose(&mut self.random).cloned()
        else {
            return;
        };
        self.decide(id, record, said);
    }

    /// Lets an entry in, or rejects it for good.
    fn decide(&mut self, id: EntryId, record: RecordId, said: Option<String>) {
        if self.random.random_bool(0.4) {
            if self.relay.admit(id) {
                self.counts.count("let in after all");
            }
            return;
        }
        let Some(fell) = self.relay.reject(id) else {
            return;
        };
        self.ledger.rejected(record, said);
        self.counts.count("rejected");
        if fell > 1 {
            self.counts.count("rejected with what builds on it");
        }
    }

    /// At rest: decides whatever is left.
    pub(crate) fn review_the_rest(&mut self) {
        let honest = self.honest_writers();
        for waiting in self.relay.quarantined() {
            if honest.contains(&waiting.id.writer) && !waiting.depends {
                self.decide(waiting.id, waiting.record, waiting.said);
            }
        }
    }

    fn honest_writers(&self) -> BTreeSet<WriterId> {
        let phones = self.phones.iter();
        phones
            .filter(|phone| !self.revoked.contains_key(&phone.worker))
            .flat_map(|phone| phone.writers.union(&phone.former).copied())
            .collect()
    }

    /// A supervisor erases a record that is in the town, while phones still hold it.
    pub(crate) fn erase_something(&mut self, n: usize) {
        let mine: Vec<_> = self.phones[n].wrote.iter().copied().collect();
        let Some(record) = mine.choose(&mut self.random).copied() else {
            return;
        };
        let Some(there) = self.relay.record(record) else {
            return;
        };
        if let (Kind::Visit | Kind::Dispute, Some(scope)) = (there.kind, there.scope) {
            self.relay.erase(record);
            if self.relay.has_snapshot(scope) {
                self.violations.push(format!(
                    "I6: the erasure of {record} left a snapshot of its scope"
                ));
            }
            self.erased.insert((scope, record));
            if let Some(token) = token(&there.fields) {
                self.ledger.erased(&token);
            }
            self.counts.count("erased while a phone is away");
        }
    }

    pub(crate) fn decide_something(&mut self, n: usize) {
        // What the relay itself says after a backup is lost with it.
        if self.backup.is_some() {
            return;
        }
        let disputes: Vec<_> = self.phones[n].wrote.iter().copied().collect();
        let Some(record) = disputes.choose(&mut self.random).copied() else {
            return;
        };
        if self
            .relay
            .record(record)
            .is_some_and(|r| r.kind == Kind::Dispute)
        {
            let two = self.random.random_bool(0.3);
            let first = self.random.random_bool(0.7);
            let mut done = 0;
            for (verb, who, what) in [
                (Verb::Return, ("u1", "周主任"), "returned"),
                (Verb::Approve, ("u2", "吴副主任"), "approved"),
            ] {
                let acts = two || (verb == Verb::Return) == first;
                if acts && self.relay.supervise(record, verb, who) {
                    self.counts.count(what);
                    done += 1;
                }
            }
            if done == 2 {
                self.counts.count("two supervisors at once");
            }
        }
    }
}
