//! Receipts: what the relay promises about one segment, made from what it stored.

use xunge_protocol::{Receipt, ScopeId, SegmentHeader, Suite, Timestamp, Verdict, WriterId};

use crate::relay::Relay;
use crate::store::{EntryId, LogTx, QuarantineState, StoreError, StoreResult};

/// Writes the first receipt of a segment that was just stored, at `received_at`.
pub(crate) fn write(
    relay: &Relay,
    tx: &dyn LogTx,
    header: &SegmentHeader,
    received_at: Timestamp,
    verdicts: Vec<Verdict>,
) -> StoreResult<()> {
    insert(relay, tx, header, received_at, 0, verdicts)
}

fn insert(
    relay: &Relay,
    tx: &dyn LogTx,
    header: &SegmentHeader,
    received_at: Timestamp,
    revision: u32,
    verdicts: Vec<Verdict>,
) -> StoreResult<()> {
    let county = relay.county();
    let receipt = Receipt {
        suite: Suite::default().byte(),
        sequence: tx.next_receipt_sequence(header.writer)?,
        epoch: county.epoch,
        relay: county.relay_writer,
        writer: header.writer,
        scope: header.scope,
        index: header.index,
        header: header.hash(),
        revision,
        received_at,
        verdicts,
    };
    tx.insert_receipt(&receipt.sign(&county.relay_key))
}

/// Writes a further revision of a segment's receipt, after a decision about its entries.
pub(crate) fn revise(
    relay: &Relay,
    tx: &dyn LogTx,
    scope: ScopeId,
    writer: WriterId,
    index: u64,
) -> StoreResult<()> {
    let mut verdicts = Vec::new();
    for row in tx.entries(scope, writer, index)? {
        verdicts.push(match row.position {
            Some(position) => Verdict::Accepted {
                position,
                late: row.late,
            },
            None if row.entry.body.is_empty() => Verdict::Erased,
            None => {
                let id = EntryId {
                    scope,
                    writer,
                    index,
                    ordinal: row.ordinal,
                };
                let held = tx
                    .quarantined(id)?
                    .ok_or_else(|| StoreError::Corrupt(format!("entry {id} is nowhere")))?;
                match held.state {
                    QuarantineState::Rejected => Verdict::Rejected {
                        reason: held.reason.unwrap_or_default(),
                    },
                    QuarantineState::Waiting | QuarantineState::Admitted => Verdict::Quarantined {
                        code: held.code,
                        detail: held.detail,
                    },
                }
            }
        });
    }
    let segment = tx
        .segment(scope, writer, index)?
        .ok_or_else(|| StoreError::Corrupt(format!("no segment {scope}-{writer}-{index}")))?;
    let (header, at) = (&segment.header, segment.received_at);
    insert(relay, tx, header, at, segment.revision + 1, verdicts)
}
