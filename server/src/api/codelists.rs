//! `/api/v1/codelists`: every code list with all its rows, those that never reach a phone included.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use xunge_records::lists::Audience;

use super::Problem;
use super::auth::Exporter;
use crate::relay::Relay;

/// All code lists.
#[utoipa::path(
    get,
    path = "/api/v1/codelists",
    responses(
        (status = 200, description = "`{\"codelists\": [{name, version, codes: [{code, zh, en, audience}]}]}`", body = Value),
        (status = 401, description = "no token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(relay): State<Arc<Relay>>,
    _: Exporter,
) -> Result<Json<Value>, Problem> {
    let lists: Vec<Value> = relay
        .lists()
        .iter()
        .map(|list| {
            let codes: Vec<Value> = list
                .codes()
                .iter()
                .map(|code| {
                    let audience = match code.audience {
                        Audience::Phone => "phone",
                        Audience::Relay => "relay",
                    };
                    json!({"code": code.code, "zh": code.zh, "en": code.en, "audience": audience})
                })
                .collect();
            json!({"name": list.name(), "version": list.version(), "codes": codes})
        })
        .collect();
    Ok(Json(json!({ "codelists": lists })))
}
