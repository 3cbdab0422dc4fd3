//! A phone with its worker and a relay, in one thread and under a seed, wherever their disks may be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use xunge_core::env::SeededEnv;
use xunge_core::store::{Draft, RecordQuery, Save, Store, StoreError};
use xunge_core::sync::{
    Answer, Engine, Event, Exchange, Step, SyncError, Transport, TransportFailure,
};
use xunge_core::vault::DatabaseKey;
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::{FormRef, Kind, Open};
use xunge_vfs::Disk;

use crate::town::Town;

/// 2026-11-23, noon in China.
pub(crate) const START: Timestamp = Timestamp(1_795_406_400_000);
/// An hour later: when things go on after an accident.
const AFTER: Timestamp = Timestamp(START.0 + 3_600_000);
pub(crate) const GRID: ScopeId = ScopeId([0x61; 8]);
/// The field that says what no other record says.
pub(crate) const SAYING: &str = "note";

/// A disk in memory at `folder`.
pub(crate) fn disk(folder: &Path) -> Disk {
    xunge_vfs::register(xunge_vfs::Role::Default).unwrap();
    Disk::mount(folder).unwrap()
}

/// One phone, one relay, and nothing between them.
pub(crate) struct World {
    household: RecordId,
    pub(crate) phone: Phone,
    pub(crate) relay: Town,
}

impl World {
    /// A county with one grid and a few households; a worker with an enrolled phone.
    pub(crate) fn new(folder: &Path, seed: u64) -> Self {
        let relay = Town::create(folder.join("relay"), seed);
        relay.organise();
        let household = relay.household(0).unwrap();
        let mut phone = Phone::switched_on(folder.join("phone"), seed);
        phone.open().unwrap();
        phone.enrol(&relay);
        let mut world = Self {
            household,
            phone,
            relay,
        };
        world.sync().unwrap();
        world
    }

    /// A visit that says `token`, to be saved.
    pub(crate) fn visit(&self, token: &str) -> Save {
        let form = FormRef {
            id: Kind::Visit.name().into(),
            version: 1,
        };
        Save::new(Kind::Visit, Open { scope: GRID, form })
            .set("household", self.household.to_string())
            .set("visited_on", "2026-11-23")
            .set("purposes/VP08", true)
            .set("met", "MW01")
            .set(SAYING, token)
    }

    /// The same phone and relay on what `folder` holds; nothing is opened.
    pub(crate) fn again(&self, folder: &Path, seed: u64) -> Self {
        Self {
            household: self.household,
            phone: self.phone.again(folder.join("phone"), seed),
            relay: Town::at(folder.join("relay"), seed, AFTER),
        }
    }

    /// One sync to its end, with waits that take no time.
    pub(crate) fn sync(&mut self) -> Result<(), SyncError> {
        self.sync_hearing(|_| {})
    }

    /// A sync; `answered` is called after each answer of the relay, before the phone hears it.
    pub(crate) fn sync_hearing(
        &mut self,
        mut answered: impl FnMut(&Town),
    ) -> Result<(), SyncError> {
        let store = self.phone.store();
        let env = self.phone.env.as_ref();
        let mut engine = Engine::new(xunge_core::env::Env::elapsed_millis(env));
        let mut event = Event::Begin;
        loop {
            event = match engine.handle(store, env, event)? {
                Step::Send(exchange) => {
                    let (status, body) = self.relay.answer(&exchange.path, &exchange.body);
                    answered(&self.relay);
                    self.phone.env.advance(300);
                    Event::Answered(Answer {
                        status,
                        body,
                        ..Answer::default()
                    })
                }
                Step::Wait(time) => {
                    self.phone.env.advance(time.as_millis() as u64);
                    Event::Woken
                }
                Step::Done => return Ok(()),
            };
        }
    }
}

/// A worker's phone.
pub(crate) struct Phone {
    folder: PathBuf,
    key: DatabaseKey,
    pub(crate) env: Arc<SeededEnv>,
    store: Option<Store>,
}

impl Phone {
    /// A phone whose key is the one of `seed`; nothing is opened.
    fn switched_on(folder: PathBuf, seed: u64) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let key = DatabaseKey::generate(&SeededEnv::new(seed, START));
        Self {
            folder,
            key,
            env: Arc::new(SeededEnv::new(seed, START)),
            store: None,
        }
    }

    fn again(&self, folder: PathBuf, seed: u64) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            key: self.key.clone(),
            env: Arc::new(SeededEnv::new(seed, AFTER)),
            store: None,
        }
    }

    pub(crate) fn open(&mut self) -> Result<(), StoreError> {
        self.store = None;
        let path = self.folder.join("xunge.db");
        self.store = Some(Store::open(&path, &self.key, self.env.clone())?);
        Ok(())
    }

    /// The process ends. What its disk lets it write, it writes.
    pub(crate) fn close(&mut self) {
        self.store = None;
        self.env.reboot();
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn enrol(&mut self, relay: &Town) {
        let ticket = relay.ticket();
        let identity = self.store().begin_enrolment(&ticket).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread();
        let answer = { runtime }
            .build()
            .unwrap()
            .block_on(xunge_core::sync::enrol::enrol(
                &Direct(relay),
                self.env.as_ref(),
                &ticket,
                &identity.key,
                None,
            ));
        let (answer, keys) = answer.unwrap();
        self.store().complete_enrolment(&answer, &keys).unwrap();
    }

    /// A draft of what will be said.
    pub(crate) fn draft(&self, id: &str, state: &str) -> Result<(), StoreError> {
        self.store().save_draft(&Draft {
            id: id.into(),
            kind: Kind::Visit.name().into(),
            title: String::new(),
            record: None,
            changed_at: START,
            state: state.into(),
        })
    }

    /// What visits say that this worker wrote.
    pub(crate) fn says(&self) -> Result<BTreeMap<RecordId, String>, StoreError> {
        let query = RecordQuery {
            own: true,
            ..RecordQuery::default()
        };
        let mut says = BTreeMap::new();
        for row in self.store().records(&query)? {
            let record = self.store().load_record(&row.record)?;
            if let Some(token) = record.as_ref().and_then(said) {
                says.insert(row.record, token);
            }
        }
        Ok(says)
    }
}

/// What a record says now.
pub(crate) fn said(record: &xunge_records::Record) -> Option<String> {
    record.fields.text(SAYING).map(str::to_owned)
}

/// A transport without a network between.
struct Direct<'a>(&'a Town);

impl Transport for Direct<'_> {
    async fn exchange(&self, exchange: Exchange) -> Result<Answer, TransportFailure> {
        let (status, body) = self.0.answer(&exchange.path, &exchange.body);
        Ok(Answer {
            status,
            body,
            ..Answer::default()
        })
    }

    async fn sleep(&self, _: Duration) {}
}
