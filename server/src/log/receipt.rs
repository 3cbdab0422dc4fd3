//! Receipts: what the relay promises about one segment, made from what it stored.

use xunge_protocol::{Receipt, ScopeId, Suite, Verdict, WriterId};

use crate::relay::Relay;
use crate::store::{EntryId, LogTx, QuarantineState, StoreError, StoreResult};

/// Writes the receipt of a stored segment, the first or the next revision.
pub(crate) fn write(
    relay: &Relay,
    tx: &dyn LogTx,
    scope: ScopeId,
    writer: WriterId,
    index: u64,
    verdicts: Vec<Verdict>,
    first: bool,
) -> StoreResult<()> {
    let segment = tx
        .segment(scope, writer, index)?
        .ok_or_else(|| StoreError::Corrupt(format!("no segment {scope}-{writer}-{index}")))?;
    let county = relay.county();
    let receipt = Receipt {
        suite: Suite::default().byte(),
        sequence: tx.next_receipt_sequence(writer)?,
        epoch: county.epoch,
        relay: county.relay_writer,
        writer,
        scope,
        index,
        header: segment.header.hash(),
        revision: if first { 0 } else { segment.revision + 1 },
        received_at: segment.received_at,
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
    write(relay, tx, scope, writer, index, verdicts, false)
}
