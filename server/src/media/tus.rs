//! The headers of the tus resumable upload protocol, version 1.0.0.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xunge_protocol::{Hash32, Timestamp};

use super::MediaFailure;

pub(super) const VERSION: &str = "1.0.0";
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,expiration,termination,checksum";
pub(super) const CONTENT_TYPE: &str = "application/offset+octet-stream";

pub(super) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
pub(super) const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(super) const WHOLE: HeaderName = HeaderName::from_static(xunge_protocol::media::WHOLE_HEADER);
pub(super) const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// Refuses other versions, and says this one in every answer.
pub(super) async fn versioned(request: Request, next: Next) -> Response {
    let asks = matches!(*request.method(), Method::GET | Method::OPTIONS);
    let speaks = request
        .headers()
        .get(RESUMABLE)
        .is_some_and(|v| v == VERSION);
    let mut answer = if asks || speaks {
        next.run(request).await
    } else {
        let mut answer = MediaFailure::TusVersion.into_response();
        answer
            .headers_mut()
            .insert(VERSIONS, HeaderValue::from_static(VERSION));
        answer
    };
    answer
        .headers_mut()
        .insert(RESUMABLE, HeaderValue::from_static(VERSION));
    answer
}

/// A header as text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// A header as a number.
pub(super) fn number(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

/// The hash that `upload-metadata` names under `hash`, in hex; none if it names none.
pub(super) fn claimed_hash(headers: &HeaderMap) -> Result<Option<Hash32>, MediaFailure> {
    let malformed = || MediaFailure::Header("upload-metadata");
    let Some(metadata) = text(headers, METADATA) else {
        return Ok(None);
    };
    for pair in metadata.split(',') {
        let mut words = pair.trim().splitn(2, ' ');
        if words.next() != Some("hash") {
            continue;
        }
        let value = words.next().ok_or_else(malformed)?.trim();
        let bytes = STANDARD.decode(value).map_err(|_| malformed())?;
        let hash = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|t| t.parse().ok());
        return hash.map(Some).ok_or_else(malformed);
    }
    Ok(None)
}

/// A time as HTTP writes it.
pub(super) fn date(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_any_client_is_read_for_the_hash_alone() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(METADATA, value.parse().unwrap());
            claimed_hash(&headers)
        };
        let hash = Hash32::of(b"voice");
        let encoded = STANDARD.encode(hash.to_string());
        let value = format!("filename d29ybGQ=,is_confidential, hash {encoded}");
        assert_eq!(read(&value).unwrap(), Some(hash));
        assert_eq!(read("filename d29ybGQ=").unwrap(), None);
        assert!(read("hash").is_err());
        assert!(read("hash AAAA").is_err());
    }

    #[test]
    fn a_date_is_what_http_calls_one() {
        assert_eq!(
            date(Timestamp(784_111_777_000)),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
    }
}
