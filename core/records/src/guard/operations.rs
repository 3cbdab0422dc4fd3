//! What a change does, in our terms. Whatever has no such terms is not allowed.

use automerge::ExpandedChange;
use automerge::ScalarValue;
use automerge::legacy::{Key, ObjectId, Op, OpType};

use super::error::GuardError;
use crate::caps;
use crate::document::change::{Author, Open, Operations};
use crate::document::genesis;
use crate::model::event::{EventBody, EventId};
use crate::model::kind::Kind;
use crate::model::value::Value;
use crate::path::is_path;

fn refuse<T>(what: &'static str) -> Result<T, GuardError> {
    Err(GuardError::OperationNotAllowed(what))
}

/// The operations of `change`, all of which must be ours.
pub(super) fn read(change: &ExpandedChange, author: Author) -> Result<Operations, GuardError> {
    let mut out = Operations::default();
    let (mut scope, mut form) = (None, None);
    for op in &change.operations {
        if op.insert {
            return refuse("an insertion into a list");
        }
        let Key::Map(key) = &op.key else {
            return refuse("an element of a list");
        };
        match target(op)? {
            Target::Root => match (key.as_str(), put(op)?) {
                (genesis::SCOPE, ScalarValue::Str(text)) if scope.is_none() => {
                    let parsed = text.parse();
                    scope = Some(parsed.or_else(|_| refuse("a scope that is none"))?);
                }
                (genesis::FORM, ScalarValue::Str(text)) if form.is_none() => {
                    let parsed = text.parse();
                    form = Some(parsed.or_else(|()| refuse("a form that is none"))?);
                }
                _ => return refuse("a key of the skeleton"),
            },
            Target::Fields(kind) => {
                of_kind(&mut out, kind)?;
                field(&mut out, key.as_str(), op)?;
            }
            Target::Events(kind) => {
                of_kind(&mut out, kind)?;
                event(&mut out, key.as_str(), put(op)?, author)?;
            }
        }
    }
    out.open = match (scope, form) {
        (Some(scope), Some(form)) => Some(Open { scope, form }),
        (None, None) => None,
        _ => return refuse("half an opening"),
    };
    if change.operations.is_empty() {
        return refuse("nothing at all");
    }
    Ok(out)
}

enum Target {
    Root,
    Fields(Kind),
    Events(Kind),
}

fn target(op: &Op) -> Result<Target, GuardError> {
    let ObjectId::Id(id) = &op.obj else {
        return Ok(Target::Root);
    };
    match (genesis::kind_of(id.actor()), id.counter()) {
        (Some(kind), genesis::FIELDS_OP) => Ok(Target::Fields(kind)),
        (Some(kind), genesis::EVENTS_OP) => Ok(Target::Events(kind)),
        _ => refuse("an object that is not of the skeleton"),
    }
}

fn of_kind(out: &mut Operations, kind: Kind) -> Result<(), GuardError> {
    match out.kind.replace(kind) {
        Some(other) if other != kind => refuse("two kinds at once"),
        _ => Ok(()),
    }
}

/// The scalar of an operation that sets a key which was not set before.
fn put(op: &Op) -> Result<&ScalarValue, GuardError> {
    match &op.action {
        OpType::Put(value) if op.pred.is_empty() => Ok(value),
        _ => refuse("overwriting or removing what is set once"),
    }
}

fn field(out: &mut Operations, path: &str, op: &Op) -> Result<(), GuardError> {
    if !is_path(path) {
        return refuse("a key that is no field path");
    }
    let value = match &op.action {
        OpType::Delete => {
            out.remove.push(path.into());
            return Ok(());
        }
        OpType::Put(ScalarValue::Str(text)) if text.len() > caps::MAX_TEXT_BYTES => {
            return Err(GuardError::TooLarge("a text"));
        }
        OpType::Put(ScalarValue::Str(text)) => Value::Text(text.to_string()),
        OpType::Put(ScalarValue::Int(n)) => Value::Int(*n),
        OpType::Put(ScalarValue::F64(x)) if x.is_finite() => Value::Float(*x),
        OpType::Put(ScalarValue::Boolean(b)) => Value::Bool(*b),
        _ => return refuse("a value that no field holds"),
    };
    out.set.push((path.into(), value));
    Ok(())
}

fn event(
    out: &mut Operations,
    key: &str,
    value: &ScalarValue,
    author: Author,
) -> Result<(), GuardError> {
    let Ok(id) = key.parse::<EventId>() else {
        return refuse("a key that is no event id");
    };
    if id.writer != author.writer {
        return refuse("an event in somebody else's name");
    }
    let ScalarValue::Bytes(bytes) = value else {
        return refuse("an event that is not bytes");
    };
    if bytes.len() > caps::MAX_EVENT_BYTES {
        return Err(GuardError::TooLarge("an event"));
    }
    let body: EventBody = xunge_protocol::wire::decode("event", bytes)
        .or_else(|_| refuse("an event that cannot be read"))?;
    if body.basis.len() > caps::MAX_BASIS {
        return Err(GuardError::TooLarge("basis of an event"));
    }
    out.events.push((id, body));
    Ok(())
}
