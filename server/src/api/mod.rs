//! The open API for programs: records, quarantine, schemas, code lists, scopes; described by OpenAPI.
//!
//! Bearer tokens of role `export`. Errors are RFC 9457 problem documents with a stable `code`.

mod auth;
pub mod codelists;
mod params;
mod problem;
pub mod quarantine;
pub mod records;
mod schemas;
mod scopes;

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::relay::Relay;

pub use params::Cursor;
pub use problem::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Xunge export API",
        description = "Records of a county as the relay holds them. Page with `since`: give each answer's `next`."
    ),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Described;

struct Token;

impl utoipa::Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
    }
}

/// Routes under `/api`.
pub fn router() -> Router<Arc<Relay>> {
    let (router, description) = OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(records::list))
        .routes(routes!(records::one))
        .routes(routes!(quarantine::list))
        .routes(routes!(schemas::one))
        .routes(routes!(codelists::list))
        .routes(routes!(scopes::list))
        .split_for_parts();
    let description = Arc::new(description);
    router
        .route(
            "/api/openapi.json",
            get(move || async move { Json(description.as_ref().clone()) }),
        )
        .route(
            "/api/{*rest}",
            get(|| async { Problem::not_found("there is no such address: see /api/openapi.json") }),
        )
}
