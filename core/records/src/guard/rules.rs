//! Who may do what: a checked change against the role of its writer, the record's id, and the document before.

use xunge_protocol::system::WriterRole;
use xunge_protocol::{RecordId, RefusalCode, ScopeId};

use crate::document::{CheckedChange, Document, DocumentError};
use crate::model::event::Verb;
use crate::model::kind::Kind;
use crate::model::record::{FORMER_ID, FORMER_OPENING};

/// Where a change arrived, and who brought it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// What its writer is.
    pub role: WriterRole,
    /// The record that the entry names.
    pub record: RecordId,
    /// The kind that the entry names.
    pub kind: Kind,
    /// The scope of its segment.
    pub scope: ScopeId,
}

/// Fields that only the relay sets, by path or first segment.
const RELAY_FIELDS: &[(Kind, &str)] = &[
    (Kind::Household, "ref"),
    (Kind::Household, "merged_into"),
    (Kind::Person, "ref"),
    (Kind::Person, "id_index"),
    (Kind::Person, "merged_into"),
    (Kind::Person, "registered_scope"),
    (Kind::Person, "residence_scope"),
];

/// Whether `change` may be done by its writer to the document `before` it.
///
/// Relay-only verbs are the relay's. Only the writer in a record's id opens the record; a derived record may be opened
/// by anyone of the scope: an acknowledgement under the id of its warning and household, a record that is said again
/// under the id of what it was before. What a record says of its
/// scope equals the segment's. Workers write no warnings, except that one arrived. An event is set once.
pub fn check_role(
    arrival: &Arrival,
    change: &CheckedChange,
    before: &Document,
) -> Result<(), RefusalCode> {
    let does = &change.operations;
    if does.kind.is_some_and(|k| k != arrival.kind) || before.kind() != arrival.kind {
        return Err(RefusalCode::OperationNotAllowed);
    }
    opening(arrival, change, before)?;
    if arrival.role != WriterRole::Relay {
        worker(arrival, change)?;
    }
    for (id, _) in &does.events {
        // The id is in the actor's name already; here it must also be new.
        if before.has_event(*id).map_err(unreadable)? {
            return Err(RefusalCode::OperationNotAllowed);
        }
    }
    Ok(())
}

fn unreadable(_: DocumentError) -> RefusalCode {
    RefusalCode::Malformed
}

/// The first change opens the record, in the segment's scope, by the writer in its id.
fn opening(
    arrival: &Arrival,
    change: &CheckedChange,
    before: &Document,
) -> Result<(), RefusalCode> {
    let known = before.scope().map_err(unreadable)?;
    let said = change.operations.open.as_ref().map(|o| o.scope);
    if known.or(said) != Some(arrival.scope) || said.is_some_and(|s| s != arrival.scope) {
        return Err(RefusalCode::WrongScope);
    }
    if said.is_none() {
        return Ok(());
    }
    match arrival.record.opener() {
        Some(opener) if opener != change.author.writer => Err(RefusalCode::ForeignRecord),
        Some(_) if known.is_some() => Err(RefusalCode::OperationNotAllowed),
        Some(_) => Ok(()),
        None => derived(arrival, change),
    }
}

/// A derived id must be the one that its content derives.
fn derived(arrival: &Arrival, change: &CheckedChange) -> Result<(), RefusalCode> {
    let text = |path: &str| {
        let set = change.operations.set.iter().find(|(p, _)| p == path)?;
        set.1.as_text()
    };
    let reference = |path: &str| text(path)?.parse::<RecordId>().ok();
    let derived = if arrival.record.is_said_again() {
        let opening = text(FORMER_OPENING).and_then(|hash| hash.parse().ok());
        Option::zip(reference(FORMER_ID), opening).map(|(id, opening)| id.said_again(&opening))
    } else if arrival.kind == Kind::WarningAck {
        Option::zip(reference("warning"), reference("household"))
            .map(|(warning, household)| RecordId::acknowledgement(&warning, &household))
    } else {
        None
    };
    match derived {
        Some(id) if id == arrival.record => Ok(()),
        _ => Err(RefusalCode::ForeignRecord),
    }
}

/// What a worker may not do.
fn worker(arrival: &Arrival, change: &CheckedChange) -> Result<(), RefusalCode> {
    let does = &change.operations;
    if does.events.iter().any(|(_, e)| e.verb().is_relay_only()) {
        return Err(RefusalCode::OperationNotAllowed);
    }
    if arrival.kind == Kind::Warning {
        let only_delivers = does.open.is_none()
            && does.set.is_empty()
            && does.remove.is_empty()
            && does.events.iter().all(|(_, e)| e.verb() == Verb::Deliver);
        if !only_delivers {
            return Err(RefusalCode::KindNotAllowed);
        }
    }
    let written = does.set.iter().map(|(path, _)| path).chain(&does.remove);
    for path in written {
        let name = path.split('/').next().unwrap_or(path);
        if RELAY_FIELDS.contains(&(arrival.kind, name)) {
            return Err(RefusalCode::OperationNotAllowed);
        }
        // What an acknowledgement is about is in its id, and never changes.
        let about = arrival.kind == Kind::WarningAck && ["warning", "household"].contains(&name);
        if about && does.open.is_none() {
            return Err(RefusalCode::OperationNotAllowed);
        }
    }
    Ok(())
}
