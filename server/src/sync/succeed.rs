//! A writer with two histories: the later one asks for a key of its own, and learns what the relay holds of the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use xunge_protocol::envelope::RequestEnvelope;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::{
    HeldEntry, HeldSegment, MAX_HELD_ENTRIES, SUCCEED_PATH, Succession, SuccessionRequest,
};
use xunge_protocol::system::{SignedCertificate, WriterRole};

use super::{SyncFailure, seal};
use crate::audit::AuditEvent;
use crate::authority::Authority;
use crate::relay::Relay;
use crate::store::{LogTx, StoreError, Tx, WriterRow};

/// Most receipts that one answer looks at.
const MAX_RECEIPTS: usize = 512;

/// Answers the body of one request for a new incarnation. Blocks.
///
/// The old writer's key signs the request, and the new one a proof in it. The same key gets the same writer again.
///
/// # Errors
/// [`SyncRefusal::Revoked`] if the writer was revoked: its lineage ends there.
pub fn handle(relay: &Arc<Relay>, body: &[u8]) -> Result<Vec<u8>, SyncFailure> {
    let envelope = RequestEnvelope::parse(body)?;
    let id = envelope.writer;
    let old = relay
        .store
        .read(|tx| tx.writer(id))?
        .filter(|w| w.certificate.certificate.role == WriterRole::Worker)
        .ok_or(SyncFailure::Refused(SyncRefusal::UnknownWriter))?;
    let request: SuccessionRequest = envelope.open(old.key(), SUCCEED_PATH)?;
    request.verify(id)?;
    let inside = relay.clone();
    let response = relay.store.write(move |tx| {
        let old = tx
            .writer(id)?
            .ok_or(SyncFailure::Refused(SyncRefusal::UnknownWriter))?;
        if old.revoked_at.is_some() {
            return Err(SyncFailure::Refused(SyncRefusal::Revoked));
        }
        let certificate = Authority::run(&inside, tx, |authority| {
            certify(authority, tx, &old, &request)
        })?;
        let (held, next) = held(tx, &old, request.receipt_cursor)?;
        Ok::<_, SyncFailure>(Succession {
            epoch: inside.county().epoch,
            time: inside.now(),
            certificate,
            counter: old.last_request.map_or(0, |(counter, _)| counter),
            held,
            next,
        })
    })?;
    relay.notify();
    // Who asks is not known to know any key but the first.
    seal(&relay.county(), 0, body, &response)
}

/// The certificate of the new incarnation: the one given before for this key, or a new one.
fn certify(
    authority: &mut Authority<'_>,
    tx: &Tx<'_>,
    old: &WriterRow,
    request: &SuccessionRequest,
) -> Result<SignedCertificate, SyncFailure> {
    let known = tx.writers(Some(old.worker()))?.into_iter().find(|row| {
        *row.key() == request.key && row.certificate.certificate.predecessor == Some(old.id())
    });
    if let Some(row) = known {
        return match row.revoked_at {
            Some(_) => Err(SyncFailure::Refused(SyncRefusal::Revoked)),
            None => Ok(row.certificate),
        };
    }
    let worker = tx
        .worker(old.worker())?
        .ok_or_else(|| StoreError::Corrupt(format!("writer {} of no worker", old.id())))?;
    let certificate = authority.succeed(&worker, request.key, old.id())?;
    let new = certificate.certificate.writer;
    tracing::warn!(old = %old.id(), %new, "two histories under one writer: the later goes on as a new one");
    let event = AuditEvent::new("relay", "device_succeed")
        .about(new)
        .within(authority.relay().county_scope())
        .with(serde_json::json!({"predecessor": old.id()}));
    tx.append_audit(&event, authority.now())?;
    Ok(certificate)
}

/// What the relay holds of `old` in segments with receipts after `cursor`, and where to go on.
fn held(
    tx: &dyn LogTx,
    old: &WriterRow,
    cursor: u64,
) -> Result<(Vec<HeldSegment>, Option<u64>), StoreError> {
    let receipts = tx.receipts_after(old.id(), cursor, MAX_RECEIPTS + 1)?;
    let mut more = receipts.len() > MAX_RECEIPTS;
    // A later receipt of a segment replaces an earlier.
    let mut latest = BTreeMap::new();
    let (mut last, mut entries) = (cursor, 0);
    for signed in receipts.into_iter().take(MAX_RECEIPTS) {
        entries += signed.receipt.verdicts.len();
        if entries > MAX_HELD_ENTRIES && last > cursor {
            more = true;
            break;
        }
        last = signed.receipt.sequence;
        latest.insert((signed.receipt.scope, signed.receipt.index), signed);
    }
    let mut held = Vec::with_capacity(latest.len());
    for ((scope, index), receipt) in latest {
        let row = tx
            .segment(scope, old.id(), index)?
            .ok_or_else(|| StoreError::Corrupt(format!("no segment {scope}-{index}")))?;
        let entries = tx.entries(scope, old.id(), index)?;
        held.push(HeldSegment {
            header: row.header,
            signature: row.signature,
            receipt,
            entries: entries
                .into_iter()
                .map(|e| HeldEntry {
                    record: e.entry.record,
                    change: e.change,
                })
                .collect(),
        });
    }
    Ok((held, more.then_some(last)))
}
