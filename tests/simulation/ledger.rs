//! What the town is owed: each saved record says something that no other says, and in the end the town has it once.
//!
//! Ids may change when a phone becomes a new incarnation; what the worker said does not.

use std::collections::{BTreeMap, BTreeSet};

use xunge_protocol::RecordId;
use xunge_records::Fields;
use xunge_records::document::Operations;
use xunge_records::model::record::FoldedEvent;

use crate::files::Photograph;
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
    /// What a save did not answer for: it may be on its phone.
    unsure: BTreeSet<String>,
    /// What a supervisor refused for good, and the records that it is about.
    refused: BTreeSet<String>,
    refused_records: BTreeSet<RecordId>,
    /// Events of records that the town has.
    events: BTreeMap<String, RecordId>,
    /// Photographs by what is said beside them.
    files: BTreeMap<String, Photograph>,
    /// What the app of a newer version said beside fields that this version knows.
    newer: BTreeSet<String>,
    said: u64,
}

/// A field that no version knows yet.
pub(crate) const FIELD_OF_A_NEWER_APP: &str = "of_a_newer_app";

impl Ledger {
    /// Something to say that nobody has said.
    pub(crate) fn say(&mut self) -> String {
        self.said += 1;
        format!("#{}", self.said)
    }

    /// A phone answered that it has this, with a photograph if there is one.
    pub(crate) fn saved(&mut self, token: String, worker: usize, file: Option<Photograph>) {
        if let Some(file) = file {
            self.files.insert(token.clone(), file);
        }
        self.owed.insert(token, worker);
    }

    /// A phone answered a save with an error.
    pub(crate) fn unsure(&mut self, token: String) {
        self.gone.insert(token.clone());
        self.unsure.insert(token);
    }

    /// A phone has what a save did not answer for. False if it answered.
    pub(crate) fn was_kept(&mut self, token: &str, worker: usize) -> bool {
        let was_unsure = self.unsure.remove(token);
        if was_unsure {
            self.gone.remove(token);
            self.owed.insert(token.to_owned(), worker);
        }
        was_unsure
    }

    /// This was said by a newer app, which said more.
    pub(crate) fn newer(&mut self, token: String) {
        self.newer.insert(token);
    }

    /// An event of a record that the town has says this.
    pub(crate) fn said_in(&mut self, record: RecordId, token: String) {
        self.events.insert(token, record);
    }

    /// Phones or the relay lost something: nobody knows any more which events are where.
    pub(crate) fn forget_events(&mut self) {
        self.events.clear();
    }

    /// A supervisor refused a change of this record for good; the whole record if it said something.
    pub(crate) fn rejected(&mut self, record: RecordId, said: Option<String>) {
        self.refused_records.insert(record);
        if let Some(token) = said {
            self.owed.remove(&token);
            self.refused.insert(token);
        }
    }

    /// Whether a supervisor refused something of this record.
    pub(crate) fn is_refused(&self, record: &RecordId) -> bool {
        self.refused_records.contains(record)
    }

    /// All photographs that were taken.
    pub(crate) fn files(&self) -> Vec<Photograph> {
        self.files.values().copied().collect()
    }

    /// Photographs of what is owed: what is said beside them, and by which worker.
    pub(crate) fn files_owed(&self) -> Vec<(String, usize, Photograph)> {
        let owed = self.files.iter().filter_map(|(token, file)| {
            let worker = self.owed.get(token)?;
            Some((token.clone(), *worker, *file))
        });
        owed.collect()
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
        self.forget_events();
        self.files.retain(|_, (hash, _)| {
            let mut phones = phones.iter();
            relay.has_file(hash) || phones.any(|p| p.store().has_media(hash).unwrap())
        });
        let mut held: BTreeSet<String> = relay.tokens(false).into_keys().collect();
        held.extend(relay.quarantined().into_iter().filter_map(|w| w.said));
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

    /// At rest: what is said beside the words of records, by events and by fields of a newer app, is in the town.
    pub(crate) fn settle_the_rest(&self, relay: &SimRelay) -> Vec<String> {
        let mut violations = Vec::new();
        for (token, record) in &self.events {
            // An erased record has none.
            let Some(there) = relay.record(*record) else {
                continue;
            };
            let says = |e: &&FoldedEvent| e.body.note.as_ref() == Some(token);
            let times = there.events.iter().filter(says).count();
            if times != 1 {
                violations.push(format!(
                    "I1/I5: {token} was said in {record}, and is there {times} times"
                ));
            }
        }
        for (token, record) in relay.tokens_by_record() {
            let beside = relay
                .record(record)
                .and_then(|r| r.fields.text(FIELD_OF_A_NEWER_APP).map(str::to_owned));
            if self.newer.contains(&token) && beside.as_ref() != Some(&token) {
                violations.push(format!("I1: what a newer app said beside {token} is lost"));
            }
        }
        violations
    }

    /// At rest: what is owed is in the town once, what is gone at most once, and nothing forged is there.
    pub(crate) fn settle(&self, relay: &SimRelay) -> Vec<String> {
        let there = relay.tokens(true);
        let mut violations = Vec::new();
        for token in self.owed.keys() {
            match there.get(token) {
                Some(1) => {}
                Some(n) => violations.push(format!("I5: {token} is in the town {n} times")),
                None => violations.push(format!("I1: {token} was saved, and the town lacks it")),
            }
        }
        for (token, n) in &there {
            if self.refused.contains(token) {
                violations.push(format!("I7: {token} was refused, and the town has it"));
            }
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
