//! `/api/v1/records`: records in the order of their last change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use xunge_protocol::RecordId;

use super::Problem;
use super::auth::Exporter;
use super::params::{Cursor, Params, Segment};
use crate::log::projection;
use crate::relay::Relay;
use crate::store::{RecordRow, StoreError, StoreResult};

/// A record as the API gives it: what the projection holds, and what only the relay knows.
pub fn record_json(row: &RecordRow) -> StoreResult<Value> {
    projection::whole(row)
        .map_err(|error| StoreError::Corrupt(format!("record {}: {error}", row.record)))
}

/// Records that changed after a cursor, oldest change first. A record that changes again comes again.
#[utoipa::path(
    get,
    path = "/api/v1/records",
    params(
        ("kind" = Option<String>, Query, pattern = "^(household|person|visit|dispute|warning|warning_ack|request)?$", description = "household, person, visit, dispute, warning, warning_ack or request"),
        ("scope" = Option<String>, Query, description = "id or code of a place: it and all below it"),
        ("since" = Option<String>, Query, pattern = "^([0-9a-f]{16}-[0-9]{1,19})?$", description = "`next` of an earlier answer"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 10000, description = "most records of the answer, 100 if not given"),
    ),
    responses(
        (status = 200, description = "`{\"records\": […], \"next\": CURSOR, \"more\": BOOLEAN}`", body = Value),
        (status = 400, description = "a parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no token", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "the cursor is of an earlier epoch", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(relay): State<Arc<Relay>>,
    _: Exporter,
    params: Params,
) -> Result<Json<Value>, Problem> {
    params.only(&["kind", "scope", "since", "limit"])?;
    let epoch = relay.county().epoch;
    let since = params.parse::<Cursor>("since", "the `next` of an earlier answer")?;
    let (kind, limit) = (params.kind()?, params.limit()?);
    let scopes = params.scopes(&relay).await?;
    // Last: whoever asks wrongly hears that first.
    let after = match since {
        None => 0,
        Some(cursor) => cursor
            .sequence_in(epoch)
            .ok_or_else(Problem::cursor_expired)?,
    };
    let (records, last, more) = relay
        .store
        .read_async::<_, StoreError>(move |tx| {
            // One more than asked for tells whether there is more.
            let rows = tx.records_after(after, kind, scopes.as_deref(), limit + 1)?;
            let more = rows.len() > limit;
            let rows = &rows[..rows.len().min(limit)];
            let records = rows
                .iter()
                .map(record_json)
                .collect::<StoreResult<Vec<_>>>()?;
            Ok((records, rows.last().map_or(after, |row| row.sequence), more))
        })
        .await?;
    let next = Cursor {
        epoch,
        sequence: last,
    };
    Ok(Json(
        json!({"records": records, "next": next.to_string(), "more": more}),
    ))
}

/// One record.
#[utoipa::path(
    get,
    path = "/api/v1/records/{id}",
    params(("id" = String, Path, pattern = "^[0-9a-f]{26}$", description = "id of the record, 26 lower-case hex digits")),
    responses(
        (status = 200, description = "the record", body = Value),
        (status = 400, description = "the id is none", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "there is no such record", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(
    State(relay): State<Arc<Relay>>,
    _: Exporter,
    Segment(id): Segment,
) -> Result<Json<Value>, Problem> {
    let id: RecordId = id
        .parse()
        .map_err(|_| Problem::bad_parameter("id", "expected 26 hex digits"))?;
    let record = relay
        .store
        .read_async::<_, StoreError>(move |tx| {
            let Some(place) = tx.find_record(id)? else {
                return Ok(None);
            };
            tx.record(place.scope, id)?
                .as_ref()
                .map(record_json)
                .transpose()
        })
        .await?;
    record
        .map(Json)
        .ok_or_else(|| Problem::not_found("there is no such record"))
}
