//! The real transport: reqwest over rustls with ring. No proxy, no redirect, no header that is not needed.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use tokio::time::timeout;
use xunge_protocol::media::WHOLE_HEADER;

use super::tls::{self, Trust};
use super::transport::{Answer, Exchange, Method, Transport, TransportFailure};

/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 32 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// An answer of which nothing more comes for so long has ended.
const SILENCE: Duration = Duration::from_secs(20);

/// HTTP to one relay.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    base: String,
}

impl HttpTransport {
    /// A transport to the relay at `url` (no slash at the end), which must be whom `trust` names.
    pub fn new(url: &str, trust: &Trust) -> Result<Self, TransportFailure> {
        let tls = tls::client(trust).map_err(|e| TransportFailure::Unreachable(e.to_string()))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy()
            .referer(false)
            .build()
            .map_err(|e| TransportFailure::Unreachable(e.to_string()))?;
        Ok(Self {
            client,
            base: url.trim_end_matches('/').into(),
        })
    }
}

impl Transport for HttpTransport {
    async fn exchange(&self, exchange: Exchange) -> Result<Answer, TransportFailure> {
        let url = format!("{}{}", self.base, exchange.path);
        let mut request = match exchange.method {
            Method::Post => self.client.post(url).body(exchange.body),
            Method::Patch => self.client.patch(url).body(exchange.body),
            Method::Head => self.client.head(url),
            Method::Get => self.client.get(url),
        };
        for (name, value) in exchange.headers {
            request = request.header(name, value);
        }
        let mut response = timeout(exchange.timeout, request.send())
            .await
            .map_err(|_| TransportFailure::TimedOut)?
            .map_err(failure)?;
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        let retry_after = header(RETRY_AFTER.as_str())
            .and_then(|v| v.parse().ok())
            .map(Duration::from_secs);
        let content_type = header(CONTENT_TYPE.as_str());
        let upload_offset = header("upload-offset").and_then(|v| v.parse().ok());
        let whole = header(WHOLE_HEADER);
        let status = response.status().as_u16();
        let mut body = Vec::new();
        loop {
            let chunk = timeout(SILENCE, response.chunk())
                .await
                .map_err(|_| TransportFailure::TimedOut)?
                .map_err(failure)?;
            let Some(chunk) = chunk else {
                break;
            };
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(TransportFailure::Cut("the answer is too large".into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            retry_after,
            content_type,
            upload_offset,
            whole,
            body,
        })
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

fn failure(error: reqwest::Error) -> TransportFailure {
    if let Some(why) = not_believed(&error) {
        TransportFailure::Untrusted(why.to_string())
    } else if error.is_timeout() {
        TransportFailure::TimedOut
    } else if error.is_connect() {
        TransportFailure::Unreachable(error.to_string())
    } else {
        TransportFailure::Cut(error.to_string())
    }
}

/// Why the other side's certificate is not believed, if that is what broke the connection.
fn not_believed<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
        return Some(tls);
    }
    // An I/O error hides what it wraps from `source`.
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
        .and_then(|inner| not_believed(inner));
    wrapped.or_else(|| error.source().and_then(not_believed))
}
