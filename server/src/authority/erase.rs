//! Erases a record: its content goes, a tombstone stays and tells every phone of its scope.

use std::collections::BTreeSet;

use xunge_protocol::system::{Tombstone, item_id};
use xunge_protocol::{EntryKind, Hash32, RecordId, ScopeId, Timestamp, wire};
use xunge_records::{MediaRef, Record, Verb};

use super::redact::Redaction;
use super::{Authority, AuthorityError, Draft};
use crate::journal::Fact;
use crate::store::TombstoneRow;

/// What an erasure removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// The record, and others that named the person, in the order of their erasure.
    pub records: Vec<RecordId>,
    /// Records that say what may still be said, in place of some of them.
    pub successors: Vec<RecordId>,
    /// Media that no record names any more: to be removed once this is durable.
    pub media: Vec<Hash32>,
}

impl Authority<'_> {
    /// Erases a record. Records that belong to it and name its person get a redacted successor, and are erased too.
    /// Erasing it again changes nothing.
    ///
    /// # Errors
    /// [`AuthorityError::UnknownRecord`] if nothing of it was ever here.
    pub fn erase(&mut self, record: RecordId) -> Result<Erased, AuthorityError> {
        let mut erased = Erased::default();
        if let Some(held) = self.log.record(record)? {
            let person = Redaction::of(&held);
            for other in self.naming(&held, &person)? {
                let successor = self.redact(other, &person)?;
                erased.successors.extend(successor);
                self.bury(other, successor, &mut erased)?;
            }
        }
        self.bury(record, None, &mut erased)?;
        Ok(erased)
    }

    /// Records that belong to the same household or person, and name the person in their words.
    fn naming(&self, held: &Record, person: &Redaction) -> Result<Vec<RecordId>, AuthorityError> {
        let household = held.fields.text("household").map(str::to_owned);
        let belongs = std::iter::once(held.id.to_string()).chain(household);
        let mut found = BTreeSet::new();
        for id in belongs {
            for name in &person.names {
                let holding = self.tx().records_holding(&[&id, name])?;
                found.extend(holding.into_iter().map(|(_, record, _)| record));
            }
        }
        found.remove(&held.id);
        Ok(found.into_iter().collect())
    }

    /// Opens the record that says what may still be said, if there is such a record.
    fn redact(
        &mut self,
        record: RecordId,
        person: &Redaction,
    ) -> Result<Option<RecordId>, AuthorityError> {
        let held = self.record(record)?;
        let (Some(scope), Some(form)) = (held.scope, held.form.clone()) else {
            return Ok(None);
        };
        let Some(set) = person.redacted(&held) else {
            return Ok(None);
        };
        let mut draft = Draft {
            set,
            ..Draft::default()
        };
        let state = &held.state;
        if let (true, Some(number)) = (held.kind.is_case(), &state.number) {
            // The case goes on where it was: same number, same owner.
            let mut body = self.event(Verb::Register, None);
            body.number = Some(number.clone());
            body.owner = state.owner.as_deref().map(|owner| person.redact(owner));
            body.owner_scope = state.owner_scope;
            body.level.clone_from(&state.level);
            body.deadline = state.deadline;
            draft = draft.event(body);
            if state.closed {
                let mut body = self.event(Verb::Resolve, None);
                body.code = Some(state.code.clone());
                draft = draft.event(body);
            }
        }
        Ok(Some(self.open(scope, held.kind, form, draft)?.id))
    }

    fn bury(
        &mut self,
        record: RecordId,
        successor: Option<RecordId>,
        erased: &mut Erased,
    ) -> Result<(), AuthorityError> {
        if self.tx().tombstone(record)?.is_some() {
            return Ok(());
        }
        let held = self.log.record(record)?;
        let scope = match &held {
            Some(held) => held.scope,
            None => self.tx().quarantined_in(record)?,
        }
        .ok_or(AuthorityError::UnknownRecord(record))?;
        let media = held.map(|held| media_of(&held)).unwrap_or_default();
        let erased_at = self.now();
        let guests = self.end_shares(record, erased_at)?;
        self.log.forget(record);
        self.tx().bury(&TombstoneRow {
            record,
            scope,
            erased_at,
            successor,
        })?;
        let mut unnamed = Vec::new();
        for hash in media {
            if self.tx().records_holding(&[&hash.to_string()])?.is_empty() {
                unnamed.push(hash);
            }
        }
        self.note(Fact::Erased {
            record,
            scope,
            at: erased_at,
            successor,
            media: unnamed.clone(),
        });
        erased.media.extend(unnamed);
        erased.records.push(record);
        for scope in guests.into_iter().chain([scope]) {
            self.tell_tombstone(record, scope, erased_at, successor)?;
        }
        Ok(())
    }

    /// Erases what an older backup brought back.
    pub(crate) fn erase_again(
        &mut self,
        record: RecordId,
        scope: ScopeId,
        erased_at: Timestamp,
        successor: Option<RecordId>,
    ) -> Result<(), AuthorityError> {
        if self.tx().tombstone(record)?.is_some() {
            return Ok(());
        }
        let guests = self.end_shares(record, erased_at)?;
        self.log.forget(record);
        self.tx().bury(&TombstoneRow {
            record,
            scope,
            erased_at,
            successor,
        })?;
        for scope in guests.into_iter().chain([scope]) {
            self.tell_tombstone(record, scope, erased_at, successor)?;
        }
        Ok(())
    }

    fn tell_tombstone(
        &mut self,
        record: RecordId,
        scope: ScopeId,
        erased_at: Timestamp,
        successor: Option<RecordId>,
    ) -> Result<(), AuthorityError> {
        let tombstone = Tombstone {
            record,
            erased_at,
            successor,
        };
        self.write_system_item(
            scope,
            item_id("tombstone", &record.0),
            EntryKind::TOMBSTONE,
            wire::encode(&tombstone),
        )
    }
}

/// Hashes of all media that a record names.
fn media_of(record: &Record) -> Vec<Hash32> {
    let fields = record.fields.0.values().flat_map(|field| {
        let others = field.others.iter().map(|o| &o.value);
        std::iter::once(&field.value)
            .chain(others)
            .filter_map(|v| v.as_text())
    });
    let events = record
        .events
        .iter()
        .flat_map(|e| [&e.body.audio, &e.body.photo])
        .filter_map(|m| m.as_deref());
    fields
        .chain(events)
        .filter_map(|text| text.parse::<MediaRef>().ok())
        .map(|media| media.hash)
        .collect()
}
