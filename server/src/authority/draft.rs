//! The relay's own changes of records: drafted in plain terms, checked by the same gate as anybody's.

use xunge_protocol::system::WriterRole;
use xunge_protocol::{Confidence, Entry, RecordId, ScopeId};
use xunge_records::{
    Author, Edit, Effect, EventBody, EventId, FormRef, Kind, Open, Record, Value, Verb,
};

use super::{Authority, AuthorityError};
use crate::log::broken;
use crate::log::judge::{Bearer, Content};

/// What a command writes into one record: fields and events together, as one change.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Fields to set, by path.
    pub set: Vec<(String, Value)>,
    /// Fields to remove, by path.
    pub remove: Vec<String>,
    /// Events to add; id and basis are filled in.
    pub events: Vec<EventBody>,
}

impl Draft {
    /// Sets one field more.
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set.push((path.into(), value.into()));
        self
    }

    /// Adds one event more.
    pub fn event(mut self, body: EventBody) -> Self {
        self.events.push(body);
        self
    }
}

impl Authority<'_> {
    /// An event of `verb` now, commanded by the user with id `user`, who is shown as `name`.
    pub fn event(&self, verb: Verb, user: Option<(&str, &str)>) -> EventBody {
        let mut body = EventBody::new(verb, self.now(), Confidence::Relay);
        if let Some((id, name)) = user {
            body.user = Some(id.into());
            body.name = Some(name.into());
        }
        body
    }

    /// A record as it is now, with all that this transaction did.
    ///
    /// # Errors
    /// [`AuthorityError::UnknownRecord`] if the log does not hold it.
    pub fn record(&mut self, record: RecordId) -> Result<Record, AuthorityError> {
        self.log
            .record(record)?
            .ok_or(AuthorityError::UnknownRecord(record))
    }

    /// Writes `draft` into a record, and returns the record after it.
    ///
    /// `expected` is the [`xunge_records::State::version`] that the command was given for.
    ///
    /// # Errors
    /// [`AuthorityError::Stale`] if the version is another one; [`AuthorityError::NotPossible`] if an event of the
    /// draft would have no effect.
    pub fn write(
        &mut self,
        record: RecordId,
        expected: Option<u32>,
        draft: Draft,
    ) -> Result<Record, AuthorityError> {
        let before = self.record(record)?;
        if let Some(expected) = expected
            && expected != before.state.version
        {
            return Err(AuthorityError::Stale {
                expected,
                found: before.state.version,
            });
        }
        let scope = before
            .scope
            .ok_or_else(|| broken(record, "it is not open"))?;
        self.commit(scope, record, before.kind, None, basis(&before), draft)
    }

    /// Opens a new record in `scope`, and returns it.
    pub fn open(
        &mut self,
        scope: ScopeId,
        kind: Kind,
        form: FormRef,
        draft: Draft,
    ) -> Result<Record, AuthorityError> {
        let n = self.next_own_number("record")?;
        let record = RecordId::written(self.county().relay_writer, n);
        let open = Some(Open { scope, form });
        self.commit(scope, record, kind, open, Vec::new(), draft)
    }

    fn commit(
        &mut self,
        scope: ScopeId,
        record: RecordId,
        kind: Kind,
        open: Option<Open>,
        mut basis: Vec<EventId>,
        draft: Draft,
    ) -> Result<Record, AuthorityError> {
        let writer = self.county().relay_writer;
        let mut events = Vec::with_capacity(draft.events.len());
        for mut body in draft.events {
            let id = EventId {
                writer,
                n: self.next_own_number("event")?,
            };
            // Each builds on the one before, so that their order is the draft's.
            body.basis = std::mem::replace(&mut basis, vec![id]);
            events.push((id, body));
        }
        let written: Vec<_> = events.iter().map(|(id, body)| (*id, body.verb())).collect();
        let edit = Edit {
            open,
            set: draft.set,
            remove: draft.remove,
            events,
        };
        let author = Author { writer, rebuild: 0 };
        let at = self.now();
        let loaded = self.log.document(scope, record, kind)?;
        // Written on a copy, which is kept once the change has passed the same gate as anybody's.
        let mut after = loaded.document.clone();
        let change = after.edit(author, at, &edit)?;
        let Some(change) = change else {
            return self.record(record);
        };
        let entry = Entry {
            record,
            kind: kind.entry_kind(),
            body: change.bytes,
        };
        let relay = self.relay;
        let bearer = Bearer {
            writer,
            role: WriterRole::Relay,
            scope,
            late: false,
            content: Content::Checked(relay.lists()),
        };
        self.log
            .take_own(bearer, &entry, after)?
            .map_err(AuthorityError::Refused)?;
        self.queue(scope, entry, change.hash)?;
        let read = self.record(record)?;
        for (id, verb) in written {
            let effective = read
                .events
                .iter()
                .any(|e| e.id == id && e.effect == Effect::Effective);
            if !effective {
                return Err(AuthorityError::NotPossible(verb));
            }
        }
        Ok(read)
    }

    /// The next number of the relay's own writer.
    fn next_own_number(&self, name: &str) -> Result<u32, AuthorityError> {
        let scope = self.relay.county_scope();
        let n = self
            .tx()
            .next_number(scope, &format!("{name} {}", self.county().relay_writer))?;
        u32::try_from(n).map_err(|_| {
            crate::store::StoreError::Corrupt(format!("the relay's {name} numbers are used up"))
                .into()
        })
    }
}

/// The events that no other event of the record builds on.
fn basis(record: &Record) -> Vec<EventId> {
    record
        .events
        .iter()
        .map(|e| e.id)
        .filter(|id| record.events.iter().all(|e| !e.body.basis.contains(id)))
        .collect()
}
