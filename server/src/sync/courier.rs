//! Takes sealed bundles from whoever brings them, and answers their writers.
//!
//! A bundle needs no signature of its carrier: its segments authenticate themselves, and go the way of any push. The
//! answer is sealed to the writer; the carrier learns only whether the relay could use what it brought.

use std::sync::Arc;

use xunge_protocol::bundle::{Delivered, Homebound, Outbound, SealedBundle, Way};
use xunge_protocol::message::MAX_SEGMENTS;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::system::WriterRole;

use super::offer::Offer;
use super::{MAX_RECEIPTS, SyncFailure, push, refuse_if_succeeded, seal};
use crate::authority::Authority;
use crate::relay::Relay;

/// What became of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// Its segments were looked at, now or before.
    Taken {
        /// Entries in them.
        entries: u64,
        /// The answer, sealed to the writer.
        home: SealedBundle,
    },
    /// It is of no use here, now or ever.
    Refused(SyncRefusal),
}

/// Answers the body of one courier's request: a sealed bundle. What it brings is durable when this returns. Blocks.
pub fn handle(relay: &Arc<Relay>, body: &[u8]) -> Result<Vec<u8>, SyncFailure> {
    let delivered = match take(relay, &SealedBundle::parse(body.to_vec())?)? {
        Brought::Taken { home, .. } => Delivered {
            refused: None,
            home: Some(home.bytes().to_vec().into()),
        },
        Brought::Refused(code) => Delivered {
            refused: Some(code),
            home: None,
        },
    };
    // Who asks is not known to know any key but the first.
    seal(&relay.county(), 0, body, &delivered)
}

/// Takes one sealed bundle. Blocks.
///
/// # Errors
/// The relay's own faults only: the same bundle may be brought again.
pub fn take(relay: &Arc<Relay>, bundle: &SealedBundle) -> Result<Brought, SyncFailure> {
    let refused = |code: SyncRefusal| {
        tracing::warn!(code = code.name(), "bundle refused");
        Ok(Brought::Refused(code))
    };
    if bundle.way() != Way::Out {
        return refused(SyncRefusal::ForeignSegment);
    }
    let county = relay.store.read(|tx| relay.refresh(tx))?;
    let Some(key) = county.opener(bundle.recipient(), relay.now()) else {
        return refused(SyncRefusal::BadSignature);
    };
    let Outbound {
        writer,
        epoch,
        receipt_cursor,
        segments,
        relay_key,
    } = match bundle.open_out(key) {
        Ok(content) => content,
        Err(xunge_protocol::WireError::NotAuthentic { .. }) => {
            return refused(SyncRefusal::BadSignature);
        }
        Err(_) => return refused(SyncRefusal::Malformed),
    };
    if segments.len() > MAX_SEGMENTS {
        return refused(SyncRefusal::TooLarge);
    }
    let known = relay.store.read(|tx| tx.writer(writer))?;
    let Some(known) = known.filter(|w| w.certificate.certificate.role == WriterRole::Worker) else {
        return refused(SyncRefusal::UnknownWriter);
    };
    let entries = segments.iter().map(|s| s.entries.len() as u64).sum();
    let inside = relay.clone();
    let by = known.clone();
    let offers = Offer::all(segments, known.key());
    let taken = relay.store.write(move |tx| {
        // What it holds was said again by the writer that went on from this one, or will be: it must not come twice.
        refuse_if_succeeded(tx, &by)?;
        Authority::run(&inside, tx, |authority| push::push(authority, &by, offers))
    });
    let refused = match taken {
        // Of another history of its writer, who hears of it when it syncs; to its carrier it is of no use.
        Err(SyncFailure::Forked(_)) => return refused(SyncRefusal::Fork),
        taken => taken?,
    };
    relay.notify();
    // Receipts of another epoch are counted anew.
    let same_epoch = epoch == relay.county().epoch;
    let cursor = if same_epoch { receipt_cursor } else { 0 };
    let receipts = relay
        .store
        .read(|tx| tx.receipts_after(writer, cursor, MAX_RECEIPTS))?;
    let county = relay.county();
    let home = SealedBundle::home(
        known.key(),
        &county.relay_key,
        &county.links_after(relay_key.unwrap_or(0)),
        relay.env.random(),
        &Homebound {
            writer,
            epoch: county.epoch,
            time: relay.now(),
            receipts,
            refused,
        },
    )?;
    Ok(Brought::Taken { entries, home })
}
