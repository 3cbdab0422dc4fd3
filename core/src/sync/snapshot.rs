//! First copies of scopes: which the phone takes, and their parts, fetched range by range so that a cut costs one range.

use std::time::Duration;

use xunge_protocol::ScopeId;
use xunge_protocol::snapshot::SNAPSHOT_PATH;

use super::error::SyncError;
use super::signed::authorization;
use super::transport::{Answer, Exchange, Method};
use crate::store::{Store, StoreError, SyncPosition, TakenPart, WantedPart};

/// What a request says of snapshots: those on their way, if there may be any. None once every scope is being read.
pub(super) fn asked(
    store: &Store,
    position: &SyncPosition,
) -> Result<Option<Vec<ScopeId>>, SyncError> {
    let started = |cursors: &[xunge_protocol::message::Cursor]| {
        !cursors.is_empty() && cursors.iter().all(|c| c.position > 0)
    };
    if started(&position.cursors) {
        return Ok(None);
    }
    Ok(Some(store.snapshots_under_way()?))
}

/// The next range to fetch, of at most `budget` bytes.
pub(super) fn next(
    store: &Store,
    counter: u64,
    budget: usize,
) -> Result<Option<(WantedPart, Exchange)>, SyncError> {
    let Some(wanted) = store.next_part()? else {
        return Ok(None);
    };
    let hash = wanted.part.hash;
    let path = format!("{SNAPSHOT_PATH}/{hash}");
    let method = Method::Get;
    let authorization = authorization(store, method, &path, counter, &hash)?;
    let last = (wanted.held + budget.max(1)).min(wanted.part.bytes as usize) - 1;
    let exchange = Exchange {
        method,
        path,
        headers: vec![
            ("range", format!("bytes={}-{last}", wanted.held)),
            authorization,
        ],
        body: Vec::new(),
        timeout: Duration::ZERO,
    };
    Ok(Some((wanted, exchange)))
}

/// What became of a range.
pub(super) enum Outcome {
    /// It is here.
    Taken(TakenPart),
    /// The relay no longer has it; it was dropped here. There may be a newer one.
    Gone,
    /// It is not what it should be. All that were on their way were dropped.
    NoUse,
}

/// Takes the answer to the request for the next range of `wanted`.
pub(super) fn answered(
    store: &Store,
    wanted: &WantedPart,
    answer: &Answer,
) -> Result<Outcome, SyncError> {
    let bytes = match answer.status {
        206 => Some(answer.body.as_slice()),
        200 => answer.body.get(wanted.held..),
        _ => None,
    };
    let taken = match bytes.filter(|bytes| !bytes.is_empty()) {
        Some(bytes) => store.take_part(wanted, bytes),
        None if answer.status == 404 => {
            store.drop_snapshot(Some(wanted.scope))?;
            return Ok(Outcome::Gone);
        }
        None => Err(StoreError::SnapshotRefused("not_there")),
    };
    match taken {
        Ok(taken) => Ok(Outcome::Taken(taken)),
        Err(StoreError::SnapshotRefused(why)) => {
            let scope = wanted.scope;
            tracing::warn!(%scope, code = "snapshot_refused", why, "reading the log instead");
            store.drop_snapshot(None)?;
            Ok(Outcome::NoUse)
        }
        Err(error) => Err(error.into()),
    }
}
