//! The seeded scheduler: one step is one thing that happens, to one phone, one message, or the relay.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use xunge_core::env::Env as _;
use xunge_core::store::{Save, SyncState};
use xunge_core::sync::{Answer, Event, TransportFailure};
use xunge_protocol::{Confidence, Hash32, RecordId, ScopeId, Timestamp};
use xunge_records::{EventBody, Kind, Value, Verb};

use crate::check;
use crate::counts::Counts;
use crate::network::{Fate, Message, Network};
use crate::phone::{SimPhone, Wish};
use crate::relay::SimRelay;

const GRIDS: usize = 3;
const HOUSEHOLDS_A_GRID: usize = 6;
/// 2026-11-23, noon in China.
const START: Timestamp = Timestamp(1_795_406_400_000);

/// Phones, a relay, and the network between them.
pub(crate) struct World {
    random: ChaCha8Rng,
    relay: SimRelay,
    phones: Vec<SimPhone>,
    network: Network,
    /// Phones that wait: attempt, and milliseconds.
    waiting: BTreeMap<usize, (u64, u64)>,
    households: Vec<(ScopeId, RecordId)>,
    /// Records that a supervisor erased, by their grid.
    erased: BTreeSet<(ScopeId, RecordId)>,
    pub(crate) counts: Counts,
    pub(crate) violations: Vec<String>,
    trace: Vec<u8>,
    _dir: TempDir,
}

