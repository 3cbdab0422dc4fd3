//! From a record to its row: the columns that the console sorts and filters by.

use serde_json::{Map, Value, json};
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::model::schema;
use xunge_records::{Effect, Kind, Record, Review};

use super::Origin;
use crate::store::RecordRow;

/// Members of a record for outsiders that columns of its row say.
const IN_COLUMNS: [&str; 14] = [
    "id",
    "number",
    "kind",
    "scope",
    "state",
    "closed",
    "review",
    "owner",
    "owner_scope",
    "level",
    "deadline",
    "hops",
    "version",
    "writer",
];
/// Members that a row's content leaves out where they are null.
const MAY_BE_NULL: [&str; 3] = ["review_event", "former_id", "form"];

/// What a record is for outsiders, without what columns say.
pub(crate) fn content(record: &Record) -> String {
    let mut json = schema::to_json(record);
    if let Value::Object(members) = &mut json {
        members.retain(|name, value| !IN_COLUMNS.contains(&name.as_str()) && !value.is_null());
    }
    json.to_string()
}

/// The record of a row in the shape of the API: [`schema::to_json`], and what only the relay knows.
pub(crate) fn whole(row: &RecordRow) -> serde_json::Result<Value> {
    let mut members: Map<String, Value> = serde_json::from_str(&row.json)?;
    for name in MAY_BE_NULL {
        members.entry(name).or_insert(Value::Null);
    }
    let columns = [
        ("id", json!(row.record)),
        ("number", json!(row.number)),
        ("kind", json!(row.kind)),
        ("scope", json!(row.scope)),
        ("state", json!(row.state)),
        ("closed", json!(row.closed)),
        ("review", json!(row.review)),
        ("owner", json!(row.owner)),
        ("owner_scope", json!(row.owner_scope)),
        ("level", json!(row.level)),
        ("deadline", json!(row.deadline)),
        ("hops", json!(row.hops)),
        ("version", json!(row.version)),
        ("writer", json!(row.writer)),
        ("received_at", json!(row.received_at)),
        ("updated_at", json!(row.updated_at)),
        ("late", json!(row.late)),
    ];
    members.extend(columns.map(|(name, value)| (name.to_owned(), value)));
    Ok(Value::Object(members))
}

/// The row of `record`, of which `json` is the [`content`], changed at `now`.
pub(crate) fn row(
    record: &Record,
    json: String,
    scope: ScopeId,
    origin: Origin,
    now: Timestamp,
) -> RecordRow {
    let state = &record.state;
    let without_effect = record
        .events
        .iter()
        .filter(|e| e.effect == Effect::WithoutEffect)
        .count();
    RecordRow {
        scope,
        record: record.id,
        kind: record.kind,
        writer: origin.writer,
        received_at: origin.received_at,
        updated_at: now,
        sequence: 0,
        late: origin.late,
        state: state.code.clone(),
        review: review(&state.review).into(),
        number: state.number.clone(),
        owner: state.owner.clone(),
        owner_scope: state.owner_scope,
        level: state.level.clone(),
        deadline: state.deadline,
        hops: state.hops,
        version: state.version,
        closed: state.closed,
        conflicts: count(record.fields.conflicts().count()),
        without_effect: count(without_effect),
        proposals: count(state.proposals.len()),
        household: household(record),
        warning: id_at(record, "warning"),
        day: day(record).map(str::to_owned),
        json,
    }
}

/// Name of a review state in the store.
pub fn review(review: &Review) -> &'static str {
    match review {
        Review::Open => "open",
        Review::Returned { .. } => "returned",
        Review::Fixed { .. } => "fixed",
        Review::Approved { .. } => "approved",
    }
}

/// The household that a record is about.
fn household(record: &Record) -> Option<RecordId> {
    ["household", "party_a/household", "party_b/household"]
        .into_iter()
        .find_map(|path| id_at(record, path))
}

/// The day that a record is about.
fn day(record: &Record) -> Option<&str> {
    record.fields.text(match record.kind {
        Kind::Visit => "visited_on",
        Kind::Dispute => "occurred_on",
        Kind::Warning => "issued_on",
        Kind::Household | Kind::Person | Kind::WarningAck | Kind::Request => return None,
    })
}

fn id_at(record: &Record, path: &str) -> Option<RecordId> {
    record.fields.text(path)?.parse().ok()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
