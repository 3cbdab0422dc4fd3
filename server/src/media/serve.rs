//! A whole file, or a range of it, as a response. A few chunks are in memory at a time.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use xunge_protocol::Hash32;

use super::{MediaFailure, files};
use crate::range::{Wanted, wanted};
use crate::relay::Relay;

/// Bytes that are read and sent at once.
const PIECE: u64 = 256 << 10;

/// Answers a request for the file `hash`, of which the headers may ask a range.
///
/// # Errors
/// [`MediaFailure::NoSuchFile`] if it has not arrived, [`MediaFailure::Range`] for bytes beyond its end.
pub async fn serve(
    relay: Arc<Relay>,
    hash: Hash32,
    headers: &HeaderMap,
) -> Result<Response, MediaFailure> {
    let row = relay.work(move |relay| files::find(relay, hash)).await?;
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let tag = format!("\"{hash}\"");
    // A range of another version is of no use; this file has one version only.
    let same = text(header::IF_RANGE).is_none_or(|asked| asked == tag);
    let asked = text(header::RANGE).filter(|_| same);
    let (status, range) = match wanted(asked, row.bytes) {
        Wanted::Whole => (StatusCode::OK, 0..row.bytes),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Beyond => return Err(MediaFailure::Range(row.bytes)),
    };
    let mut answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, &row.mime)
        .header(header::CONTENT_LENGTH, range.end - range.start)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, "private, no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if status == StatusCode::PARTIAL_CONTENT {
        let value = format!("bytes {}-{}/{}", range.start, range.end - 1, row.bytes);
        answer = answer.header(header::CONTENT_RANGE, value);
    }
    let pieces = stream::unfold(range, move |left: Range<u64>| {
        let (relay, row) = (relay.clone(), row.clone());
        async move {
            if left.is_empty() {
                return None;
            }
            let piece = left.start..left.end.min(left.start + PIECE);
            let rest = piece.end..left.end;
            let read = relay
                .work(move |relay| files::read(relay, &row, piece))
                .await;
            Some((read, rest))
        }
    });
    Ok(answer
        .body(Body::from_stream(pieces))
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
}
