//! The seeded scheduler: one step is one thing that happens, to one phone, one message, or the relay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use xunge_core::store::{Save, SyncState};
use xunge_core::sync::{Answer, Event, TransportFailure};
use xunge_protocol::{Confidence, Hash32, RecordId, ScopeId, Timestamp};
use xunge_records::{EventBody, Kind, Value, Verb};

use crate::accidents::Trouble;
use crate::check;
use crate::counts::Counts;
use crate::courier::Courier;
use crate::intruder::Intruder;
use crate::ledger::{Ledger, token};
use crate::network::{Fate, Message, Network};
use crate::phone::{SimPhone, Wish};
use crate::relay::SimRelay;

const GRIDS: usize = 3;
const HOUSEHOLDS_A_GRID: usize = 6;
/// Syncs of each phone until all must be at rest.
const MOST_ROUNDS: usize = 4;
/// 2026-11-23, noon in China.
const START: Timestamp = Timestamp(1_795_406_400_000);

/// Phones, a relay, and the network between them.
pub(crate) struct World {
    seed: u64,
    pub(crate) random: ChaCha8Rng,
    pub(crate) relay: SimRelay,
    pub(crate) phones: Vec<SimPhone>,
    pub(crate) network: Network,
    /// Phones that wait: attempt, and milliseconds.
    pub(crate) waiting: BTreeMap<usize, (u64, u64)>,
    pub(crate) grids: Vec<ScopeId>,
    households: Vec<(ScopeId, RecordId)>,
    /// Records that a supervisor erased, by their grid.
    erased: BTreeSet<(ScopeId, RecordId)>,
    pub(crate) ledger: Ledger,
    pub(crate) courier: Courier,
    pub(crate) intruder: Intruder,
    /// Workers whose phones were revoked, with what of theirs the town had then.
    pub(crate) revoked: BTreeMap<usize, BTreeSet<String>>,
    /// A backup that the relay will go back to.
    pub(crate) backup: Option<PathBuf>,
    pub(crate) trouble: Trouble,
    pub(crate) counts: Counts,
    pub(crate) violations: Vec<String>,
    trace: Vec<u8>,
    pub(crate) dir: TempDir,
}

fn generator(seed: u64, step: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(step);
    random
}

impl World {
    pub(crate) fn new(seed: u64, phones: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
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
                    random.random(),
                    START,
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
            counts: Counts::default(),
            violations: Vec::new(),
            trace: Vec::new(),
            dir,
        };
        world.deliver_everything();
        world
    }

    /// Hash over what happened.
    pub(crate) fn trace_hash(&self) -> Hash32 {
        Hash32::of(&self.trace)
    }

    /// The thing that happens at step `number` of a seed. Each has a generator of its own, so that others can be left out.
    pub(crate) fn step(&mut self, number: u64) {
        self.random = generator(self.seed, number);
        let n = self.random.random_range(0..self.phones.len());
        let what = self.random.random_range(0..116);
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
            103..106 => self.lose_signal(n),
            106..109 => self.courier_acts(n),
            109 => self.intruder_acts(n),
            110.. => self.accident(n),
            38..45 => self.wake_one(),
            _ => self.deliver_one(true),
        }
        self.relay.advance(997);
        self.phones[n].env.advance(1_009);
    }

    pub(crate) fn save(&mut self, n: usize) {
        let token = self.ledger.say();
        let text = |s: &str| Value::from(s);
        let visit = self.random.random_bool(0.6);
        // A worker who was moved may still write where the phone does not know of it yet.
        for grid in self.phones[n].grids.clone().into_iter().rev() {
            let (kind, fields) = if visit {
                let household = self.household_of(grid).to_string();
                let fields = vec![
                    ("household".into(), Value::from(household)),
                    ("visited_on".into(), text("2026-11-23")),
                    ("purposes/VP08".into(), Value::from(true)),
                    ("met".into(), text("MW01")),
                    ("note".into(), text(&token)),
                ];
                (Kind::Visit, fields)
            } else {
                let fields = vec![
                    ("type".into(), text("07")),
                    ("scale".into(), text("01")),
                    ("source".into(), text("DS01")),
                    ("place".into(), text(&token)),
                ];
                (Kind::Dispute, fields)
            };
            if self.phones[n].save_new(grid, kind, fields).is_some() {
                self.counts.count("save");
                self.ledger.saved(token, self.phones[n].worker);
                break;
            }
        }
        self.check_phone(n);
    }

    fn household_of(&mut self, grid: ScopeId) -> RecordId {
        let own: Vec<_> = self
            .households
            .iter()
            .filter(|(scope, _)| *scope == grid)
            .collect();
        own.choose(&mut self.random).unwrap().1
    }

    /// Several phones of a grid change the same field of the same few households.
    fn edit_household(&mut self, n: usize) {
        let household = self.household_of(self.phones[n].grid());
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

    /// A supervisor erases a record that is in the town, while phones still hold it.
    fn erase_something(&mut self, n: usize) {
        let mine: Vec<_> = self.phones[n].wrote.iter().copied().collect();
        let Some(record) = mine.choose(&mut self.random).copied() else {
            return;
        };
        let Some(there) = self.relay.record(record) else {
            return;
        };
        if let (Kind::Visit | Kind::Dispute, Some(scope)) = (there.kind, there.scope) {
            self.relay.erase(record);
            self.erased.insert((scope, record));
            if let Some(token) = token(&there.fields) {
                self.ledger.erased(&token);
            }
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
        // What the relay itself says after a backup is lost with it.
        if self.backup.is_some() {
            return;
        }
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
    pub(crate) fn grant(&mut self, n: usize, wish: Wish) {
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
        self.check_claims(n);
    }

    pub(crate) fn check_claims(&mut self, n: usize) {
        self.violations
            .extend(check::claims(n, &self.phones[n], &self.relay, &self.erased));
    }

    pub(crate) fn check_phone(&mut self, n: usize) {
        self.phones[n].follow_new_ids();
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

    /// The network is good again, and everyone syncs until nothing waits.
    fn deliver_everything(&mut self) {
        for _ in 0..MOST_ROUNDS {
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
        self.admit_what_the_revoked_sent();
        self.deliver_everything();
        for n in 0..self.phones.len() {
            self.check_phone(n);
        }
        for (n, phone) in self.phones.iter().enumerate() {
            let progress = phone.store().progress().unwrap();
            // What a revoked phone built on something that the relay lost with its disk stays refused, and is shown so.
            let is_revoked = self.revoked.contains_key(&phone.worker);
            let may_be_refused = is_revoked && self.trouble == Trouble::Backups;
            if progress.waiting > 0 || progress.refused > 0 && !may_be_refused {
                self.violations
                    .push(format!("I9: at rest, phone {n} says {progress:?}"));
            }
        }
        self.violations.extend(self.ledger.settle(&self.relay));
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
