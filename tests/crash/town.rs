//! The relay: the real one, with an injected world, closed and opened at will.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use xunge_protocol::enrolment::{ENROL_PATH, Ticket};
use xunge_protocol::succession::SUCCEED_PATH;
use xunge_protocol::system::{Grant, OrgNode};
use xunge_protocol::{RecordId, Timestamp};
use xunge_records::{FormRef, Kind, Verb};
use xunge_server::authority::{self, Draft, NewTicket};
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{NewCounty, Options, Store, StoreError};
use xunge_server::{log, sync};

use crate::world::{GRID, START, said};

/// A page of a list; no world holds more.
const ALL: usize = 100_000;

type Refused = Box<dyn std::error::Error + Send + Sync>;

/// The relay's clock and generator.
struct TownEnv(Mutex<(Timestamp, ChaCha12Rng)>);

impl xunge_server::env::Env for TownEnv {
    fn now(&self) -> Timestamp {
        let mut world = self.0.lock().unwrap();
        world.0 = world.0.plus_millis(1);
        world.0
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().1.fill_bytes(bytes);
    }
}

/// The relay.
pub(crate) struct Town {
    folder: PathBuf,
    env: Arc<TownEnv>,
    state: State,
}

enum State {
    Closed,
    /// Only to be looked at, which costs less.
    Shown(Box<Store>),
    Serving(Arc<Relay>),
}

const OPTIONS: Options = Options {
    writer_thread: false,
};

impl Town {
    pub(crate) fn create(folder: PathBuf, seed: u64) -> Self {
        let mut town = Self::at(folder, seed, START);
        let world: &dyn xunge_server::env::Env = town.env.as_ref();
        let new = NewCounty::drawn(world, "999999", "青山县");
        drop(Store::create(&town.folder, &new, OPTIONS).unwrap());
        town.open().unwrap();
        town
    }

    /// The relay on what `folder` holds; nothing is opened.
    pub(crate) fn at(folder: PathBuf, seed: u64, now: Timestamp) -> Self {
        let random = ChaCha12Rng::seed_from_u64(seed);
        Self {
            folder,
            env: Arc::new(TownEnv(Mutex::new((now, random)))),
            state: State::Closed,
        }
    }

    /// Opens the store, to look at what records say.
    pub(crate) fn show(&mut self) -> Result<(), StoreError> {
        self.close();
        self.state = State::Shown(Box::new(Store::open(&*self.folder, OPTIONS)?));
        Ok(())
    }

    /// Serves phones.
    pub(crate) fn open(&mut self) -> Result<(), StoreError> {
        let store = match std::mem::replace(&mut self.state, State::Closed) {
            State::Shown(store) => *store,
            _ => Store::open(&*self.folder, OPTIONS)?,
        };
        let relay = Relay::new(store, self.env.clone(), Config::default())?;
        self.state = State::Serving(Arc::new(relay));
        Ok(())
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, millis: u64) {
        let mut world = self.env.0.lock().unwrap();
        world.0 = world.0.plus_millis(millis.cast_signed());
    }

    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
    }

    fn relay(&self) -> &Arc<Relay> {
        match &self.state {
            State::Serving(relay) => relay,
            _ => panic!("the relay does not serve"),
        }
    }

    fn store(&self) -> &Store {
        match &self.state {
            State::Shown(store) => store,
            State::Serving(relay) => &relay.store,
            State::Closed => panic!("the relay is closed"),
        }
    }

    /// Answers a request: status and body.
    pub(crate) fn answer(&self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let outcome = match path {
            ENROL_PATH => sync::enrol::handle(self.relay(), body),
            SUCCEED_PATH => sync::succeed::handle(self.relay(), body),
            _ => sync::handle(self.relay(), body),
        };
        match outcome {
            Ok(body) => (200, body),
            Err(failure) => {
                let problem = format!("{{\"code\":\"{}\"}}", failure.code());
                (failure.status().as_u16(), problem.into_bytes())
            }
        }
    }

    pub(crate) fn organise(&self) {
        let county = self.relay().county_scope();
        authority::command(self.relay(), move |a, _| {
            let now = a.now();
            for (scope, parent, level, code) in [
                (county, None, "1", "999999000000000"),
                (GRID, Some(county), "4", "999999000000001"),
            ] {
                a.org_node(&OrgNode {
                    scope,
                    parent,
                    level: level.into(),
                    code: code.into(),
                    name: "一网格".into(),
                    from: now,
                    help_phone: None,
                })?;
            }
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    /// The relay writes something of its own: a household that phones will pull.
    pub(crate) fn household(&self, n: u64) -> Result<RecordId, Refused> {
        authority::command(self.relay(), move |a, _| {
            let writing = Draft::default()
                .set("door", format!("{n}号"))
                .set("head_name", format!("户主{n}"));
            let form = FormRef {
                id: "import".into(),
                version: 1,
            };
            Ok::<_, Refused>(a.open(GRID, Kind::Household, form, writing)?.id)
        })
    }

    pub(crate) fn ticket(&self) -> Ticket {
        authority::command(self.relay(), move |a, _| {
            let worker = a.add_worker("王桂兰")?;
            let from = a.now();
            a.grant(&Grant {
                worker: worker.id.clone(),
                scope: GRID,
                from,
                until: None,
                drain_days: 30,
            })?;
            Ok::<_, Refused>(a.ticket(&NewTicket {
                worker: worker.id,
                url: "http://relay.invalid".into(),
                lifetime_ms: 3_600_000,
                pins: Vec::new(),
            })?)
        })
        .unwrap()
    }

    /// A supervisor gives a record back. False if that is not possible now.
    pub(crate) fn give_back(&self, record: RecordId) -> bool {
        authority::command(self.relay(), move |a, _| {
            let mut body = a.event(Verb::Return, Some(("zhou", "周主任")));
            body.reason = Some("请补充".into());
            body.note = Some("缺地点".into());
            a.write(record, None, Draft::default().event(body))?;
            Ok::<_, Refused>(())
        })
        .is_ok()
    }

    /// What visits say that the relay shows.
    pub(crate) fn says(&self) -> Result<BTreeMap<RecordId, String>, StoreError> {
        self.store().read::<_, StoreError>(|tx| {
            let mut says = BTreeMap::new();
            for row in tx.records_after(0, None, None, ALL)? {
                let record = log::read_record(tx, row.record).ok().flatten();
                if let Some(token) = record.as_ref().and_then(said) {
                    says.insert(row.record, token);
                }
            }
            Ok(says)
        })
    }
}
