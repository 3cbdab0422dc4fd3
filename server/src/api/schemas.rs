//! `/api/v1/schemas/{kind}`: the JSON Schema of the member `fields` of a record.

use axum::Json;
use serde_json::Value;
use xunge_records::Kind;
use xunge_records::model::schema;

use super::Problem;
use super::auth::Exporter;
use super::params::Segment;

/// JSON Schema (2020-12) of a kind's fields.
#[utoipa::path(
    get,
    path = "/api/v1/schemas/{kind}",
    params(("kind" = String, Path, pattern = "^(household|person|visit|dispute|warning|warning_ack|request)$", description = "household, person, visit, dispute, warning, warning_ack or request")),
    responses(
        (status = 200, description = "the schema", body = Value),
        (status = 400, description = "the kind is no text", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "no token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "there is no such kind", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(_: Exporter, Segment(kind): Segment) -> Result<Json<Value>, Problem> {
    let kind: Kind = kind
        .parse()
        .map_err(|_| Problem::not_found("there is no such kind of record"))?;
    Ok(Json(schema::schema(kind)))
}
