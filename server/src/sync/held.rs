//! What the relay holds of what a batch may build on, and a request opened with that.

use xunge_protocol::batch::Held;
use xunge_protocol::packed::PackedRequest;
use xunge_protocol::{Hash32, RecordId, ScopeId, SyncRequest, WriterId};

use super::offer::CHUNK_PREFIX;
use crate::store::LogTx;

struct Here<'a>(&'a dyn LogTx);

/// A failing read is as good as nothing held: the phone is asked for raw bytes.
impl Held for Here<'_> {
    fn change(&self, scope: ScopeId, record: &RecordId, prefix: [u8; 4]) -> Option<Hash32> {
        let changes = self.0.changes(scope, *record).ok()?;
        changes
            .iter()
            .filter_map(|body| body.get(CHUNK_PREFIX..).map(Hash32::of))
            .find(|hash| hash.0.starts_with(&prefix))
    }

    fn header(&self, scope: ScopeId, writer: WriterId, index: u64) -> Option<Hash32> {
        let known = self.0.segment(scope, writer, index).ok()?;
        known.map(|known| known.header.hash())
    }
}

/// The request with its segments, or without any if their batch does not open here: then they must come as raw bytes,
/// which the second value says.
pub(super) fn open(
    tx: &dyn LogTx,
    packed: PackedRequest,
    phone: WriterId,
    relay: WriterId,
) -> (SyncRequest, bool) {
    let rest = SyncRequest {
        cursors: packed.cursors.clone(),
        receipt_cursor: packed.receipt_cursor,
        segments: Vec::new(),
        pull_budget_bytes: packed.pull_budget_bytes,
        plain: packed.plain,
        snapshots: packed.snapshots.clone(),
        relay_key: packed.relay_key,
        former: packed.former.clone(),
        wanted: packed.wanted.clone(),
    };
    match packed.open(phone, relay, &Here(tx)) {
        Ok(request) => (request, false),
        Err(reason) => {
            tracing::info!(writer = %phone, %reason, "raw bytes asked for");
            (rest, true)
        }
    }
}
