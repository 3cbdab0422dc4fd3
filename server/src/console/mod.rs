//! Server-rendered pages for supervisors. They work without JavaScript, by keyboard alone, on a phone and in print.
//!
//! [`page`] holds the pages, one file each; [`ui`] and [`view`] the pieces they share; [`locale`] the texts. What a page
//! shows comes from the store's projection; what a user does goes through [`crate::command`] and stands in the audit log.

pub mod asset;
pub mod context;
mod desk;
mod error;
mod events;
mod form;
pub mod locale;
pub mod page;
pub mod picture;
pub mod places;
pub mod query;
mod rows;
mod security;
mod session;
pub mod stored;
pub mod ui;
pub mod view;
pub mod words;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};

pub use error::ConsoleError;

use crate::relay::Relay;
use page::{
    action, audit, cases, courier, households, inbox, login, organisation, problem, quarantine,
    record, report, shares, warning, warning_new, warnings,
};

/// Largest form: a spoken note of some minutes.
const MAX_FORM_BYTES: usize = 8 << 20;

/// Routes of the console.
pub fn router(relay: &Arc<Relay>) -> Router<Arc<Relay>> {
    let https = session::is_https(relay);
    let pages = Router::new()
        .route("/", get(inbox::show))
        .route("/login", get(login::show).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/language", post(login::language))
        .route("/disputes", get(cases::disputes))
        .route("/requests", get(cases::requests))
        .route("/visits", get(cases::visits))
        .route("/households", get(households::show))
        .route("/shares", get(shares::show))
        .route("/shares/{id}/end", post(shares::end))
        .route("/records", get(cases::reasons))
        .route("/records/{id}", get(record::show))
        .route("/records/{id}/{verb}", post(action::perform))
        .route("/records/{id}/media/{hash}", get(action::file))
        .route("/warnings", get(warnings::show))
        .route(
            "/warnings/new",
            get(warning_new::show).post(warning_new::send),
        )
        .route("/warnings/{campaign}", get(warning::show))
        .route("/quarantine", get(quarantine::show))
        .route("/quarantine/{id}/admit", post(quarantine::admit))
        .route("/quarantine/{id}/reject", post(quarantine::reject))
        .route("/courier", get(courier::show).post(courier::take))
        .route("/report", get(report::show))
        .route("/report.xlsx", get(report::sheet))
        .route("/organisation", get(organisation::show))
        .route("/organisation/worker", post(organisation::add))
        .route("/workers/{id}/enrol", post(organisation::enrol))
        .route("/workers/{id}/unlock", post(organisation::unlock))
        .route("/workers/{id}/close", post(organisation::close))
        .route("/devices/{id}/revoke", post(organisation::revoke))
        .route("/audit", get(audit::show))
        .route("/events", get(events::stream))
        .fallback(unknown);
    pages
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(Extension(Arc::new(desk::Desk::new())))
        .layer(from_fn(problem::draw))
        .layer(from_fn_with_state(relay.clone(), session::find))
        .route("/assets/{file}", get(asset::serve))
        .layer(from_fn(move |request: Request, next: Next| {
            security::headers(https, request, next)
        }))
}

/// What no door knows. Programs get the bare status, people a page.
async fn unknown(uri: Uri) -> Response {
    let program = ["/api/", "/sync/", "/media/", "/snapshot/"];
    if program.iter().any(|prefix| uri.path().starts_with(prefix)) {
        StatusCode::NOT_FOUND.into_response()
    } else {
        ConsoleError::NotFound.into_response()
    }
}
