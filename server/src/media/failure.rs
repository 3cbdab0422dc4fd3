//! Why a media request was not answered as asked: a stable code and a status. Internal text is logged, never sent.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use xunge_protocol::WireError;
use xunge_protocol::refusal::SyncRefusal;
use xunge_records::sealed_file::SealError;

use crate::problem::Problem;
use crate::store::StoreError;

/// What tus calls "460 Checksum Mismatch".
const CHECKSUM_MISMATCH: u16 = 460;

/// A media request that was refused, or could not be worked on.
#[derive(Debug, thiserror::Error)]
pub enum MediaFailure {
    /// Who asks is not known, or did not sign.
    #[error("refused: {}", .0.name())]
    Refused(SyncRefusal),
    /// Another version of tus than 1.0.0, or none.
    #[error("the header tus-resumable must be 1.0.0")]
    TusVersion,
    /// A header is missing or does not read.
    #[error("the header {0} is missing or not well-formed")]
    Header(&'static str),
    /// An upload's bytes that are not called so.
    #[error("the content-type must be application/offset+octet-stream")]
    ContentType,
    /// A checksum by an algorithm that is not spoken here.
    #[error("this checksum algorithm is not supported")]
    ChecksumAlgorithm,
    /// The bytes are not what their checksum says; none of them is kept.
    #[error("the bytes do not match their checksum")]
    ChecksumMismatch,
    /// The whole file is not what its hash says; the upload is dropped.
    #[error("the file's hash is not the one named")]
    WrongHash,
    /// The upload does not stand where the bytes would go.
    #[error("the upload stands at another offset")]
    Offset,
    /// More bytes than announced, or than the relay takes.
    #[error("too large")]
    TooLarge,
    /// The sender's share of a day is used up.
    #[error("the quota of a day is used up")]
    Quota,
    /// No such file or upload, or not of this sender.
    #[error("no such file")]
    NoSuchFile,
    /// The upload was not finished in time.
    #[error("the upload has expired")]
    Expired,
    /// A whole file is not the sender's to remove.
    #[error("the file is whole and stays")]
    Whole,
    /// A range that begins beyond the end of a file of so many bytes.
    #[error("the range is not in the file")]
    Range(u64),
    /// The bytes stopped coming; what came before is kept.
    #[error("the body was cut off")]
    Cut,
    /// The body stood still for too long; what came before is kept.
    #[error("nothing more of the body came")]
    Stalled,
    /// The relay's own fault; the same request may succeed later.
    #[error(transparent)]
    Internal(#[from] StoreError),
}

impl From<WireError> for MediaFailure {
    fn from(error: WireError) -> Self {
        match error {
            WireError::NotAuthentic { .. } => Self::Refused(SyncRefusal::BadSignature),
            _ => Self::Header("authorization"),
        }
    }
}

impl From<SealError> for MediaFailure {
    fn from(error: SealError) -> Self {
        Self::Internal(StoreError::Corrupt(error.to_string()))
    }
}

impl MediaFailure {
    /// Stable code of the problem document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::TusVersion => "tus_version",
            Self::Header(_) => "malformed",
            Self::ContentType => "content_type",
            Self::ChecksumAlgorithm => "checksum_algorithm",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::WrongHash => "wrong_hash",
            Self::Offset => "wrong_offset",
            Self::TooLarge => "too_large",
            Self::Quota => "media_quota",
            Self::NoSuchFile => "no_such_file",
            Self::Expired => "upload_expired",
            Self::Whole => "media_whole",
            Self::Range(_) => "range",
            Self::Cut => "cut_off",
            Self::Stalled => "body_stalled",
            Self::Internal(_) => "internal",
        }
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::TusVersion => StatusCode::PRECONDITION_FAILED,
            Self::Header(_) | Self::ChecksumAlgorithm | Self::Cut => StatusCode::BAD_REQUEST,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ChecksumMismatch | Self::WrongHash => {
                StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Offset => StatusCode::CONFLICT,
            Self::TooLarge | Self::Quota => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoSuchFile => StatusCode::NOT_FOUND,
            Self::Expired => StatusCode::GONE,
            Self::Whole => StatusCode::FORBIDDEN,
            Self::Range(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Internal(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for MediaFailure {
    fn into_response(self) -> Response {
        if let Self::Internal(error) = &self {
            tracing::error!(%error, "media failed");
        } else {
            tracing::info!(code = self.code(), reason = %self, "media refused");
        }
        let problem = Problem::new(self.status(), self.code());
        match self {
            Self::Internal(_) => problem.retry_after(5).into_response(),
            Self::Range(length) => {
                let value = format!("bytes */{length}");
                (
                    [(axum::http::header::CONTENT_RANGE, value)],
                    problem.detail(Self::Range(length).to_string()),
                )
                    .into_response()
            }
            other => problem.detail(other.to_string()).into_response(),
        }
    }
}
