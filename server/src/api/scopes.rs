//! `/api/v1/scopes`: the organisation as it is now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Problem;
use super::auth::Exporter;
use crate::relay::Relay;
use crate::store::StoreError;

/// All places, county first.
#[utoipa::path(
    get,
    path = "/api/v1/scopes",
    responses(
        (status = 200, description = "`{\"scopes\": [{scope, parent, level, code, name, from}]}`", body = Value),
        (status = 401, description = "no token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(relay): State<Arc<Relay>>,
    _: Exporter,
) -> Result<Json<Value>, Problem> {
    let now = relay.now();
    let nodes = relay
        .store
        .read_async::<_, StoreError>(move |tx| tx.org_nodes(now))
        .await?;
    let scopes: Vec<Value> = nodes
        .into_iter()
        .map(|node| {
            json!({
                "scope": node.scope,
                "parent": node.parent,
                "level": node.level,
                "code": node.code,
                "name": node.name,
                "from": node.from,
            })
        })
        .collect();
    Ok(Json(json!({ "scopes": scopes })))
}
