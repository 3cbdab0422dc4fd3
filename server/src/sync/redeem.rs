//! A short code that was read out over the telephone, for a ticket.

use std::sync::Arc;

use xunge_protocol::ShortCode;
use xunge_protocol::envelope::RequestEnvelope;
use xunge_protocol::short_code::{REDEEM_PATH, RedeemRequest};

use super::{SyncFailure, seal};
use crate::authority::{Authority, short_code};
use crate::relay::Relay;

/// Answers the body of one request with a short code. Blocks.
pub fn handle(relay: &Arc<Relay>, body: &[u8]) -> Result<Vec<u8>, SyncFailure> {
    let envelope = RequestEnvelope::parse(body)?;
    let request: RedeemRequest = envelope.open_with(|r: &RedeemRequest| r.key, REDEEM_PATH)?;
    let code = ShortCode::parse(&request.code)?;
    // Whoever guesses writes nothing but where there is a code to be guessed.
    let at_once = relay
        .store
        .read(|tx| short_code::refused_at_once(tx, &code))?;
    let response = match at_once {
        Some(response) => response,
        None => {
            let inside = relay.clone();
            relay
                .store
                .write(move |tx| Authority::run(&inside, tx, |authority| authority.redeem(&code)))?
        }
    };
    // Who asks is not known to know any key but the first.
    seal(&relay.county(), 0, body, &response)
}
