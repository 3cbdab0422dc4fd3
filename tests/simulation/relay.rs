//! The relay of a simulation: the real one, on a real database, with an injected world, killed and started at will.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use xunge_protocol::enrolment::Ticket;
use xunge_protocol::system::{Grant, OrgNode};
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::{FormRef, Kind, Record, Verb, check_change};
use xunge_server::authority::{self, Draft, NewTicket};
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{NewCounty, Options, Store, StoreError};
use xunge_server::{log, sync};

/// The relay's clock and generator.
pub(crate) struct RelayEnv(Mutex<(Timestamp, ChaCha12Rng)>);

impl RelayEnv {
    fn advance(&self, millis: i64) {
        let mut world = self.0.lock().unwrap();
        world.0 = world.0.plus_millis(millis);
    }
}

impl xunge_server::env::Env for RelayEnv {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().1.fill_bytes(bytes);
    }
}

/// What a command of the simulation may fail with.
type Refused = Box<dyn std::error::Error + Send + Sync>;

/// A relay that can be killed.
pub(crate) struct SimRelay {
    dir: PathBuf,
    env: Arc<RelayEnv>,
    relay: Option<Arc<Relay>>,
    pub(crate) county: ScopeId,
}

const OPTIONS: Options = Options {
    writer_thread: false,
};

impl SimRelay {
    pub(crate) fn new(dir: PathBuf, seed: u64, now: Timestamp) -> Self {
        let env = Arc::new(RelayEnv(Mutex::new((
            now,
            ChaCha12Rng::seed_from_u64(seed),
        ))));
        let world: &dyn xunge_server::env::Env = env.as_ref();
        let new = NewCounty::drawn(world, "999999", "青山县");
        let store = Store::create(&dir, &new, OPTIONS).unwrap();
        let relay = Arc::new(Relay::new(store, env.clone(), Config::default()).unwrap());
        Self {
            dir,
            env,
            relay: Some(relay),
            county: new.scope,
        }
    }

    /// Stops it without any ceremony, and starts it on what is on disk.
    pub(crate) fn kill_and_start(&mut self) {
        self.relay = None;
        let store = Store::open(&self.dir, OPTIONS).unwrap();
        self.relay = Some(Arc::new(
            Relay::new(store, self.env.clone(), Config::default()).unwrap(),
        ));
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.env.advance(millis);
    }

    fn relay(&self) -> &Arc<Relay> {
        self.relay.as_ref().unwrap()
    }

    /// Answers a request to `path`: status and body.
    pub(crate) fn answer(&self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let outcome = if path == xunge_protocol::enrolment::ENROL_PATH {
            sync::enrol::handle(self.relay(), body)
        } else {
            sync::handle(self.relay(), body)
        };
        match outcome {
            Ok(body) => (200, body),
            Err(failure) => {
                let problem = format!("{{\"code\":\"{}\"}}", failure.code());
                (failure.status().as_u16(), problem.into_bytes())
            }
        }
    }

    /// The county with `grids` grids.
    pub(crate) fn organise(&self, grids: usize) -> Vec<ScopeId> {
        let county = self.county;
        authority::command(self.relay(), move |a, _| {
            let now = a.now();
            let node = |scope, parent, level: &str, n: usize| OrgNode {
                scope,
                parent,
                level: level.into(),
                code: format!("999999{n:09}"),
                name: format!("网格{n}"),
                from: now,
                help_phone: None,
            };
            a.org_node(&node(county, None, "1", 0))?;
            let mut scopes = Vec::new();
            for n in 1..=grids {
                let scope = ScopeId([n as u8; 8]);
                a.org_node(&node(scope, Some(county), "4", n))?;
                scopes.push(scope);
            }
            Ok::<_, Refused>(scopes)
        })
        .unwrap()
    }

    /// A household of `grid`, written by the relay.
    pub(crate) fn household(&self, grid: ScopeId, n: usize) -> RecordId {
        authority::command(self.relay(), move |a, _| {
            let draft = Draft::default()
                .set("door", format!("{n}号"))
                .set("head_name", format!("户主{n}"));
            let form = FormRef {
                id: "import".into(),
                version: 1,
            };
            Ok::<_, Refused>(a.open(grid, Kind::Household, form, draft)?.id)
        })
        .unwrap()
    }

    /// A ticket for a new worker with a grant for `grid`.
    pub(crate) fn ticket(&self, grid: ScopeId, name: String) -> Ticket {
        authority::command(self.relay(), move |a, _| {
            let worker = a.add_worker(&name)?;
            let from = a.now();
            a.grant(&Grant {
                worker: worker.id.clone(),
                scope: grid,
                from,
                until: None,
                drain_days: 30,
            })?;
            let url = "http://relay.invalid".into();
            Ok::<_, Refused>(a.ticket(&NewTicket {
                worker: worker.id,
                url,
                lifetime_ms: 3_600_000,
                pins: Vec::new(),
            })?)
        })
        .unwrap()
    }

    /// A supervisor does `verb` to a case, if that is possible in its turn.
    pub(crate) fn supervise(
        &self,
        record: RecordId,
        verb: Verb,
        who: (&'static str, &'static str),
    ) -> bool {
        authority::command(self.relay(), move |a, _| {
            let mut body = a.event(verb, Some(who));
            body.reason = Some("请补充".into());
            body.note = Some("缺地点，请说一句".into());
            a.write(record, None, Draft::default().event(body))?;
            Ok::<_, Refused>(())
        })
        .is_ok()
    }

    /// A supervisor erases a record. Repeating it changes nothing.
    pub(crate) fn erase(&self, record: RecordId) {
        authority::command(self.relay(), move |a, _| {
            a.erase(record)?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    /// The record as the relay holds it.
    pub(crate) fn record(&self, record: RecordId) -> Option<Record> {
        self.relay()
            .store
            .read(|tx| log::read_record(tx, record))
            .unwrap()
    }

    /// Hashes of the accepted changes of a record.
    pub(crate) fn changes(&self, scope: ScopeId, record: RecordId) -> Vec<xunge_protocol::Hash32> {
        let bodies = self
            .relay()
            .store
            .read::<_, StoreError>(|tx| tx.changes(scope, record))
            .unwrap();
        bodies
            .iter()
            .map(|body| check_change(body).unwrap().hash)
            .collect()
    }
}
