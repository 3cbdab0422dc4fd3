//! Parts of snapshots over HTTP: by their hash, whole or a range, for phones that may read their scope.

use std::sync::Arc;

use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use xunge_protocol::Hash32;
use xunge_protocol::media::MediaAuthorization;
use xunge_protocol::refusal::SyncRefusal;

use crate::range::{Wanted, wanted};
use crate::relay::Relay;
use crate::sync::{SyncFailure, pull};

/// `GET /sync/v1/snapshot/HASH`.
pub(crate) async fn part(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, SyncFailure> {
    let hash: Hash32 = name.parse().map_err(|_| SyncFailure::NoSuchPart)?;
    let credentials = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned)
        .ok_or(SyncFailure::Refused(SyncRefusal::UnknownWriter))?;
    let bytes = relay
        .work(move |relay| read(relay, &credentials, uri.path(), hash))
        .await?;
    let length = bytes.len() as u64;
    let asked = headers.get(header::RANGE).and_then(|v| v.to_str().ok());
    let (status, range) = match wanted(asked, length) {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Beyond => {
            let total = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, total).into_response());
        }
    };
    let part = bytes
        .get(range.start as usize..range.end as usize)
        .unwrap_or_default()
        .to_vec();
    let mut answer = (
        status,
        [(header::CONTENT_TYPE, "application/x-xunge")],
        part,
    )
        .into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        if let Ok(value) = range.parse() {
            answer.headers_mut().insert(header::CONTENT_RANGE, value);
        }
    }
    Ok(answer)
}

/// The bytes of a part, for a phone that signed for it and may read its scope. Blocks.
fn read(
    relay: &Arc<Relay>,
    credentials: &str,
    path: &str,
    hash: Hash32,
) -> Result<Vec<u8>, SyncFailure> {
    let authorization = MediaAuthorization::parse(credentials)?;
    let unknown = || SyncFailure::Refused(SyncRefusal::UnknownWriter);
    relay.store.read(|tx| {
        let writer = tx.writer(authorization.writer)?.ok_or_else(unknown)?;
        authorization.verify(writer.key(), Method::GET.as_str(), path, &hash)?;
        let (scope, bytes) = tx.snapshot_part(hash)?.ok_or(SyncFailure::NoSuchPart)?;
        let readable = pull::readable(relay, tx, &writer)?;
        // What a phone may not read does not exist for it.
        if readable.iter().any(|(open, _)| *open == scope) {
            Ok(bytes)
        } else {
            Err(SyncFailure::NoSuchPart)
        }
    })
}
