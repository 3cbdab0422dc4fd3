//! Enrolment: a ticket becomes a certified writer, once.

use std::sync::Arc;

use xunge_protocol::Hash32;
use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse};
use xunge_protocol::envelope::RequestEnvelope;

use super::{SyncFailure, seal};
use crate::authority::Authority;
use crate::relay::Relay;
use crate::store::{GrantState, StoreError};

/// Answers the body of one enrolment request. Blocks.
///
/// The same key with the same ticket gets the same writer again, for as long as the ticket lives; another key does not.
pub fn handle(relay: &Arc<Relay>, body: &[u8]) -> Result<Vec<u8>, SyncFailure> {
    let envelope = RequestEnvelope::parse(body)?;
    let request: EnrolRequest = envelope.open_with(|r: &EnrolRequest| r.key, ENROL_PATH)?;
    let inside = relay.clone();
    let response = relay
        .store
        .write(move |tx| Authority::run(&inside, tx, |authority| enrol(authority, &request)))?;
    relay.notify();
    // Who asks is not known to know any key but the first.
    seal(&relay.county(), 0, body, &response)
}

fn enrol(
    authority: &mut Authority<'_>,
    request: &EnrolRequest,
) -> Result<EnrolResponse, SyncFailure> {
    let tx = authority.tx();
    let secret_hash = Hash32::of(&request.secret);
    let ticket = tx
        .ticket(secret_hash)?
        .filter(|t| authority.now() <= t.expires_at)
        .ok_or(SyncFailure::TicketInvalid)?;
    let worker = tx
        .worker(&ticket.worker)?
        .ok_or_else(|| StoreError::Corrupt(format!("ticket of worker {}", ticket.worker)))?;
    let certificate = match ticket.writer {
        None => {
            // The predecessor must be the worker's own: a new incarnation belongs to the same lineage.
            let predecessor = match request.predecessor {
                Some(id) => tx
                    .writer(id)?
                    .filter(|w| w.worker() == worker.id && w.revoked_at.is_none())
                    .map(|w| w.id()),
                None => None,
            };
            let certificate = authority.certify(&worker, request.key, predecessor, secret_hash)?;
            tx.use_ticket(secret_hash, certificate.certificate.writer)?;
            certificate
        }
        Some(writer) => tx
            .writer(writer)?
            .filter(|w| *w.key() == request.key && w.revoked_at.is_none())
            .map(|w| w.certificate)
            .ok_or(SyncFailure::TicketInvalid)?,
    };
    let unlock_codes = tx.unlock_codes(certificate.certificate.writer)?;
    let scopes = tx
        .grants_of(&worker.id)?
        .into_iter()
        .filter(|g| GrantState::of(Some(g), authority.now()) == GrantState::Active)
        .map(|g| g.scope)
        .collect();
    Ok(EnrolResponse {
        epoch: authority.relay().county().epoch,
        time: authority.now(),
        certificate,
        county: authority.relay().county_scope(),
        scopes,
        unlock_codes,
    })
}
