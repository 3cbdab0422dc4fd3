//! What the town is owed: each saved record says something that no other says, and in the end the town has it once.
//!
//! Ids may change when a phone becomes a new incarnation; what the worker said does not.

use std::collections::{BTreeMap, BTreeSet};

use xunge_records::Fields;
use xunge_records::document::Operations;

use crate::phone::SimPhone;
use crate::relay::SimRelay;

/// Words that an intruder uses. They must be nowhere in the log.
pub(crate) const FORGED: &str = "伪造";

/// The field of a visit, and the one of a dispute, that say something that no other record says.
const SAYING: [&str; 2] = ["note", "place"];

/// What a record says that no other does.
pub(crate) fn token(fields: &Fields) -> Option<String> {
    let said = SAYING.iter().find_map(|path| fields.text(path));
    said.filter(|s| s.starts_with('#') || s.starts_with(FORGED))
        .map(str::to_owned)
}

/// What a change says that no other does.
pub(crate) fn token_said(operations: &Operations) -> Option<String> {
    operations
        .set
        .iter()
        .filter(|(path, _)| SAYING.contains(&path.as_str()))
        .find_map(|(_, value)| value.as_text().map(str::to_owned))
}

/// Who saved what, as long as somebody still has it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What was said, and by which worker.
    owed: BTreeMap<String, usize>,
    /// What went with the only phone that had it: it may be in the town, once.
    gone: BTreeSet<String>,
    said: u64,
}

impl Ledger {
    /// Something to say that nobody has said.
    pub(crate) fn say(&mut self) -> String {
        self.said += 1;
        format!("#{}", self.said)
    }

    /// A phone answered that it has this.
    pub(crate) fn saved(&mut self, token: String, worker: usize) {
        self.owed.insert(token, worker);
    }

    /// A supervisor erased it.
    pub(crate) fn erased(&mut self, token: &str) {
        self.owed.remove(token);
        self.gone.insert(token.to_owned());
    }

    /// What a worker saved, by what was said.
    pub(crate) fn of(&self, worker: usize) -> BTreeSet<String> {
        let theirs = self.owed.iter().filter(|(_, by)| **by == worker);
        theirs.map(|(token, _)| token.clone()).collect()
    }

    /// After an accident that destroys data: owed is what a phone that wrote it, or the relay, still has.
    pub(crate) fn strike_what_is_gone(&mut self, phones: &[SimPhone], relay: &SimRelay) {
        let mut held: BTreeSet<String> = relay.tokens().into_keys().collect();
        held.extend(relay.quarantined().into_iter().filter_map(|(_, said)| said));
        for phone in phones {
            held.extend(phone.tokens().into_iter().filter_map(|(token, record)| {
                let mine = record.opener().is_some_and(|w| phone.writers.contains(&w));
                mine.then_some(token)
            }));
        }
        let lost: Vec<_> = self
            .owed
            .keys()
            .filter(|token| !held.contains(*token))
            .cloned()
            .collect();
        for token in lost {
            self.owed.remove(&token);
            self.gone.insert(token);
        }
    }

    /// At rest: what is owed is in the town once, what is gone at most once, and nothing forged is there.
    pub(crate) fn settle(&self, relay: &SimRelay) -> Vec<String> {
        let there = relay.tokens();
        let mut violations = Vec::new();
        for token in self.owed.keys() {
            match there.get(token) {
                Some(1) => {}
                Some(n) => violations.push(format!("I5: {token} is in the town {n} times")),
                None => violations.push(format!("I1: {token} was saved, and the town lacks it")),
            }
        }
        for (token, n) in &there {
            if token.starts_with(FORGED) {
                violations.push(format!("I7: {token} was accepted"));
            }
            if *n > 1 && self.gone.contains(token) {
                violations.push(format!("I5: {token} is in the town {n} times"));
            }
        }
        violations
    }
}
