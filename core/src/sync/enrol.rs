//! Enrolment: turns a ticket into a certified writer. Safe to repeat with the same key: the relay answers the same.

use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse, Ticket};
use xunge_protocol::envelope;
use xunge_protocol::{EpochId, KeyRing, SecretKey, WireError, WriterId};

use super::ask::ask;
use super::engine::unsigned_refusal;
use super::error::SyncError;
use super::transport::{Answer, Transport};
use crate::env::Env;

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
    ask(
        transport,
        env,
        ENROL_PATH,
        &body,
        |answer| read_answer(ticket, key, &body, answer),
        |answer| unsigned_refusal(answer.status, answer, true),
    )
    .await
}

/// What `answer` says, believed only if the ticket's relay key signed it, or one to which that leads.
fn read_answer(
    ticket: &Ticket,
    key: &SecretKey,
    request: &[u8],
    answer: &Answer,
) -> Result<(EnrolResponse, KeyRing), SyncError> {
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
