//! From a record to its row: the columns that the console sorts and filters by.

use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::{Effect, Kind, Record, Review};

use super::Origin;
use crate::store::RecordRow;

/// The row of `record`, which is `json` for outsiders, changed at `now`.
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
