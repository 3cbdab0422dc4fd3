//! Why a whole request was not answered: a stable code and a status. Internal text is logged, never sent.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use xunge_protocol::WireError;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::Fork;

use crate::authority::AuthorityError;
use crate::log::LogError;
use crate::problem::Problem;
use crate::store::StoreError;

/// A request that was refused whole, or could not be worked on. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum SyncFailure {
    /// The phone's fault, or what only it can mend.
    #[error("refused: {}", .0.name())]
    Refused(SyncRefusal),
    /// Another history of the same writer was here first; answered with what it did.
    #[error("two histories under one writer")]
    Forked(Fork),
    /// The message could not be read.
    #[error(transparent)]
    Wire(WireError),
    /// The body stood still for too long.
    #[error("nothing more of the body came")]
    Stalled,
    /// A ticket that is unknown, over, or used by another key.
    #[error("the ticket is not valid")]
    TicketInvalid,
    /// A part of a snapshot that is not here, or not for this phone.
    #[error("no such part")]
    NoSuchPart,
    /// The relay's own fault; the same request may succeed later.
    #[error(transparent)]
    Internal(#[from] AuthorityError),
}

impl From<WireError> for SyncFailure {
    fn from(error: WireError) -> Self {
        match error {
            WireError::NotAuthentic { .. } => Self::Refused(SyncRefusal::BadSignature),
            WireError::TooLarge { .. } => Self::Refused(SyncRefusal::TooLarge),
            other => Self::Wire(other),
        }
    }
}

impl From<StoreError> for SyncFailure {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<LogError> for SyncFailure {
    fn from(error: LogError) -> Self {
        Self::Internal(error.into())
    }
}

impl SyncFailure {
    /// Stable code of the problem document.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::Forked(_) => SyncRefusal::Fork.name(),
            Self::Wire(_) => SyncRefusal::Malformed.name(),
            Self::Stalled => "body_stalled",
            Self::TicketInvalid => "ticket_invalid",
            Self::NoSuchPart => "no_such_part",
            Self::Internal(_) => "internal",
        }
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => match refusal {
                SyncRefusal::UnknownWriter | SyncRefusal::BadSignature => StatusCode::UNAUTHORIZED,
                SyncRefusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                SyncRefusal::Malformed | SyncRefusal::ForeignSegment => StatusCode::BAD_REQUEST,
                SyncRefusal::Revoked => StatusCode::FORBIDDEN,
                SyncRefusal::Fork
                | SyncRefusal::Gap
                | SyncRefusal::Replay
                | SyncRefusal::EpochChanged => StatusCode::CONFLICT,
            },
            Self::Forked(_) => StatusCode::CONFLICT,
            Self::Wire(_) => StatusCode::BAD_REQUEST,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::TicketInvalid => StatusCode::FORBIDDEN,
            Self::NoSuchPart => StatusCode::NOT_FOUND,
            Self::Internal(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for SyncFailure {
    fn into_response(self) -> Response {
        if let Self::Internal(error) = &self {
            tracing::error!(%error, "sync failed");
        } else {
            tracing::info!(code = self.code(), reason = %self, "refused");
        }
        let problem = Problem::new(self.status(), self.code());
        match self {
            Self::Internal(_) => problem.retry_after(5),
            other => problem.detail(other.to_string()),
        }
        .into_response()
    }
}
