//! The seeded scheduler: one step is one thing that happens, to one phone, one message, or the relay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use xunge_core::env::SeededEnv;
use xunge_core::store::RecordRow;
use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp};

use crate::accidents::Trouble;
use crate::check;
use crate::counts::Counts;
use crate::courier::Courier;
use crate::interviews::{self, UnderWay};
use crate::intruder::Intruder;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::phone::SimPhone;
use crate::relay::SimRelay;
use crate::scenario::PHONES;

const GRIDS: usize = 3;
const HOUSEHOLDS_A_GRID: usize = 6;
/// Phones on which there are interviews: few, so that each comes to its end.
const INTERVIEWERS: usize = 5;
/// 2026-11-23, noon in China.
pub(crate) const START: Timestamp = Timestamp(1_795_406_400_000);

/// Phones, a relay, and the network between them.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) random: ChaCha8Rng,
    pub(crate) relay: SimRelay,
    pub(crate) phones: Vec<SimPhone>,
    pub(crate) network: Network,
    /// Phones that wait: attempt, and milliseconds.
    pub(crate) waiting: BTreeMap<usize, (u64, u64)>,
    pub(crate) grids: Vec<ScopeId>,
    pub(crate) households: Vec<(ScopeId, RecordId)>,
    /// Records that a supervisor erased, by their grid.
    pub(crate) erased: BTreeSet<(ScopeId, RecordId)>,
    pub(crate) ledger: Ledger,
    pub(crate) courier: Courier,
    pub(crate) intruder: Intruder,
    /// Workers whose phones were revoked, with what of theirs the town had then.
    pub(crate) revoked: BTreeMap<usize, BTreeSet<String>>,
    /// A backup that the relay will go back to.
    pub(crate) backup: Option<PathBuf>,
    pub(crate) trouble: Trouble,
    /// Interviews that are under way, by phone.
    pub(crate) interviews: BTreeMap<usize, UnderWay>,
    /// Version of the county's form for visits.
    pub(crate) form_version: u32,
    workers: usize,
    pub(crate) counts: Counts,
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Vec<u8>,
    pub(crate) dir: TempDir,
}

pub(crate) fn generator(seed: u64, step: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(step);
    random
}

impl World {
    pub(crate) fn new(seed: u64, phones: usize) -> Self {
        xunge_vfs::register(xunge_vfs::Role::Default).unwrap();
        xunge_vfs::seed_sqlite(seed);
        // Databases lie in memory anyway; the rest does where it can.
        let memory = Path::new("/dev/shm");
        let dir = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let dir = dir.unwrap();
        let mut random = generator(seed, u64::MAX - 1);
        let relay = SimRelay::new(dir.path().join("relay"), random.random(), START);
        let grids = relay.organise(GRIDS);
        let mut households = Vec::new();
        for grid in &grids {
            for n in 1..=HOUSEHOLDS_A_GRID {
                households.push((*grid, relay.household(*grid, n)));
            }
        }
        let phones = (0..phones)
            .map(|n| {
                let grid = grids[n % grids.len()];
                let mut phone = SimPhone::new(
                    dir.path().join(format!("phone{n}")),
                    Arc::new(SeededEnv::new(random.random(), START)),
                    n,
                    grid,
                );
                phone.enrol(&relay, &relay.ticket(grid, format!("网格员{n}")));
                phone
            })
            .collect();
        let intruder = Intruder::new(dir.path(), &mut random, &relay, grids[0], START);
        let mut world = Self {
            seed,
            random,
            relay,
            phones,
            network: Network::default(),
            waiting: BTreeMap::new(),
            grids,
            households,
            erased: BTreeSet::new(),
            ledger: Ledger::default(),
            courier: Courier::default(),
            intruder,
            revoked: BTreeMap::new(),
            backup: None,
            trouble: if seed.is_multiple_of(2) {
                Trouble::Backups
            } else {
                Trouble::Copies
            },
            interviews: BTreeMap::new(),
            form_version: 2,
            workers: PHONES,
            counts: Counts::default(),
            violations: Vec::new(),
            trace: Vec::new(),
            dir,
        };
        world.relay.publish("forms/visit.json", interviews::form(2));
        world.deliver_everything();
        world
    }

    /// Number of a worker who was not there before.
    pub(crate) fn next_worker(&mut self) -> usize {
        self.workers += 1;
        self.workers - 1
    }

    /// Hash over what happened.
    pub(crate) fn trace_hash(&self) -> Hash32 {
        Hash32::of(&self.trace)
    }

    /// The thing that happens at step `number` of a seed. Each has a generator of its own, so that others can be left out.
    pub(crate) fn step(&mut self, number: u64) {
        self.random = generator(self.seed, number);
        let n = self.random.random_range(0..self.phones.len());
        let what = self.random.random_range(0..136);
        self.trace.extend_from_slice(&[n as u8, what as u8]);
        match what {
            0..10 => self.save(n),
            10..15 => self.edit_household(n),
            15..20 => self.add_to_own(n),
            20..30 if !self.phones[n].is_syncing() => {
                self.counts.count("sync");
                let wish = self.phones[n].begin_sync();
                self.grant(n, wish);
            }
            30..33 => {
                self.counts.count("phone killed");
                self.kill_phone(n);
            }
            33..34 => {
                self.counts.count("relay killed");
                self.relay.kill_and_start();
                self.doubt_claims();
            }
            34..38 => self.decide_something(n),
            100..102 => self.set_clock(n),
            102 => self.erase_something(n),
            103..106 => self.lose_signal(n),
            106..109 => self.courier_acts(n),
            109 => self.intruder_acts(n),
            110..116 => self.accident(n),
            116..120 => self.disk_fails(n),
            120..122 => self.somebody_begins(n),
            122..129 => self.interview(n % INTERVIEWERS),
            129..132 => self.spoil_a_case(n),
            132..134 => self.review(),
            134 => self.kill_relay_mid_batch(n),
            38..45 => self.wake_one(),
            _ => self.deliver_one(true),
        }
        self.relay.advance(997);
        self.phones[n].env.advance(1_009);
    }

    /// A phone forgets what it heard was erased; until then it holds it.
    fn forget_erased(&mut self, n: usize, rows: &BTreeMap<RecordId, RecordRow>) {
        let gone: Vec<_> = self
            .erased
            .iter()
            .map(|(_, record)| *record)
            .filter(|record| self.phones[n].wrote.contains(record) && !rows.contains_key(record))
            .filter(|record| self.phones[n].store().record(record).unwrap().is_none())
            .collect();
        for record in gone {
            self.phones[n].wrote.remove(&record);
        }
    }

    /// What must be true of a phone after anything that it did: [`Self::check_phone`], and what it claims.
    pub(crate) fn check_claims(&mut self, n: usize) {
        let rows = self.check_phone(n);
        let (phone, erased) = (&mut self.phones[n], &self.erased);
        let found = check::claims(n, phone, &rows, &self.relay, erased);
        self.violations.extend(found);
    }

    pub(crate) fn check_phone(&mut self, n: usize) -> BTreeMap<RecordId, RecordRow> {
        let rows = self.phones[n].own_rows();
        self.phones[n].follow_new_ids(&rows);
        self.forget_erased(n, &rows);
        let found = check::phone(n, &self.phones[n], &rows);
        self.violations.extend(found);
        rows
    }

    /// The relay was switched off, or somebody else's disk is in it: all claims are looked at again.
    pub(crate) fn doubt_claims(&mut self) {
        for phone in &mut self.phones {
            phone.verified.clear();
        }
    }
}
