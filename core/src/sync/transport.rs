//! The border between sync and the network: one exchange of bytes, and waiting. Knows nothing of what they mean.

use std::future::Future;
use std::time::Duration;

/// HTTP method of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Push and pull, enrolment, the beginning of an upload.
    Post,
    /// Where an upload stands.
    Head,
    /// Bytes of an upload.
    Patch,
    /// Download of a media file.
    Get,
}

impl Method {
    /// As it stands in a request line and in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Get => "GET",
        }
    }
}

/// One request to the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// HTTP method.
    pub method: Method,
    /// Path below the relay's address, beginning with a slash.
    pub path: String,
    /// Headers, for media and parts of snapshots.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How long it may take until the answer begins. From then on it may take as long as it comes.
    pub timeout: Duration,
}

/// What came back, whoever sent it: only a verified signature says that it was the relay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in whole seconds, if given so.
    pub retry_after: Option<Duration>,
    /// `content-type`, if given.
    pub content_type: Option<String>,
    /// `upload-offset`, if given.
    pub upload_offset: Option<u64>,
    /// The relay's word that it holds a whole file, if given.
    pub whole: Option<String>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportFailure {
    /// No connection: no signal, no route, refused.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The connection broke before the answer was complete.
    #[error("connection cut: {0}")]
    Cut(String),
    /// Who answers is not whom the ticket pinned, or whom the public roots vouch for.
    #[error("not the relay's certificate: {0}")]
    Untrusted(String),
    /// The answer did not begin within the exchange's time-out, or stood still.
    #[error("timed out")]
    TimedOut,
}

/// Moves bytes and waits. The real one is [`super::HttpTransport`]; a simulation brings its own.
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole answer.
    fn exchange(
        &self,
        exchange: Exchange,
    ) -> impl Future<Output = Result<Answer, TransportFailure>> + Send;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}
