//! The HTTP face of sync: bytes in, bytes out, problem documents for what is refused whole.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use xunge_protocol::bundle::COURIER_PATH;
use xunge_protocol::enrolment::ENROL_PATH;
use xunge_protocol::message::{MAX_BODY_BYTES, SYNC_PATH};
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::short_code::REDEEM_PATH;
use xunge_protocol::snapshot::SNAPSHOT_PATH;
use xunge_protocol::succession::SUCCEED_PATH;

use super::{SyncFailure, courier, enrol, handle, redeem, succeed};
use crate::http::has_stalled;
use crate::relay::Relay;

const CONTENT_TYPE: &str = "application/x-xunge";

/// Routes of phones.
pub fn router() -> Router<Arc<Relay>> {
    Router::new()
        .route(SYNC_PATH, post(sync))
        .route(ENROL_PATH, post(enrolment))
        .route(REDEEM_PATH, post(short_code))
        .route(COURIER_PATH, post(carried))
        .route(SUCCEED_PATH, post(succession))
        .route(
            &format!("{SNAPSHOT_PATH}/{{hash}}"),
            get(crate::snapshot::http::part),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

type Handler = fn(&Arc<Relay>, &[u8]) -> Result<Vec<u8>, SyncFailure>;

/// A body, or why axum did not take it whole.
type Received = Result<Bytes, BytesRejection>;

async fn sync(State(relay): State<Arc<Relay>>, body: Received) -> Result<Response, SyncFailure> {
    message(relay, received(body)?, handle).await
}

async fn enrolment(
    State(relay): State<Arc<Relay>>,
    body: Received,
) -> Result<Response, SyncFailure> {
    message(relay, received(body)?, enrol::handle).await
}

async fn short_code(
    State(relay): State<Arc<Relay>>,
    body: Received,
) -> Result<Response, SyncFailure> {
    message(relay, received(body)?, redeem::handle).await
}

async fn carried(State(relay): State<Arc<Relay>>, body: Received) -> Result<Response, SyncFailure> {
    message(relay, received(body)?, courier::handle).await
}

async fn succession(
    State(relay): State<Arc<Relay>>,
    body: Received,
) -> Result<Response, SyncFailure> {
    message(relay, received(body)?, succeed::handle).await
}

fn received(body: Received) -> Result<Bytes, SyncFailure> {
    body.map_err(|rejection| {
        if has_stalled(&rejection) {
            return SyncFailure::Stalled;
        }
        SyncFailure::Refused(if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            SyncRefusal::TooLarge
        } else {
            SyncRefusal::Malformed
        })
    })
}

async fn message(
    relay: Arc<Relay>,
    body: Bytes,
    handler: Handler,
) -> Result<Response, SyncFailure> {
    let answer = relay.work(move |relay| handler(relay, &body)).await?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], answer).into_response())
}
