//! Reading a record out of its document: first value and others of each field, events, and the state they fold to.

use std::collections::BTreeMap;

use automerge::{ObjId, ROOT, ReadDoc, ScalarValue};
use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp, WriterId};

use super::change::Author;
use super::genesis;
use super::replica::{Document, DocumentError};
use crate::model::event::{EventBody, EventId};
use crate::model::fold::{self, FoldContext};
use crate::model::record::{Alternative, FieldValue, Fields, FormRef, Record};
use crate::model::value::Value;

impl Document {
    /// The scope that the opening change set, if the record is open.
    pub fn scope(&self) -> Result<Option<ScopeId>, DocumentError> {
        Ok(self.root_text(genesis::SCOPE)?.and_then(|t| t.parse().ok()))
    }

    /// The form that opened it, if the record is open.
    pub fn form(&self) -> Result<Option<FormRef>, DocumentError> {
        Ok(self.root_text(genesis::FORM)?.and_then(|t| t.parse().ok()))
    }

    /// The writer whose opening counts.
    fn opened_by(&self) -> Result<Option<WriterId>, DocumentError> {
        let found = self.inner.get(ROOT, genesis::SCOPE)?;
        let change = found.and_then(|(_, op)| self.written(&op));
        Ok(change.map(|(writer, _)| writer))
    }

    fn root_text(&self, key: &str) -> Result<Option<String>, DocumentError> {
        let found = self.inner.get(ROOT, key)?;
        Ok(found.and_then(|(v, _)| v.as_str().map(str::to_owned)))
    }

    /// Whether an event has this id.
    pub fn has_event(&self, id: EventId) -> Result<bool, DocumentError> {
        let events = genesis::map(self.kind(), genesis::EVENTS_OP);
        Ok(self.inner.get(&events, id.to_string())?.is_some())
    }

    /// The fields with all the values that they have now.
    pub fn fields(&self) -> Result<Fields, DocumentError> {
        let map = genesis::map(self.kind(), genesis::FIELDS_OP);
        let mut fields = BTreeMap::new();
        for item in self.inner.map_range(&map, ..) {
            let path = item.key.to_string();
            let found = if item.conflict {
                self.inner.get_all(&map, path.as_str())?
            } else {
                vec![(item.value.clone().into(), item.id())]
            };
            let mut all: Vec<Alternative> = Vec::new();
            // The last of them is the one that every device shows first.
            for (found, op) in found.into_iter().rev() {
                let Some(value) = value(&found) else { continue };
                let known = all.iter().any(|a| a.value == value);
                if let Some((writer, at)) = self.written(&op)
                    && !known
                {
                    all.push(Alternative { value, writer, at });
                }
            }
            if all.is_empty() {
                continue;
            }
            if xunge_planted::is_on(xunge_planted::Bug::FoldDependsOnArrival) {
                let came_last = self.inner.get_changes_meta(&[]).last().map(|m| m.hash.0[0]);
                let by = usize::from(came_last.unwrap_or(0)) % all.len();
                all.rotate_left(by);
            }
            let others = all.split_off(1);
            if let Some(first) = all.pop() {
                let Alternative { value, writer, at } = first;
                let field = FieldValue {
                    value,
                    writer,
                    at,
                    others,
                };
                fields.insert(path, field);
            }
        }
        Ok(Fields(fields))
    }

    /// The events, by id. What cannot be read as an event is left out.
    pub fn events(&self) -> Result<Vec<(EventId, EventBody)>, DocumentError> {
        let map = genesis::map(self.kind(), genesis::EVENTS_OP);
        let mut events = Vec::new();
        for key in self.inner.keys(&map) {
            let Ok(id) = key.parse::<EventId>() else {
                continue;
            };
            let bodies = self.inner.get_all(&map, key.as_str())?;
            // A rebuilt document may bring an event a second time: the smallest bytes are the same choice everywhere.
            let bytes = bodies.iter().filter_map(|(v, _)| v.as_bytes()).min();
            if let Some(Ok(body)) = bytes.map(minicbor::decode) {
                events.push((id, body));
            }
        }
        events.sort_by_key(|(id, _)| *id);
        Ok(events)
    }

    /// The record as it is now; `id` is the id under which the document is kept.
    pub fn read(&self, id: RecordId) -> Result<Record, DocumentError> {
        let fields = self.fields()?;
        let context = FoldContext {
            opener: match id.opener() {
                None if id.is_said_again() => self.opened_by()?,
                opener => opener,
            },
            outcome: fields.text("outcome").map(str::to_owned),
        };
        let (events, state) = fold::fold(self.kind(), &self.events()?, &context);
        Ok(Record {
            id,
            kind: self.kind(),
            scope: self.scope()?,
            form: self.form()?,
            fields,
            events,
            state,
        })
    }

    /// Who wrote operation `op`, and when.
    fn written(&self, op: &ObjId) -> Option<(WriterId, Timestamp)> {
        let ObjId::Id(_, actor, _) = op else {
            return None;
        };
        let author = Author::of(actor)?;
        let hash = self.inner.hash_for_opid(op)?;
        let meta = self.inner.get_change_meta_by_hash(&hash)?;
        Some((
            author.writer,
            Timestamp(meta.timestamp.saturating_mul(1000)),
        ))
    }

    /// When the last of the changes was written, by its author's clock.
    pub fn changed_at(&self) -> Timestamp {
        let seconds = self
            .inner
            .get_changes_meta(&[])
            .iter()
            .map(|m| m.timestamp)
            .max();
        Timestamp(seconds.unwrap_or(0).saturating_mul(1000))
    }

    /// Hashes of the changes that `writer` wrote here, oldest first.
    pub fn changes_by(&self, writer: WriterId) -> Vec<Hash32> {
        self.inner
            .get_changes_meta(&[])
            .iter()
            .filter(|m| Author::of(&m.actor).is_some_and(|a| a.writer == writer))
            .map(|m| Hash32(m.hash.0))
            .collect()
    }
}

/// The value of a scalar that fields may hold.
pub(super) fn value(found: &automerge::Value<'_>) -> Option<Value> {
    match found.as_scalar()? {
        ScalarValue::Str(text) => Some(Value::Text(text.to_string())),
        ScalarValue::Int(n) => Some(Value::Int(*n)),
        ScalarValue::F64(x) => Some(Value::Float(*x)),
        ScalarValue::Boolean(b) => Some(Value::Bool(*b)),
        _ => None,
    }
}

/// The scalar of a value. Minus zero becomes zero, so that equal values are equal bytes.
pub(super) fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Bool(b) => ScalarValue::Boolean(*b),
        Value::Int(n) => ScalarValue::Int(*n),
        Value::Float(x) if *x == 0.0 => ScalarValue::F64(0.0),
        Value::Float(x) => ScalarValue::F64(*x),
        Value::Text(text) => ScalarValue::Str(text.as_str().into()),
    }
}
