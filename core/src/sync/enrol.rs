//! Enrolment: turns a ticket into a certified writer. Safe to repeat with the same key: the relay answers the same.

use std::time::Duration;

use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse, Ticket};
use xunge_protocol::envelope;
use xunge_protocol::{EpochId, KeyRing, SecretKey, WireError, WriterId};

use super::error::SyncError;
use super::transport::{Answer, Exchange, Method, Transport};
use crate::env::Env;

const TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 6;

/// Uses `ticket` for the writer whose key is `key`. Returns the answer, and the relay's keys as they are known then. The key must be kept on disk before this is called.
pub async fn enrol<T: Transport>(
    transport: &T,
    env: &dyn Env,
    ticket: &Ticket,
    key: &SecretKey,
    predecessor: Option<WriterId>,
) -> Result<(EnrolResponse, KeyRing), SyncError> {
    let message = EnrolRequest {
        secret: ticket.secret,
        key: key.public(),
        predecessor,
    };
    // The writer id is not known yet; the key inside vouches for the envelope.
    let body = envelope::seal_request(
        key,
        WriterId([0; 8]),
        ENROL_PATH,
        EpochId([0; 8]),
        0,
        &message,
    )?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let exchange = Exchange {
            method: Method::Post,
            path: ENROL_PATH.into(),
            headers: Vec::new(),
            body: body.clone(),
            timeout: TIMEOUT,
        };
        let outcome = match transport.exchange(exchange).await {
            Ok(answer) => read_answer(ticket, key, &body, &answer),
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

/// What `answer` says, believed only if the ticket's relay key signed it, or one to which that leads.
fn read_answer(
    ticket: &Ticket,
    key: &SecretKey,
    request: &[u8],
    answer: &Answer,
) -> Result<(EnrolResponse, KeyRing), SyncError> {
    match answer.status {
        200 => {}
        408 | 429 | 502 | 503 | 504 => return Err(SyncError::Busy),
        status => return Err(super::engine::unsigned_refusal(status, answer, true)),
    }
    if super::engine::looks_like_a_page(answer) {
        return Err(SyncError::CaptivePortal);
    }
    let pinned = KeyRing::pinned(ticket.relay_key);
    let opened = envelope::open_response::<EnrolResponse>(&pinned, request, &answer.body)?;
    let (response, keys) = (opened.message, opened.learnt.unwrap_or(pinned));
    response.certificate.verify_by(&keys)?;
    if response.certificate.certificate.key != key.public() {
        return Err(WireError::NotAuthentic {
            what: "certificate",
        }
        .into());
    }
    Ok((response, keys))
}
