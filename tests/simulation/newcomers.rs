//! Phones that come later: of new workers, who get a first copy of their grid where the relay has cut one, and of workers
//! whose device lost its keys.

use std::sync::Arc;

use rand::RngExt as _;
use xunge_core::env::{Env as _, SeededEnv};

use crate::accidents::{SAFE, Trouble};
use crate::phone::SimPhone;
use crate::world::World;

/// Phones of a world, copies and newcomers included. More make it slow and show nothing new.
pub(crate) const MOST_PHONES: usize = 14;

impl World {
    /// One of the things that bring a phone which holds nothing yet.
    pub(crate) fn somebody_begins(&mut self, n: usize) {
        match self.random.random_range(0..4) {
            0 | 1 => {
                let cut = self.relay.cut_snapshots();
                if cut > 0 {
                    self.counts.count("snapshot cut");
                }
            }
            2 => self.new_worker(),
            _ => self.lose_key_store(n),
        }
    }

    fn new_worker(&mut self) {
        if self.phones.len() >= MOST_PHONES {
            return;
        }
        let n = self.phones.len();
        let grid = self.grids[self.random.random_range(0..self.grids.len())];
        // Every other one shares the phone of somebody of the same grid.
        let roommate = self
            .phones
            .iter()
            .position(|p| p.grid() == grid && !p.copied);
        let shares = roommate.filter(|_| self.random.random_bool(0.5));
        let env = match shares {
            Some(other) => self.phones[other].env.clone(),
            None => {
                let now = self.phones[0].env.wall_clock();
                Arc::new(SeededEnv::new(self.random.random(), now))
            }
        };
        let dir = self.fresh("newcomer");
        let mut phone = SimPhone::new(dir, env, self.next_worker(), grid);
        phone.enrol(
            &self.relay,
            &self.relay.ticket(grid, format!("新网格员{n}")),
        );
        self.phones.push(phone);
        self.counts.count("new phone");
        if shares.is_some() {
            self.counts.count("several workers on one phone");
        }
        // It syncs at once; whether it gets a snapshot is up to the relay.
        let wish = self.phones[n].begin_sync();
        self.grant(n, wish);
    }

    /// The device lost its keys: what only it had is gone, and the worker is enrolled again.
    fn lose_key_store(&mut self, n: usize) {
        let phone = &self.phones[n];
        // What only this writer could offer again would be lost with a relay that goes back to a backup.
        let alone = self.trouble == Trouble::Copies;
        if !alone || n < SAFE / 2 || phone.copied || self.revoked.contains_key(&phone.worker) {
            return;
        }
        let (grid, worker) = (phone.grid(), phone.store().enrolled().unwrap().1.worker);
        self.phones[n].lose_key_store();
        self.interviews.remove(&n);
        self.phones[n].grids = vec![grid];
        self.waiting.remove(&n);
        self.counts.count("key store lost");
        let ticket = self.relay.ticket_for(worker);
        self.phones[n].enrol(&self.relay, &ticket);
        self.strike_what_is_gone();
        self.check_phone(n);
    }

    /// After an accident that destroys data: nobody is owed what nobody has.
    pub(crate) fn strike_what_is_gone(&mut self) {
        self.ledger.strike_what_is_gone(&self.phones, &self.relay);
    }
}
