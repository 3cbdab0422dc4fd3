//! `/api/v1/quarantine`: changes that were not accepted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use xunge_protocol::{RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::Kind;

use super::Problem;
use super::auth::Exporter;
use super::params::Params;
use crate::console::locale::Lang;
use crate::relay::Relay;
use crate::store::{EntryId, QuarantineRow, QuarantineState, StoreError};

/// A quarantined change.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// `SCOPE-WRITER-INDEX-ORDINAL`.
    pub id: String,
    /// The record that it would change.
    pub record: RecordId,
    /// Name of its kind; `unknown` for one of a later version.
    pub kind: &'static str,
    /// The scope that it was sent to.
    pub scope: ScopeId,
    /// Who wrote it.
    pub writer: WriterId,
    /// Why it was not accepted: stable name.
    pub code: &'static str,
    /// The same for a person, Chinese.
    pub text: String,
    /// What to do about it, Chinese.
    pub remedy: String,
    /// More about why, English.
    pub detail: Option<String>,
    /// `waiting`, `admitted` or `rejected`.
    pub state: &'static str,
    /// Since when.
    pub received_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The reason of the decision.
    pub reason: Option<String>,
}

impl From<&QuarantineRow> for Item {
    fn from(row: &QuarantineRow) -> Self {
        Self {
            id: row.id.to_string(),
            record: row.record,
            kind: Kind::from_entry_kind(row.kind).map_or("unknown", Kind::name),
            scope: row.id.scope,
            writer: row.id.writer,
            code: row.code.name(),
            text: Lang::Zh.text(&format!("refusal.{}.text", row.code.name())),
            remedy: Lang::Zh.text(&format!("refusal.{}.remedy", row.code.name())),
            detail: row.detail.clone(),
            state: row.state.name(),
            received_at: row.created_at,
            decided_at: row.decided_at,
            reason: row.reason.clone(),
        }
    }
}

/// Changes in quarantine, oldest first; those that wait for a decision unless `state` says otherwise.
#[utoipa::path(
    get,
    path = "/api/v1/quarantine",
    params(
        ("state" = Option<String>, Query, pattern = "^(waiting|admitted|rejected|all)?$", description = "waiting, admitted, rejected or all"),
        ("scope" = Option<String>, Query, description = "id or code of a place: it and all below it"),
        ("since" = Option<String>, Query, description = "`next` of an earlier answer"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 10000, description = "most items of the answer, 100 if not given"),
    ),
    responses(
        (status = 200, description = "`{\"quarantine\": […], \"next\": CURSOR}`", body = Value),
        (status = 400, description = "a parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(relay): State<Arc<Relay>>,
    _: Exporter,
    params: Params,
) -> Result<Json<Value>, Problem> {
    params.only(&["state", "scope", "since", "limit"])?;
    let since = params.parse::<EntryId>("since", "the `next` of an earlier answer")?;
    let wanted = params.parse::<String>("state", "a state")?;
    let state = match wanted.as_deref() {
        None => Some(QuarantineState::Waiting),
        Some("all") => None,
        Some(name) => Some(QuarantineState::from_name(name).ok_or_else(|| {
            Problem::bad_parameter("state", "expected waiting, admitted, rejected or all")
        })?),
    };
    let limit = params.limit()?;
    let scopes = params.scopes(&relay).await?;
    let rows = relay
        .store
        .read_async::<_, StoreError>(move |tx| {
            tx.quarantine(state, scopes.as_deref(), since, limit)
        })
        .await?;
    let next = rows
        .last()
        .map(|row| row.id)
        .or(since)
        .map(|id| id.to_string());
    let items: Vec<Item> = rows.iter().map(Item::from).collect();
    Ok(Json(json!({"quarantine": items, "next": next})))
}
