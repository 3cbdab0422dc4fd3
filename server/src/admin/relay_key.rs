//! `xunge admin relay-key list|rotate`

use std::sync::Arc;

use serde::Serialize;
use xunge_protocol::relay_key::fingerprint;
use xunge_protocol::{Timestamp, WriterId};

use super::args::{Place, RelayKey};
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::AuditEvent;
use crate::authority;
use crate::relay::Relay;
use crate::store::{County, StoreError};

const DAY_MILLIS: i64 = 86_400_000;

#[derive(Serialize)]
struct Report {
    /// The relay's writer now.
    relay: WriterId,
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    sequence: u32,
    key: String,
    /// What people compare.
    fingerprint: String,
    /// `current`, `retired` or `revoked`.
    state: &'static str,
    /// From when another key was in its place.
    until: Option<Timestamp>,
    /// Until when bundles that were sealed to it are opened.
    opens_until: Option<Timestamp>,
}

pub(super) fn run(place: &Place, out: Output, args: RelayKey) -> Outcome {
    let relay = place.open()?;
    if let RelayKey::Rotate { revoke_old, grace } = args {
        rotate(&relay, revoke_old, grace)?;
    }
    let county = relay.store.read::<_, StoreError>(|tx| relay.refresh(tx))?;
    out.print(&report(&county), text)
}

fn rotate(relay: &Arc<Relay>, revoke_old: bool, grace: u32) -> Outcome {
    authority::command(relay, move |authority, tx| {
        let opens_until = authority
            .now()
            .plus_millis(i64::from(grace).saturating_mul(DAY_MILLIS));
        let link = authority.rotate(revoke_old, opens_until)?.relay_key;
        let event = AuditEvent::new("admin", "relay_key_rotate")
            .within(authority.county().scope)
            .with(serde_json::json!({
                "sequence": link.sequence,
                "fingerprint": fingerprint(&link.key),
                "revokes_old": revoke_old,
            }));
        tx.append_audit(&event, authority.now())?;
        Ok::<(), Failure>(())
    })
}

fn report(county: &County) -> Report {
    let retired = county.retired.iter().map(|key| {
        let link = &key.link.relay_key;
        Key {
            sequence: key.sequence(),
            key: hex::encode(key.public().0),
            fingerprint: fingerprint(key.public()),
            state: if link.revokes_old {
                "revoked"
            } else {
                "retired"
            },
            until: Some(link.from),
            opens_until: key.secret.as_ref().map(|_| key.opens_until),
        }
    });
    let own = county.relay_key.public();
    let current = Key {
        sequence: county.relay_key_sequence,
        key: hex::encode(own.0),
        fingerprint: fingerprint(&own),
        state: "current",
        until: None,
        opens_until: None,
    };
    Report {
        relay: county.relay_writer,
        keys: retired.chain([current]).collect(),
    }
}

fn text(report: &Report) -> String {
    let lines = report.keys.iter().map(|key| {
        let opens = key
            .opens_until
            .and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok())
            .map_or_else(String::new, |at| format!(", opens bundles until {at:.0}"));
        format!(
            "{:>3}  {}  {}{opens}",
            key.sequence, key.fingerprint, key.state
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
