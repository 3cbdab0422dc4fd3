//! What this phone holds of what a batch may build on.

use rusqlite::Transaction;
use xunge_protocol::batch::Held;
use xunge_protocol::packed::PackedResponse;
use xunge_protocol::{BatchError, Hash32, RecordId, ScopeId, SyncResponse, WriterId};

use super::{Store, StoreError, identity};

struct Here<'a>(&'a Transaction<'a>);

impl Held for Here<'_> {
    fn change(&self, _: ScopeId, record: &RecordId, prefix: [u8; 4]) -> Option<Hash32> {
        // A failing read is as good as no change: the relay is asked for raw bytes.
        self.0
            .prepare_cached("SELECT hash FROM change WHERE record = ?1 AND substr(hash, 1, 4) = ?2")
            .and_then(|mut select| select.query_row((record.0, prefix), |row| row.get(0)))
            .ok()
            .map(Hash32)
    }

    fn header(&self, _: ScopeId, _: WriterId, _: u64) -> Option<Hash32> {
        None
    }
}

impl Store {
    /// Opens the batch of a response whose signature was checked. The inner error says why the phone must ask for raw
    /// bytes.
    pub fn open_batch(
        &self,
        packed: PackedResponse,
    ) -> Result<Result<SyncResponse, BatchError>, StoreError> {
        self.read(|tx| {
            let (identity, me) = identity::enrolled(tx)?;
            Ok(packed.open(me.writer, identity.relay, &Here(tx)))
        })
    }
}
