//! Hands the bundles of the bag over to the relay. What the relay's key did not answer stays in the bag.

use std::time::Duration;

use xunge_protocol::bundle::{COURIER_PATH, Delivered};
use xunge_protocol::{KeyRing, SealedBundle, envelope};

use super::bag::{Bag, BagError, Load, RelayAddress};
use crate::sync::{Answer, Exchange, Method, Transport};

/// As long as a phone at the edge of the signal needs for a full bundle.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Bundles that the relay took.
    pub delivered: u64,
    /// Requests sent.
    pub requests: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of response bodies.
    pub bytes_down: u64,
    /// Whether something stays in the bag that a later delivery may bring through.
    pub left: bool,
}

/// Delivers what the bag holds, to whichever relay it is for, until the network fails. `connect` opens a relay's
/// address.
///
/// Errors: the bag's. A network that fails is no error: the bag keeps what it holds.
pub async fn deliver<T: Transport>(
    bag: &Bag,
    connect: impl Fn(&RelayAddress) -> Option<T>,
) -> Result<Report, BagError> {
    let mut report = Report::default();
    for (relay, load) in bag.to_deliver()? {
        let Some(transport) = connect(&relay) else {
            report.left = true;
            continue;
        };
        let body = load.bundle.bytes().to_vec();
        report.requests += 1;
        report.bytes_up += body.len() as u64;
        let exchange = Exchange {
            method: Method::Post,
            path: COURIER_PATH.into(),
            headers: Vec::new(),
            body,
            timeout: TIMEOUT,
        };
        let Ok(answer) = transport.exchange(exchange).await else {
            report.left = true;
            break;
        };
        report.bytes_down += answer.body.len() as u64;
        match read(&relay, &load, &answer) {
            Some(delivered) => {
                if let Some(home) = delivered.home
                    && let Ok(home) = SealedBundle::parse(home.into())
                {
                    bag.carry_home(&home)?;
                }
                if let Some(refused) = delivered.refused {
                    tracing::warn!(code = refused.name(), "the relay cannot use a bundle");
                } else {
                    report.delivered += 1;
                }
                bag.drop_load(&load)?;
            }
            None => report.left = true,
        }
    }
    Ok(report)
}

/// What the relay said, if it was the relay.
fn read(relay: &RelayAddress, load: &Load, answer: &Answer) -> Option<Delivered> {
    if answer.status != 200 {
        return None;
    }
    let keys = KeyRing::pinned(relay.key);
    let opened = envelope::open_response(&keys, load.bundle.bytes(), &answer.body).ok()?;
    Some(opened.message)
}
