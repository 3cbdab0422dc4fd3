//! Disks of phones that fail: full, an I/O error at the n-th call once or from then on, a kill at any write, a power cut.
//! What a save answered before stays, what it did not answer is there as a whole or not at all.

use rand::RngExt as _;
use xunge_vfs::{Call, Effect, Fault};

use crate::world::World;

/// Calls of SQLite within which a fault comes: those of one save or of one answer taken.
const WITHIN: u64 = 40;

impl World {
    /// Something happens to the disk of a phone in the middle of a save or of a sync.
    pub(crate) fn disk_fails(&mut self, n: usize) {
        let skip = self.random.random_range(0..WITHIN);
        let seed = self.random.random();
        let disk = &self.phones[n].disk;
        let name = match self.random.random_range(0..5) {
            0 => {
                disk.set_capacity(Some(disk.used() + skip * 256));
                "disk full"
            }
            1 => {
                disk.plan(Fault::once(Call::CHANGES, skip, Effect::Io));
                "I/O error once"
            }
            2 => {
                disk.plan(Fault::from_then_on(Call::ALL, skip, Effect::Io));
                "I/O error from then on"
            }
            3 => {
                disk.plan(Fault::from_then_on(Call::CHANGES, skip, Effect::Io));
                "killed at a write"
            }
            _ => {
                disk.plan(Fault::from_then_on(Call::CHANGES, skip, Effect::Io));
                "power cut"
            }
        };
        let before = self.phones[n].disk.faults_fired();
        self.phones[n].disk_fails = true;
        // Works on until the fault comes, or for a while.
        for _ in 0..4 {
            if self.phones[n].disk.faults_fired() > before {
                break;
            }
            match self.random.random_bool(0.6) {
                true => self.save_on_a_failing_disk(n),
                false => self.sync_on_a_failing_disk(n),
            }
        }
        if self.phones[n].disk.faults_fired() > before {
            self.counts.count(name);
        }
        // Whoever sees such a fault ends the program; a full disk is made room on.
        match name {
            "power cut" => {
                self.phones[n].disk.heal();
                self.phones[n].cut_power(seed);
            }
            _ => self.phones[n].kill_and_start(),
        }
        self.waiting.remove(&n);
        self.find_what_was_kept(n);
        self.check_claims(n);
    }

    /// A save whose answer may be an error: then nobody was told that it is there.
    fn save_on_a_failing_disk(&mut self, n: usize) {
        let token = self.ledger.say();
        let grid = self.phones[n].grid();
        let (kind, fields) = self.something_to_save(grid, &token);
        match self.phones[n].save_if_it_can(grid, kind, fields) {
            Ok(Some(_)) => {
                self.counts.count("save");
                let worker = self.phones[n].worker;
                self.ledger.saved(token, worker, None);
            }
            Ok(None) => {}
            Err(_) => self.ledger.unsure(token),
        }
    }

    fn sync_on_a_failing_disk(&mut self, n: usize) {
        if !self.phones[n].is_syncing() {
            let wish = self.phones[n].begin_sync();
            self.grant(n, wish);
        } else {
            self.deliver_one(false);
        }
    }

    /// What is there without having been answered is the worker's all the same: the phone shows it, and sends it.
    fn find_what_was_kept(&mut self, n: usize) {
        for (token, record) in self.phones[n].own_tokens() {
            if self.ledger.was_kept(&token, self.phones[n].worker) {
                self.phones[n].wrote.insert(record);
            }
        }
    }
}
