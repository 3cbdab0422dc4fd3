//! Why a sync ended without having done everything. Nothing saved is lost by any of these.

use xunge_protocol::WireError;
use xunge_protocol::refusal::SyncRefusal;

use super::transport::TransportFailure;
use crate::store::StoreError;

/// Why a sync or an enrolment ended early.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// No network for as long as a sync goes on trying.
    #[error("no network: {0}")]
    NoNetwork(String),
    /// Whoever answers at the relay's address cannot show the relay's certificate.
    #[error("another certificate than the relay's: {0}")]
    Untrusted(String),
    /// Something answers in the relay's place, as the login page of a public network does.
    #[error("a captive portal answers in the relay's place")]
    CaptivePortal,
    /// The relay asked to come back later, for longer than a sync goes on.
    #[error("the relay is busy")]
    Busy,
    /// The relay, or something in its place, refused without a signature: nothing is concluded from it.
    #[error("refused with status {status} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem document's code, or `none`.
        code: String,
    },
    /// An answer that the relay's key did not sign, or that breaks the protocol.
    #[error("the answer is not the relay's: {0}")]
    NotAuthentic(#[from] WireError),
    /// A chain of segments that the relay and this phone see differently.
    #[error("the relay refused a segment: {}", .0.name())]
    Chain(SyncRefusal),
    /// The relay answers without bringing the exchange forward.
    #[error("the relay repeats itself without progress")]
    NoProgress,
    /// The ticket is used up, expired or unknown to the relay.
    #[error("the ticket is not taken: {0}")]
    TicketRefused(String),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// A step ended abnormally; what was stored before it is whole.
    #[error("interrupted: {0}")]
    Interrupted(String),
    /// The phone's own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TransportFailure> for SyncError {
    fn from(failure: TransportFailure) -> Self {
        match failure {
            TransportFailure::Untrusted(why) => Self::Untrusted(why),
            failure => Self::NoNetwork(failure.to_string()),
        }
    }
}

impl SyncError {
    /// Stable code, key of its text in the resource files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNetwork(_) => "no_network",
            Self::Untrusted(_) => "relay_untrusted",
            Self::CaptivePortal => "captive_portal",
            Self::Busy => "relay_busy",
            Self::Refused { .. } => "relay_refused",
            Self::NotAuthentic(_) => "relay_not_authentic",
            Self::Chain(_) => "chain_refused",
            Self::NoProgress => "relay_no_progress",
            Self::TicketRefused(_) => "ticket_refused",
            Self::Cancelled => "cancelled",
            Self::Interrupted(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    /// Whether trying again later may help.
    pub fn retry(&self) -> bool {
        !matches!(self, Self::Chain(_) | Self::TicketRefused(_))
    }
}
