//! What goes by a courier, and what comes home: own segments in bundles, and the relay's answer to them.
//!
//! A bundle never predicts what the relay holds: it carries every segment that has no receipt here.

use std::collections::BTreeSet;

use xunge_protocol::bundle::{BUNDLE_BYTES, Homebound, Outbound};
use xunge_protocol::message::MAX_SEGMENTS;
use xunge_protocol::{RecordId, Segment};

use super::sync_state::progress;
use super::{Applied, Store, StoreError, cursors, identity, projection, receipts, refused};

impl Store {
    /// Everything that waits, sealed into segments, in bundles of bounded size: to be delivered in this order, and
    /// harmless in any other.
    pub fn outbound(&self) -> Result<Vec<Outbound>, StoreError> {
        self.seal_segments()?;
        let (identity, me) = self.enrolled()?;
        let position = self.sync_position()?;
        let segments = self.unacknowledged(usize::MAX, usize::MAX, &[])?;
        let bundle = |segments: Vec<Segment>| Outbound {
            writer: me.writer,
            epoch: position.epoch,
            receipt_cursor: position.receipt_cursor,
            segments,
            relay_key: identity.told_key(),
        };
        let (mut bundles, mut open, mut bytes) = (Vec::new(), Vec::new(), 0);
        for segment in segments {
            let size: usize = segment.entries.iter().map(|e| e.body.len()).sum();
            let full = bytes + size > BUNDLE_BYTES || open.len() == MAX_SEGMENTS;
            if full && !open.is_empty() {
                bundles.push(bundle(std::mem::take(&mut open)));
                bytes = 0;
            }
            bytes += size;
            open.push(segment);
        }
        if !open.is_empty() {
            bundles.push(bundle(open));
        }
        Ok(bundles)
    }

    /// Takes the relay's answer to a bundle, whose signature was checked: its receipts, each verified again. Twice, or
    /// long after a sync that brought the same, it changes nothing.
    ///
    /// Errors: `foreign_receipt` if it answers another writer.
    pub fn apply_homebound(&self, home: &Homebound) -> Result<Applied, StoreError> {
        let applied = self.write(|tx| {
            let (identity, me) = identity::enrolled(tx)?;
            if home.writer != me.writer {
                return Err(StoreError::ForeignReceipt);
            }
            let before = progress(tx)?;
            // Another epoch is for a sync to tell, which then reads everything again.
            let same_epoch = cursors::epoch(tx)?.is_none_or(|held| held == home.epoch);
            let mut changed: BTreeSet<RecordId> = BTreeSet::new();
            for receipt in home.receipts.iter().filter(|_| same_epoch) {
                // The cursor must not pass receipts that this answer does not bring.
                if receipt.receipt.sequence > cursors::receipt_cursor(tx)? + 1 {
                    break;
                }
                changed.extend(receipts::take(tx, &identity.keys, me.writer, receipt)?);
            }
            for record in &changed {
                refused::rewrite_later_edits(tx, &me, record)?;
                projection::project(tx, record)?;
            }
            Ok(Applied {
                changed: changed.into_iter().collect(),
                received: 0,
                set_aside: 0,
                before,
                after: progress(tx)?,
            })
        })?;
        self.scrub()?;
        Ok(applied)
    }
}
