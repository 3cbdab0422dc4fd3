//! One question to the relay before there is a writer: asked again while the network or the relay is to blame.

use std::time::Duration;

use super::engine::looks_like_a_page;
use super::error::SyncError;
use super::transport::{Answer, Exchange, Method, Transport};
use crate::env::Env;

const TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 6;

/// Posts `body` to `path` until `read` makes something of an answer, or no more attempts are left. `read` gets what has
/// status 200 and may be the relay's, `refused` any other status.
pub(super) async fn ask<T: Transport, R>(
    transport: &T,
    env: &dyn Env,
    path: &str,
    body: &[u8],
    read: impl Fn(&Answer) -> Result<R, SyncError>,
    refused: impl Fn(&Answer) -> SyncError,
) -> Result<R, SyncError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let exchange = Exchange {
            method: Method::Post,
            path: path.into(),
            headers: Vec::new(),
            body: body.to_vec(),
            timeout: TIMEOUT,
        };
        let outcome = match transport.exchange(exchange).await {
            Ok(answer) => match answer.status {
                200 if looks_like_a_page(&answer) => Err(SyncError::CaptivePortal),
                200 => read(&answer),
                408 | 429 | 502 | 503 | 504 => Err(SyncError::Busy),
                _ => Err(refused(&answer)),
            },
            Err(failure) => Err(failure.into()),
        };
        match outcome {
            Err(SyncError::NoNetwork(_) | SyncError::Busy) if attempt < ATTEMPTS => {
                let jitter = u64::from(env.random::<1>()[0]) * 4;
                transport
                    .sleep(Duration::from_millis((300u64 << attempt) + jitter))
                    .await;
            }
            outcome => return outcome,
        }
    }
}
