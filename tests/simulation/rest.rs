//! The end of a world: the network is good again, everybody syncs, a supervisor decides what is left; then all must be true.

use crate::accidents::Trouble;
use crate::check;
use crate::network::Network;
use crate::world::{World, generator};
use xunge_core::store::{Progress, SyncState};

/// Syncs of each phone until all must be at rest.
const MOST_ROUNDS: usize = 4;

impl World {
    /// The network is good again, and everyone syncs until nothing waits: [`MOST_ROUNDS`] times, but for those for whom
    /// nothing has changed since they synced.
    pub(crate) fn deliver_everything(&mut self) {
        let mut seen = vec![None; self.phones.len()];
        for _ in 0..MOST_ROUNDS {
            for (n, seen) in seen.iter_mut().enumerate() {
                if !self.phones[n].gave_up && *seen == Some(self.standing(n)) {
                    continue;
                }
                self.sync_now(n);
                *seen = Some(self.standing(n));
            }
        }
    }

    /// One phone syncs on a good network, to the end.
    pub(crate) fn sync_now(&mut self, n: usize) {
        if !self.phones[n].is_syncing() {
            let wish = self.phones[n].begin_sync();
            self.grant(n, wish);
        }
        while self.phones[n].is_syncing() {
            if self.network.is_empty() {
                self.wake_one();
            }
            self.deliver_one(false);
        }
    }

    /// What the next sync of a phone depends on: what it has and owes, and all that the relay stored.
    pub(crate) fn standing(&self, n: usize) -> (Progress, usize, u64) {
        let store = self.phones[n].store();
        let files = store.media_to_upload().unwrap().len();
        (store.progress().unwrap(), files, self.relay.stored())
    }

    /// I3, and that nothing waits any more and the town has what it is owed.
    pub(crate) fn come_to_rest(&mut self) {
        // Syncs that still wait for a lost message are those of a phone that was switched off and on.
        for phone in &mut self.phones {
            phone.kill_and_start();
        }
        self.waiting.clear();
        self.network = Network::default();
        self.random = generator(self.seed, u64::MAX);
        self.go_back_to_the_backup();
        self.deliver_everything();
        self.review_the_rest();
        self.admit_what_the_revoked_sent();
        self.deliver_everything();
        self.send_files();
        self.doubt_claims();
        for n in 0..self.phones.len() {
            self.check_claims(n);
        }
        for (n, phone) in self.phones.iter().enumerate() {
            let progress = phone.store().progress().unwrap();
            // What a revoked phone built on something that the relay lost with its disk stays refused, and is shown so.
            let is_revoked = self.revoked.contains_key(&phone.worker);
            let may_be_refused = is_revoked && self.trouble == Trouble::Backups;
            let refused = phone.own_rows().into_values().filter(|row| {
                row.sync_state == SyncState::Refused && !self.ledger.is_refused(&row.record)
            });
            if progress.waiting > 0 || refused.count() > 0 && !may_be_refused {
                self.violations
                    .push(format!("I9: at rest, phone {n} says {progress:?}"));
            }
        }
        self.violations.extend(self.ledger.settle(&self.relay));
        self.violations
            .extend(self.ledger.settle_the_rest(&self.relay));
        let rows = self.relay.records();
        for grid in &self.grids {
            let there: Vec<_> = self
                .phones
                .iter()
                .enumerate()
                .filter(|(_, p)| p.grid() == *grid && !self.revoked.contains_key(&p.worker))
                .collect();
            for (_, record) in self.erased.iter().filter(|(scope, _)| scope == grid) {
                self.violations
                    .extend(check::erased(*record, &there, &self.relay));
            }
            for row in rows.iter().filter(|row| row.scope == *grid) {
                self.violations
                    .extend(check::agreement(row.record, &there, &self.relay));
            }
        }
    }
}
