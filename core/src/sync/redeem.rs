//! A short code that the town read out, for a ticket of the relay that the app knows.

use xunge_protocol::enrolment::{RelayAddress, Ticket};
use xunge_protocol::envelope;
use xunge_protocol::short_code::{CodeVerdict, REDEEM_PATH, RedeemRequest, RedeemResponse};
use xunge_protocol::{EpochId, KeyRing, SecretKey, ShortCode, WireError, WriterId};

use super::ask::ask;
use super::engine::unsigned_refusal;
use super::error::SyncError;
use super::transport::Transport;
use crate::env::Env;

/// What the relay says of a code, in words that it signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// It stands for this ticket.
    Ticket {
        /// The ticket.
        ticket: Ticket,
        /// Whether some phone has used it: it is of use to that phone alone.
        used: bool,
    },
    /// There is no such code.
    Wrong,
    /// It came too late.
    Late,
    /// There were too many wrong tries at it.
    Closed,
}

/// Asks the relay at `address` for the ticket of `code`. Safe to repeat: the relay answers the same.
pub async fn redeem<T: Transport>(
    transport: &T,
    env: &dyn Env,
    address: &RelayAddress,
    code: &ShortCode,
) -> Result<Redeemed, SyncError> {
    // For this question alone, so that no answer to another fits.
    let key = SecretKey::from_seed(&env.random());
    let message = RedeemRequest {
        code: code.digits(),
        key: key.public(),
    };
    let body = envelope::seal_request(
        &key,
        WriterId([0; 8]),
        REDEEM_PATH,
        EpochId([0; 8]),
        0,
        &message,
    )?;
    let pinned = KeyRing::pinned(address.relay_key);
    let response = ask(
        transport,
        env,
        REDEEM_PATH,
        &body,
        |answer| {
            let opened = envelope::open_response::<RedeemResponse>(&pinned, &body, &answer.body)?;
            Ok(opened.message)
        },
        |answer| unsigned_refusal(answer.status, answer, false),
    )
    .await?;
    Ok(match (response.verdict, response.granted) {
        (CodeVerdict::Good, Some(granted)) => Redeemed::Ticket {
            ticket: Ticket {
                url: address.url.clone(),
                relay_key: address.relay_key,
                relay: granted.relay,
                secret: granted.secret,
                expires_at: granted.expires_at,
                pins: address.pins.clone(),
            },
            used: granted.used,
        },
        (CodeVerdict::Good, None) => {
            return Err(WireError::Malformed {
                what: "response",
                why: "a good code without what it stands for".into(),
            }
            .into());
        }
        (CodeVerdict::Wrong, _) => Redeemed::Wrong,
        (CodeVerdict::Late, _) => Redeemed::Late,
        (CodeVerdict::Closed, _) => Redeemed::Closed,
    })
}
