//! The relay of a simulation: the real one, on a real database, with an injected world, killed, started and restored at
//! will.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use xunge_protocol::enrolment::Ticket;
use xunge_protocol::system::{Grant, OrgNode};
use xunge_protocol::{EpochId, RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::{FormRef, Kind, Record, Verb, check_change};
use xunge_server::authority::{self, Draft, NewTicket};
use xunge_server::journal::{self, Journal};
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{
    EntryId, NewCounty, Options, QuarantineState, RecordRow, Store, StoreError,
};
use xunge_server::{log, sync};

use crate::ledger::{token, token_said};

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
    backups: u32,
}

const OPTIONS: Options = Options {
    writer_thread: false,
};

/// A page of a list; no world holds more.
const ALL: usize = 1_000_000;

impl SimRelay {
    pub(crate) fn new(dir: PathBuf, seed: u64, now: Timestamp) -> Self {
        let env = Arc::new(RelayEnv(Mutex::new((
            now,
            ChaCha12Rng::seed_from_u64(seed),
        ))));
        let world: &dyn xunge_server::env::Env = env.as_ref();
        let new = NewCounty::drawn(world, "999999", "青山县");
        let data = dir.join("data");
        drop(Store::create(&data, &new, OPTIONS).unwrap());
        let mut relay = Self {
            dir,
            env,
            relay: None,
            county: new.scope,
            backups: 0,
        };
        relay.start();
        relay
    }

    fn start(&mut self) {
        let store = Store::open(&*self.dir.join("data"), OPTIONS).unwrap();
        let config = Config {
            journal: Some(self.journal()),
            ..Config::default()
        };
        self.relay = Some(Arc::new(
            Relay::new(store, self.env.clone(), config).unwrap(),
        ));
    }

    /// Outside of every backup.
    fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// Stops it without any ceremony, and starts it on what is on disk.
    pub(crate) fn kill_and_start(&mut self) {
        self.relay = None;
        self.start();
    }

    /// Writes a backup, to go back to later.
    pub(crate) fn back_up(&mut self) -> PathBuf {
        self.backups += 1;
        let to = self.dir.join(format!("backup{}", self.backups));
        let relay = self.relay();
        relay.store.write_backup(&relay.media_dir(), &to).unwrap();
        to
    }

    /// What `xunge restore` does: the backup in a new epoch, told what the journal knows.
    pub(crate) fn restore(&mut self, from: &std::path::Path) {
        self.relay = None;
        let world: &dyn xunge_server::env::Env = self.env.as_ref();
        let (epoch, writer) = (EpochId(world.random()), WriterId(world.random()));
        let data = self.dir.join("data");
        Store::restore(&*data, &data.join("media"), from, epoch, writer).unwrap();
        let facts = vec![Journal::at(self.journal()).read().unwrap()];
        self.start();
        authority::command(self.relay(), move |a, _| {
            journal::apply(a, &facts)?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.env.advance(millis);
    }

    fn relay(&self) -> &Arc<Relay> {
        self.relay.as_ref().unwrap()
    }

    /// Which life of its log this is.
    pub(crate) fn epoch(&self) -> EpochId {
        self.relay().county().epoch
    }

    /// Answers a request to `path`: status and body.
    pub(crate) fn answer(&self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let outcome = match path {
            xunge_protocol::enrolment::ENROL_PATH => sync::enrol::handle(self.relay(), body),
            xunge_protocol::succession::SUCCEED_PATH => sync::succeed::handle(self.relay(), body),
            xunge_protocol::bundle::COURIER_PATH => sync::courier::handle(self.relay(), body),
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

    /// Every record that the relay shows.
    pub(crate) fn records(&self) -> Vec<RecordRow> {
        self.relay()
            .store
            .read::<_, StoreError>(|tx| tx.records_after(0, None, None, ALL))
            .unwrap()
    }

    /// What workers said in the records that the relay shows, with how often it is there.
    pub(crate) fn tokens(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for row in self.records() {
            if let Some(token) = self.record(row.record).and_then(|r| token(&r.fields)) {
                *found.entry(token).or_default() += 1;
            }
        }
        found
    }

    /// What workers said in the entries that wait in quarantine.
    pub(crate) fn quarantined(&self) -> Vec<(EntryId, Option<String>)> {
        self.relay()
            .store
            .read::<_, StoreError>(|tx| {
                let rows = tx.quarantine(Some(QuarantineState::Waiting), None, None, ALL)?;
                rows.into_iter()
                    .map(|row| {
                        let EntryId {
                            scope,
                            writer,
                            index,
                            ordinal,
                        } = row.id;
                        let entries = tx.entries(scope, writer, index)?;
                        let entry = entries.into_iter().find(|e| e.ordinal == ordinal);
                        let said = entry.and_then(|e| check_change(&e.entry.body).ok());
                        Ok((row.id, said.and_then(|c| token_said(&c.operations))))
                    })
                    .collect()
            })
            .unwrap()
    }

    /// Whether an entry of this record waits in quarantine.
    pub(crate) fn holds_in_quarantine(&self, record: RecordId) -> bool {
        let rows = self
            .relay()
            .store
            .read::<_, StoreError>(|tx| {
                tx.quarantine(Some(QuarantineState::Waiting), None, None, ALL)
            })
            .unwrap();
        rows.iter().any(|row| row.record == record)
    }

    /// A supervisor lets an entry in after all. False if it cannot be admitted now.
    pub(crate) fn admit(&self, id: EntryId) -> bool {
        authority::command(self.relay(), move |a, _| {
            a.admit(id, "周主任", "核对过")?;
            Ok::<_, Refused>(())
        })
        .is_ok()
    }

    /// A supervisor revokes a phone, with all that it was.
    pub(crate) fn revoke(&self, writer: WriterId) {
        authority::command(self.relay(), move |a, _| {
            let row = a.tx().writer(writer)?.ok_or("no such writer")?;
            a.revoke(&row)?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    /// A worker goes from one grid to another.
    pub(crate) fn move_worker(&self, worker: String, from: ScopeId, to: ScopeId) {
        authority::command(self.relay(), move |a, _| {
            let now = a.now();
            let held = a.tx().grant(&worker, from)?.ok_or("no grant")?;
            a.grant(&Grant {
                until: Some(now),
                ..held
            })?;
            a.grant(&Grant {
                worker,
                scope: to,
                from: now,
                until: None,
                drain_days: 30,
            })?;
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