impl World {
    pub(crate) fn new(seed: u64, phones: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
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
                let phone = SimPhone::new(
                    dir.path().join(format!("phone{n}")),
                    random.random(),
                    START,
                    grid,
                );
                phone.enrol(&relay, &relay.ticket(grid, format!("网格员{n}")));
                phone
            })
            .collect();
        let mut world = Self {
            random,
            relay,
            phones,
            network: Network::default(),
            waiting: BTreeMap::new(),
            households,
            erased: BTreeSet::new(),
            counts: Counts::default(),
            violations: Vec::new(),
            trace: Vec::new(),
            _dir: dir,
        };
        world.deliver_everything();
        world
    }

    /// Hash over what happened.
    pub(crate) fn trace_hash(&self) -> Hash32 {
        Hash32::of(&self.trace)
    }

    /// One thing happens.
    pub(crate) fn step(&mut self) {
        let n = self.random.random_range(0..self.phones.len());
        let what = self.random.random_range(0..106);
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
                self.phones[n].kill_and_start();
                self.waiting.remove(&n);
                self.check_phone(n);
            }
            33..34 => {
                self.counts.count("relay killed");
                self.relay.kill_and_start();
            }
            34..38 => self.decide_something(n),
            100..102 => self.set_clock(n),
            102 => self.erase_something(n),
            103.. => self.lose_signal(n),
            38..45 => self.wake_one(),
            _ => self.deliver_one(true),
        }
        self.relay.advance(997);
        self.phones[n].env.advance(1_009);
    }

    fn save(&mut self, n: usize) {
        self.counts.count("save");
        let household = self.household_of(n);
        let text = |s: &str| Value::from(s);
        if self.random.random_bool(0.6) {
            self.phones[n].save_new(
                Kind::Visit,
                vec![
                    ("household".into(), Value::from(household.to_string())),
                    ("visited_on".into(), text("2026-11-23")),
                    ("purposes/VP08".into(), Value::from(true)),
                    ("met".into(), text("MW01")),
                ],
            );
        } else {
            self.phones[n].save_new(
                Kind::Dispute,
                vec![
                    ("type".into(), text("07")),
                    ("scale".into(), text("01")),
                    ("source".into(), text("DS01")),
                    ("place".into(), text("石坎村三组")),
                ],
            );
        }
        self.check_phone(n);
    }

    fn household_of(&mut self, n: usize) -> RecordId {
        let grid = self.phones[n].grid;
        let own: Vec<_> = self
            .households
            .iter()
            .filter(|(scope, _)| *scope == grid)
            .collect();
        own.choose(&mut self.random).unwrap().1
    }

    /// Several phones of a grid change the same field of the same few households.
    fn edit_household(&mut self, n: usize) {
        let household = self.household_of(n);
        if self.phones[n].store().record(&household).unwrap().is_none() {
            return;
        }
        self.counts.count("edit");
        // Never what stands there already: saving that changes nothing.
        let note = format!("备注{}", self.trace.len());
        self.phones[n].save(&Save::edit(household, Kind::Household).set("note", note));
        self.check_phone(n);
    }

    /// The worker continues a case of their own, and mends it if it was returned.
    fn add_to_own(&mut self, n: usize) {
        let phone = &self.phones[n];
        let own: Vec<_> = phone
            .wrote
            .iter()
            .filter_map(|id| {
                phone
                    .store()
                    .record(id)
                    .unwrap()
                    .filter(|r| r.kind == Kind::Dispute)
            })
            .collect();
        let returned: Vec<_> = own
            .iter()
            .filter(|r| r.sync_state == SyncState::Returned)
            .collect();
        let Some(row) = returned
            .choose(&mut self.random)
            .copied()
            .or_else(|| own.choose(&mut self.random))
        else {
            return;
        };
        let verb = if row.sync_state == SyncState::Returned {
            Verb::Fix
        } else {
            Verb::Mediate
        };
        self.counts
            .count(if verb == Verb::Fix { "fix" } else { "mediate" });
        let mut save = Save::edit(row.record, Kind::Dispute);
        save.events
            .push(EventBody::new(verb, START, Confidence::Unsure));
        self.phones[n].save(&save);
        self.check_phone(n);
    }

    /// Its owner, or an empty battery, sets the clock of a phone.
    fn set_clock(&mut self, n: usize) {
        let env = self.phones[n].env.clone();
        let (what, clock) = match self.random.random_range(0..3) {
            0 => ("clock in 1970", Timestamp(0)),
            1 => ("clock in 2100", Timestamp(4_102_444_800_000)),
            _ => ("clock set back", env.wall_clock().plus_millis(-7_200_000)),
        };
        self.counts.count(what);
        env.set_wall_clock(clock);
    }

    /// A supervisor erases a visit that is in the town, while phones still hold it.
    fn erase_something(&mut self, n: usize) {
        let mine: Vec<_> = self.phones[n].wrote.iter().copied().collect();
        let Some(record) = mine.choose(&mut self.random).copied() else {
            return;
        };
        if self
            .relay
            .record(record)
            .is_some_and(|r| r.kind == Kind::Visit)
        {
            self.relay.erase(record);
            self.erased.insert((self.phones[n].grid, record));
            self.counts.count("erased while a phone is away");
        }
    }

    /// A phone that waits for an answer has no connection any more.
    fn lose_signal(&mut self, n: usize) {
        let Some(attempt) = self.phones[n].waits_for() else {
            return;
        };
        if self.waiting.contains_key(&n) {
            return;
        }
        self.counts.count("no signal");
        let failure = match self.random.random_bool(0.5) {
            true => TransportFailure::Unreachable("no route".into()),
            false => TransportFailure::Cut("reset".into()),
        };
        let wish = self.phones[n].hear(attempt, Event::Failed(failure));
        self.grant(n, wish);
    }

    /// A phone forgets what it heard was erased; until then it holds it.
    fn forget_erased(&mut self, n: usize) {
        let gone: Vec<_> = self
            .erased
            .iter()
            .map(|(_, record)| *record)
            .filter(|record| self.phones[n].wrote.contains(record))
            .filter(|record| self.phones[n].store().record(record).unwrap().is_none())
            .collect();
        for record in gone {
            self.phones[n].wrote.remove(&record);
        }
    }

    fn decide_something(&mut self, n: usize) {
        let disputes: Vec<_> = self.phones[n].wrote.iter().copied().collect();
        let Some(record) = disputes.choose(&mut self.random).copied() else {
            return;
        };
        if self
            .relay
            .record(record)
            .is_some_and(|r| r.kind == Kind::Dispute)
        {
            let two = self.random.random_bool(0.3);
            let first = self.random.random_bool(0.7);
            let mut done = 0;
            for (verb, who, what) in [
                (Verb::Return, ("u1", "周主任"), "returned"),
                (Verb::Approve, ("u2", "吴副主任"), "approved"),
            ] {
                let acts = two || (verb == Verb::Return) == first;
                if acts && self.relay.supervise(record, verb, who) {
                    self.counts.count(what);
                    done += 1;
                }
            }
            if done == 2 {
                self.counts.count("two supervisors at once");
            }
        }
    }

    /// Does what a phone wishes.
    fn grant(&mut self, n: usize, wish: Wish) {
        match wish {
            Wish::Send {
                attempt,
                path,
                body,
            } => {
                self.trace.extend_from_slice(&Hash32::of(&body).0);
                self.network.send(Message::Request {
                    phone: n,
                    attempt,
                    path,
                    body,
                });
            }
            Wish::Wait { attempt, millis } => {
                self.waiting.insert(n, (attempt, millis));
            }
            Wish::Rest(Ok(())) => {}
            Wish::Rest(Err(_)) => self.counts.count("sync gave up"),
        }
        self.check_phone(n);
        self.violations
            .extend(check::claims(n, &self.phones[n], &self.relay, &self.erased));
    }

    fn check_phone(&mut self, n: usize) {
        self.forget_erased(n);
        self.violations.extend(check::phone(n, &self.phones[n]));
    }

    fn wake_one(&mut self) {
        if let Some((n, (attempt, millis))) = self.waiting.pop_first() {
            self.phones[n].env.advance(millis);
            let wish = self.phones[n].hear(attempt, Event::Woken);
            self.grant(n, wish);
        }
    }

    fn deliver_one(&mut self, bad: bool) {
        let Some((message, fate)) = self.network.next(&mut self.random, bad) else {
            return;
        };
        self.trace.push(fate as u8);
        let (n, attempt) = message.attempt();
        if fate == Fate::Dropped {
            self.counts
                .count(if matches!(message, Message::Answer { .. }) {
                    "answer lost"
                } else {
                    "dropped"
                });
            if self.phones[n].awaits(attempt) {
                self.phones[n].env.advance(25_000);
                let wish = self.phones[n].hear(attempt, Event::Failed(TransportFailure::TimedOut));
                self.grant(n, wish);
            }
            return;
        }
        self.counts.count(fate.name());
        if fate == Fate::Slow {
            let late = self.random.random_range(1_000..60_000);
            self.phones[n].env.advance(late);
        }
        if fate == Fate::Impostor {
            if self.phones[n].awaits(attempt) {
                let failure = TransportFailure::Untrusted("another organisation".into());
                let wish = self.phones[n].hear(attempt, Event::Failed(failure));
                self.grant(n, wish);
            }
            return;
        }
        match message {
            Message::Request {
                phone,
                attempt,
                path,
                body,
            } => {
                let (status, body) = self.relay.answer(&path, &body);
                if status >= 500 {
                    self.violations
                        .push(format!("I8: the relay answered {status}"));
                }
                self.network.send(Message::Answer {
                    phone,
                    attempt,
                    status,
                    body,
                });
            }
            Message::Answer {
                phone,
                attempt,
                status,
                body,
            } => {
                let answer = Answer {
                    status: if fate == Fate::Busy { 503 } else { status },
                    content_type: (fate == Fate::Portal).then(|| "text/html".into()),
                    body,
                    ..Answer::default()
                };
                if self.phones[phone].awaits(attempt) {
                    let wish = self.phones[phone].hear(attempt, Event::Answered(answer));
                    self.grant(phone, wish);
                }
            }
        }
    }

    /// The network is good again, and everyone syncs until nothing changes.
    fn deliver_everything(&mut self) {
        for _ in 0..3 {
            for n in 0..self.phones.len() {
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
        }
    }

    /// I3, and that nothing waits any more.
    pub(crate) fn come_to_rest(&mut self) {
        // Syncs that still wait for a lost message are those of a phone that was switched off and on.
        for phone in &mut self.phones {
            phone.kill_and_start();
        }
        self.waiting.clear();
        self.network = Network::default();
        self.deliver_everything();
        let mut written: BTreeMap<ScopeId, BTreeSet<RecordId>> = BTreeMap::new();
        for n in 0..self.phones.len() {
            self.check_phone(n);
        }
        for (n, phone) in self.phones.iter().enumerate() {
            written.entry(phone.grid).or_default().extend(&phone.wrote);
            let progress = phone.store().progress().unwrap();
            if progress.waiting + progress.refused > 0 {
                self.violations
                    .push(format!("at rest, phone {n} says {progress:?}"));
            }
        }
        for (grid, records) in written {
            let there: Vec<_> = self
                .phones
                .iter()
                .enumerate()
                .filter(|(_, p)| p.grid == grid)
                .collect();
            for (_, record) in self.erased.iter().filter(|(scope, _)| *scope == grid) {
                self.violations
                    .extend(check::erased(*record, &there, &self.relay));
            }
            for record in records {
                self.violations
                    .extend(check::agreement(record, &there, &self.relay));
            }
        }
    }
}
