//! The part of a sync in which first copies of scopes come, range by range. Whatever is wrong with one, the log is read.

use xunge_protocol::snapshot::SignedSnapshot;

use super::{Engine, Phase, Step};
use crate::store::{Store, StoreError, WantedPart};
use crate::sync::error::SyncError;
use crate::sync::snapshot::{self, Outcome};
use crate::sync::transport::Answer;

/// Snapshots that were dropped while they were fetched, after which the log is read.
const MOST_GONE: u32 = 2;

impl Engine {
    /// Takes what the relay offers. If one of them is not what it should be, none is taken.
    pub(super) fn begin_snapshots(
        &mut self,
        store: &Store,
        offered: &[SignedSnapshot],
    ) -> Result<(), SyncError> {
        for snapshot in offered {
            match store.begin_snapshot(snapshot) {
                Err(StoreError::SnapshotRefused(why)) => {
                    tracing::warn!(code = "snapshot_refused", why, "reading the log instead");
                    self.no_snapshots = true;
                    return Ok(store.drop_snapshot(None)?);
                }
                begun => begun?,
            }
        }
        Ok(())
    }

    /// Fetches the next range of a snapshot. When there is no more to fetch, the log's tail, or all of it, is read.
    pub(super) fn fetch(&mut self, store: &Store, now: u64) -> Result<Step, SyncError> {
        match snapshot::next(store, now, self.pace.budget_bytes())? {
            Some((wanted, mut exchange)) => {
                exchange.timeout = self.pace.timeout(exchange.body.len());
                self.fetched = true;
                self.phase = Phase::Fetching {
                    wanted,
                    started_millis: now,
                };
                Ok(self.send(exchange))
            }
            None if std::mem::take(&mut self.fetched) => {
                self.phase = Phase::Records;
                self.ask(store, now)
            }
            None => {
                self.phase = Phase::Media;
                self.next(store, now)
            }
        }
    }

    /// Takes the answer to the request for a range.
    pub(super) fn take_range(
        &mut self,
        store: &Store,
        now: u64,
        started_millis: u64,
        wanted: &WantedPart,
        answer: &Answer,
    ) -> Result<(), SyncError> {
        self.phase = Phase::Snapshots;
        match snapshot::answered(store, wanted, answer)? {
            Outcome::Taken(taken) => {
                let millis = now.saturating_sub(started_millis);
                self.pace.succeeded(now, answer.body.len(), millis);
                self.report.received += taken.received;
                if taken.usable {
                    self.report.usable_bytes = self.report.bytes_up + self.report.bytes_down;
                }
            }
            Outcome::Gone => {
                self.snapshots_gone += 1;
                self.no_snapshots |= self.snapshots_gone > MOST_GONE;
            }
            Outcome::NoUse => self.no_snapshots = true,
        }
        Ok(())
    }
}
