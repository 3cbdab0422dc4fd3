//! What happens to phones and to the relay beside the network: copies, old backups, revocation, a worker who moves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rand::RngExt as _;
use xunge_protocol::Timestamp;

use crate::newcomers::MOST_PHONES;
use crate::relay::Waiting;
use crate::world::World;

/// What a world suffers from beside a bad network. Together they can double a record: where the relay forgot what one
/// copy of a phone had sent, nobody can tell any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Folders of phones are copied and put back.
    Copies,
    /// The relay goes back to a backup; nobody moves, for a phone cannot read anew what it may no longer read.
    Backups,
}

/// Phones that are never revoked: somebody must go on working in each grid.
pub(crate) const SAFE: usize = 6;

impl World {
    /// One of the rarer things.
    pub(crate) fn accident(&mut self, n: usize) {
        match self.random.random_range(0..4) {
            0 => self.revoke(n),
            1 if self.trouble == Trouble::Copies => self.move_worker(n),
            _ => match self.trouble {
                Trouble::Copies => match self.random.random_range(0..4) {
                    0 | 1 => self.keep_a_copy(n),
                    2 => self.put_old_copy_back(n),
                    _ => self.copy_phone(n),
                },
                // A phone that hears of a new epoch at each attempt gives up, and rightly.
                Trouble::Backups if self.random.random_bool(0.8) => {}
                Trouble::Backups if self.backup.is_some() => self.go_back_to_the_backup(),
                Trouble::Backups => self.backup = Some(self.relay.back_up()),
            },
        }
    }

    fn keep_a_copy(&mut self, n: usize) {
        let to = self.fresh("copy");
        self.phones[n].keep_a_copy(to);
        self.waiting.remove(&n);
    }

    fn put_old_copy_back(&mut self, n: usize) {
        let is_revoked = self.revoked.contains_key(&self.phones[n].worker);
        if !is_revoked && self.phones[n].put_old_copy_back() {
            self.counts.count("old copy put back");
            self.interviews.remove(&n);
            self.waiting.remove(&n);
            self.strike_what_is_gone();
            self.check_phone(n);
        }
    }

    fn copy_phone(&mut self, n: usize) {
        if self.phones.len() >= MOST_PHONES || self.revoked.contains_key(&self.phones[n].worker) {
            return;
        }
        // Both copies hold work that neither has sent.
        self.save(n);
        let to = self.fresh("phone");
        let seed = self.random.random();
        let clone = self.phones[n].cloned(to, seed);
        self.waiting.remove(&n);
        self.phones.push(clone);
        self.counts.count("phone copied");
    }

    /// A folder that is not there yet.
    pub(crate) fn fresh(&mut self, name: &str) -> PathBuf {
        let name = format!("{name}-{:016x}", self.random.random::<u64>());
        self.dir.path().join(name)
    }

    fn revoke(&mut self, n: usize) {
        let phone = &self.phones[n];
        if n < SAFE || phone.copied || self.revoked.contains_key(&phone.worker) {
            return;
        }
        if phone.store().progress().unwrap().waiting == 0 {
            self.save(n);
        }
        let phone = &self.phones[n];
        let there: BTreeSet<_> = self.relay.tokens(false).into_keys().collect();
        let held = self.ledger.of(phone.worker);
        let writer = phone.store().enrolled().unwrap().1.writer;
        self.relay.revoke(writer);
        self.ledger.forget_events();
        self.revoked
            .insert(phone.worker, held.intersection(&there).cloned().collect());
        self.counts.count("revoked with unsent work");
    }

    /// I7 for revoked phones; then a supervisor looks through what they sent, and lets it in.
    pub(crate) fn admit_what_the_revoked_sent(&mut self) {
        let there = self.relay.tokens(true);
        for (worker, before) in &self.revoked {
            for token in self.ledger.of(*worker).difference(before) {
                if there.contains_key(token) {
                    self.violations.push(format!(
                        "I7: {token} of worker {worker}, whose phone is revoked, was accepted"
                    ));
                }
            }
        }
        let writers: BTreeSet<_> = self
            .phones
            .iter()
            .filter(|phone| self.revoked.contains_key(&phone.worker))
            .flat_map(|phone| phone.writers.iter().copied())
            .collect();
        // An entry that builds on another can be let in after it.
        for _ in 0..self.relay.quarantined().len() {
            let mut admitted = false;
            for Waiting { id, .. } in self.relay.quarantined() {
                admitted |= writers.contains(&id.writer) && self.relay.admit(id);
            }
            if !admitted {
                break;
            }
        }
    }

    fn move_worker(&mut self, n: usize) {
        let phone = &self.phones[n];
        if n < SAFE || phone.copied || self.revoked.contains_key(&phone.worker) {
            return;
        }
        let from = phone.grid();
        let others: Vec<_> = self.grids.iter().filter(|g| **g != from).copied().collect();
        let to = others[self.random.random_range(0..others.len())];
        if self.phones[n].grids.contains(&to) {
            return;
        }
        // Not all that was done there is with the town yet.
        self.save(n);
        let worker = self.phones[n].store().enrolled().unwrap().1.worker;
        self.relay.move_worker(worker, from, to);
        self.phones[n].grids.push(to);
        self.counts.count("worker moved");
    }

    /// The relay's disk dies, and its operator restores the backup that there is.
    pub(crate) fn go_back_to_the_backup(&mut self) {
        let Some(backup) = self.backup.take() else {
            return;
        };
        self.relay.restore(&backup);
        self.doubt_claims();
        self.counts.count("relay restored");
        self.strike_what_is_gone();
    }

    /// Its owner, or an empty battery, sets the clock of a phone.
    pub(crate) fn set_clock(&mut self, n: usize) {
        let env = self.phones[n].env.clone();
        let (what, clock) = match self.random.random_range(0..3) {
            0 => ("clock in 1970", Timestamp(0)),
            1 => ("clock in 2100", Timestamp(4_102_444_800_000)),
            _ => (
                "clock set back",
                xunge_core::env::Env::wall_clock(env.as_ref()).plus_millis(-7_200_000),
            ),
        };
        self.counts.count(what);
        env.set_wall_clock(clock);
    }
}
