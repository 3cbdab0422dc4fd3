//! The HTTP face of sync: bytes in, bytes out, problem documents for what is refused whole.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use xunge_protocol::Hash32;
use xunge_protocol::bundle::COURIER_PATH;
use xunge_protocol::enrolment::ENROL_PATH;
use xunge_protocol::message::{MAX_BODY_BYTES, SYNC_PATH};
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::SUCCEED_PATH;

use super::{SyncFailure, courier, enrol, handle, media, succeed};
use crate::relay::Relay;
use crate::store::StoreError;

const CONTENT_TYPE: &str = "application/x-xunge";

/// Routes of phones.
pub fn router(relay: &Relay) -> Router<Arc<Relay>> {
    let messages = Router::new()
        .route(SYNC_PATH, post(sync))
        .route(ENROL_PATH, post(enrolment))
        .route(COURIER_PATH, post(carried))
        .route(SUCCEED_PATH, post(succession))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    let files = Router::new()
        .route("/media/v1/{hash}", put(put_media).get(get_media))
        .layer(DefaultBodyLimit::max(relay.config.max_media_bytes));
    messages.merge(files)
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
    let answer = blocking(relay, move |relay| handler(relay, &body)).await?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], answer).into_response())
}

async fn put_media(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Received,
) -> Result<StatusCode, SyncFailure> {
    let body = received(body)?;
    let hash = file_name(&name)?;
    let authorization = text(&headers, header::AUTHORIZATION)?.to_owned();
    blocking(relay, move |relay| {
        let writer = media::authorized(
            relay,
            &authorization,
            Method::PUT.as_str(),
            uri.path(),
            hash,
        )?;
        media::put(relay, hash, media::media_type(&body), &body, writer)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_media(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, SyncFailure> {
    let hash = file_name(&name)?;
    let authorization = text(&headers, header::AUTHORIZATION)?.to_owned();
    let (row, bytes) = blocking(relay, move |relay| {
        media::authorized(
            relay,
            &authorization,
            Method::GET.as_str(),
            uri.path(),
            hash,
        )?;
        media::get(relay, hash)
    })
    .await?;
    Ok((
        [
            (header::CONTENT_TYPE, row.mime),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        ],
        bytes,
    )
        .into_response())
}

fn file_name(name: &str) -> Result<Hash32, SyncFailure> {
    name.parse().map_err(|_| SyncFailure::NoSuchFile)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Result<&str, SyncFailure> {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .ok_or(SyncFailure::Refused(SyncRefusal::Malformed))
}

/// Runs blocking work where it holds up nobody, once there is a permit.
async fn blocking<T: Send + 'static>(
    relay: Arc<Relay>,
    work: impl FnOnce(&Arc<Relay>) -> Result<T, SyncFailure> + Send + 'static,
) -> Result<T, SyncFailure> {
    let _permit = relay.permits.acquire().await;
    let inside = relay.clone();
    tokio::task::spawn_blocking(move || work(&inside))
        .await
        .unwrap_or_else(|_| Err(StoreError::Closed.into()))
}
