//! First copies of scopes for new phones: cut from the log in the background, offered in an answer of sync, fetched in
//! ranges.
//!
//! A snapshot says nothing that the log does not say. It may be dropped at any time, and whatever erases a record of a
//! scope drops its snapshots with it; a phone that finds none reads the log.

mod cut;
pub(crate) mod http;

use std::sync::Arc;
use std::time::Duration;

use xunge_protocol::snapshot::SignedSnapshot;
use xunge_protocol::{ScopeId, wire};

use crate::relay::Relay;
use crate::store::{LogTx, StoreError, StoreResult};

/// Entries that make a first snapshot worth its while, and the least that a log must grow for another.
pub const LEAST_ENTRIES: u64 = 256;
/// How long the background waits after a change before it looks what has grown.
const PAUSE: Duration = Duration::from_secs(30);

/// Cuts a snapshot of each scope whose log has grown by `least` entries, and by a quarter. Returns those scopes. Blocks.
///
/// # Errors
/// [`StoreError`] of the first that could not be cut.
pub fn cut_due(relay: &Relay, least: u64) -> StoreResult<Vec<ScopeId>> {
    let grown = relay.store.read(|tx| tx.scopes_grown(least.max(1)))?;
    let mut done = Vec::new();
    for scope in grown {
        if cut::cut(relay, scope)? {
            done.push(scope);
        }
    }
    Ok(done)
}

/// Cuts what is due now, and again a while after something was stored, for as long as it is polled.
pub async fn keep_cut(relay: Arc<Relay>) {
    let mut changed = relay.watch();
    loop {
        changed.borrow_and_update();
        let inside = relay.clone();
        let cut = tokio::task::spawn_blocking(move || cut_due(&inside, LEAST_ENTRIES)).await;
        match cut.unwrap_or(Err(StoreError::Closed)) {
            Ok(done) => {
                for scope in done {
                    tracing::info!(%scope, "snapshot cut");
                }
            }
            Err(error) => tracing::error!(%error, "no snapshot cut"),
        }
        tokio::time::sleep(PAUSE).await;
        if changed.changed().await.is_err() {
            return;
        }
    }
}

/// The newest snapshot of a scope, if there is one.
pub(crate) fn offer(tx: &dyn LogTx, scope: ScopeId) -> StoreResult<Option<SignedSnapshot>> {
    let Some(row) = tx.snapshot(scope)? else {
        return Ok(None);
    };
    wire::decode("snapshot", &row.signed)
        .map(Some)
        .map_err(|error| StoreError::Corrupt(error.to_string()))
}
