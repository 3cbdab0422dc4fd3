//! A phone of a simulation: the real store and the real sync engine, killed, copied and put back at will.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xunge_core::env::{Env, SeededEnv};
use xunge_core::store::{Save, Saved, Store, StoreError};
use xunge_core::sync::{Engine, Event, Step, SyncError};
use xunge_core::vault::DatabaseKey;
use xunge_protocol::bundle::{Delivered, SealedBundle};
use xunge_protocol::enrolment::{EnrolResponse, Ticket};
use xunge_protocol::envelope::{self, Opened};
use xunge_protocol::{RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::model::record::FORMER_ID;
use xunge_records::{FormRef, Kind, Open};

use crate::ledger::token;
use crate::relay::SimRelay;

/// A phone with its worker.
pub(crate) struct SimPhone {
    dir: PathBuf,
    key: Arc<DatabaseKey>,
    pub(crate) env: Arc<SeededEnv>,
    store: Option<Arc<Store>>,
    /// Which worker it is; copies of a phone have the same.
    pub(crate) worker: usize,
    /// The grids that the worker was given, the present one last.
    pub(crate) grids: Vec<ScopeId>,
    /// A running sync: the engine, and the attempt that it waits for.
    sync: Option<Engine>,
    attempt: u64,
    /// Records that this phone wrote something of, by the test's own count.
    pub(crate) wrote: BTreeSet<RecordId>,
    /// The incarnations that this phone was.
    pub(crate) writers: BTreeSet<WriterId>,
    /// Whether there are, or were, other copies of it: then it also shows what these wrote.
    pub(crate) copied: bool,
    /// An old copy of its folder.
    old: Option<Old>,
}

/// An old copy of a phone's folder, with what the test knew of it then.
struct Old {
    dir: PathBuf,
    wrote: BTreeSet<RecordId>,
    writers: BTreeSet<WriterId>,
}

/// What a phone wants after an event.
#[derive(Debug)]
pub(crate) enum Wish {
    /// To send this.
    Send {
        attempt: u64,
        path: String,
        body: Vec<u8>,
    },
    /// To be woken later.
    Wait { attempt: u64, millis: u64 },
    /// Nothing: the sync is over.
    Rest(Result<(), &'static str>),
}

impl SimPhone {
    pub(crate) fn new(
        dir: PathBuf,
        seed: u64,
        now: Timestamp,
        worker: usize,
        grid: ScopeId,
    ) -> Self {
        std::fs::create_dir_all(&dir).unwrap();
        let env = Arc::new(SeededEnv::new(seed, now));
        let key = Arc::new(DatabaseKey::generate(env.as_ref()));
        let mut phone = Self {
            dir,
            key,
            env,
            store: None,
            worker,
            grids: vec![grid],
            sync: None,
            attempt: 0,
            wrote: BTreeSet::new(),
            writers: BTreeSet::new(),
            copied: false,
            old: None,
        };
        phone.start();
        phone
    }

    fn start(&mut self) {
        let path = self.dir.join("xunge.db");
        self.store = Some(Arc::new(
            Store::open(&path, &self.key, self.env.clone()).unwrap(),
        ));
    }

    fn stop(&mut self) {
        self.sync = None;
        self.attempt += 1;
        self.store = None;
        self.env.reboot();
    }

    /// The power goes, and comes back.
    pub(crate) fn kill_and_start(&mut self) {
        self.stop();
        self.start();
    }

    /// Somebody keeps a copy of the folder.
    pub(crate) fn keep_a_copy(&mut self, to: PathBuf) {
        self.stop();
        copy_folder(&self.dir, &to);
        self.old = Some(Old {
            dir: to,
            wrote: self.wrote.clone(),
            writers: self.writers.clone(),
        });
        self.start();
    }

    /// Somebody puts the old copy back in the place of the folder. False if there is none.
    pub(crate) fn put_old_copy_back(&mut self) -> bool {
        let Some(old) = self.old.take() else {
            return false;
        };
        self.stop();
        std::fs::remove_dir_all(&self.dir).unwrap();
        std::fs::rename(old.dir, &self.dir).unwrap();
        (self.wrote, self.writers) = (old.wrote, old.writers);
        self.copied = true;
        self.start();
        true
    }

    /// A second phone with a copy of this one's folder: both go on.
    pub(crate) fn cloned(&mut self, dir: PathBuf, seed: u64) -> Self {
        self.stop();
        copy_folder(&self.dir, &dir);
        self.copied = true;
        self.start();
        let mut clone = Self {
            dir,
            key: self.key.clone(),
            env: Arc::new(SeededEnv::new(seed, self.env.wall_clock())),
            store: None,
            worker: self.worker,
            grids: self.grids.clone(),
            sync: None,
            attempt: 0,
            wrote: self.wrote.clone(),
            writers: self.writers.clone(),
            copied: true,
            old: None,
        };
        clone.start();
        clone
    }

    /// The grid in which the worker works now.
    pub(crate) fn grid(&self) -> ScopeId {
        *self.grids.last().unwrap()
    }

    /// What the worker said in each of the records that this phone wrote and holds.
    pub(crate) fn tokens(&self) -> BTreeMap<String, RecordId> {
        let held = self.wrote.iter().filter_map(|id| {
            let record = self.store().load_record(id).unwrap()?;
            Some((token(&record.fields)?, *id))
        });
        held.collect()
    }

    /// Records that this phone says again under a new incarnation have other ids.
    pub(crate) fn follow_new_ids(&mut self) {
        let store = self.store();
        let writer = store.enrolled().unwrap().1.writer;
        let gone = self
            .wrote
            .iter()
            .any(|id| store.record(id).unwrap().is_none());
        self.writers.insert(writer);
        if !gone {
            return;
        }
        let query = xunge_core::store::RecordQuery {
            own: true,
            ..Default::default()
        };
        for row in self.store().records(&query).unwrap() {
            let record = self.store().load_record(&row.record).unwrap().unwrap();
            let former = record.fields.text(FORMER_ID).and_then(|id| id.parse().ok());
            if former.is_some_and(|former| self.wrote.remove(&former)) {
                self.wrote.insert(row.record);
            }
        }
    }

    /// What waits, sealed for a courier.
    pub(crate) fn seal_for_courier(&self) -> Vec<SealedBundle> {
        let identity = self.store().enrolled().unwrap().0;
        let bundles = self.store().outbound().unwrap();
        let mut seed = [0; 32];
        let sealed = bundles.iter().map(|content| {
            self.env.fill_random(&mut seed);
            SealedBundle::out(identity.keys.current(), seed, content).unwrap()
        });
        sealed.collect()
    }

    /// What the relay answered to a courier. False if it is of no use to this phone any more.
    pub(crate) fn hear_courier(&self, bundle: &SealedBundle, answer: &[u8]) -> bool {
        let identity = self.store().enrolled().unwrap().0;
        let opened: Opened<Delivered> =
            envelope::open_response(&identity.keys, bundle.bytes(), answer).unwrap();
        let Some(home) = opened.message.home else {
            return false;
        };
        let home = SealedBundle::parse(home.into()).unwrap();
        // It was sealed to an incarnation that this phone is no more.
        let Ok((content, _)) = home.open_home(&identity.key, &identity.keys) else {
            return false;
        };
        match self.store().apply_homebound(&content) {
            Ok(_) => true,
            Err(StoreError::ForeignReceipt | StoreError::Forked) => false,
            Err(error) => panic!("an answer by courier failed: {error}"),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn enrol(&mut self, relay: &SimRelay, ticket: &Ticket) -> EnrolResponse {
        let identity = self.store().begin_enrolment(ticket).unwrap();
        let answer = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(xunge_core::sync::enrol::enrol(
                &Direct(relay),
                self.env.as_ref(),
                ticket,
                &identity.key,
                None,
            ));
        let (answer, keys) = answer.unwrap();
        self.store().complete_enrolment(&answer, &keys).unwrap();
        self.writers.insert(answer.certificate.certificate.writer);
        answer
    }

    /// Saves a new record of `kind` in `grid`. None if the worker may not write there now.
    pub(crate) fn save_new(
        &mut self,
        grid: ScopeId,
        kind: Kind,
        fields: Vec<(String, xunge_records::Value)>,
    ) -> Option<Saved> {
        let form = FormRef {
            id: kind.name().into(),
            version: 1,
        };
        let mut save = Save::new(kind, Open { scope: grid, form });
        save.set = fields;
        match self.try_save(&save) {
            Err(StoreError::ScopeNotWritable(_)) => None,
            saved => Some(saved.unwrap()),
        }
    }

    /// Saves a change of a record that is here.
    pub(crate) fn save(&mut self, save: &Save) -> Saved {
        self.try_save(save).unwrap()
    }

    /// Saves. What the store answers is what the test holds it to.
    fn try_save(&mut self, save: &Save) -> Result<Saved, StoreError> {
        let saved = self.store().save(save)?;
        self.wrote.insert(saved.record);
        Ok(saved)
    }

    pub(crate) fn is_syncing(&self) -> bool {
        self.sync.is_some()
    }

    pub(crate) fn begin_sync(&mut self) -> Wish {
        self.sync = Some(Engine::new(self.env.elapsed_millis()));
        self.hear(self.attempt, Event::Begin)
    }

    /// Gives an event to the running sync, unless it belongs to an attempt that is over.
    pub(crate) fn hear(&mut self, attempt: u64, event: Event) -> Wish {
        let Some(engine) = self.sync.as_mut().filter(|_| attempt == self.attempt) else {
            return Wish::Rest(Ok(()));
        };
        self.attempt += 1;
        let attempt = self.attempt;
        match engine.handle(self.store.as_ref().unwrap(), self.env.as_ref(), event) {
            Ok(Step::Send(exchange)) => Wish::Send {
                attempt,
                path: exchange.path,
                body: exchange.body,
            },
            Ok(Step::Wait(duration)) => Wish::Wait {
                attempt,
                millis: duration.as_millis() as u64,
            },
            Ok(Step::Done) => {
                self.sync = None;
                Wish::Rest(Ok(()))
            }
            Err(error) => {
                self.sync = None;
                Wish::Rest(expected(&error).map_or_else(|| panic!("sync failed: {error:?}"), Err))
            }
        }
    }

    /// The attempt that the running sync waits for.
    pub(crate) fn waits_for(&self) -> Option<u64> {
        self.sync.as_ref().map(|_| self.attempt)
    }

    /// Whether the running sync waits for this attempt.
    pub(crate) fn awaits(&self, attempt: u64) -> bool {
        self.sync.is_some() && attempt == self.attempt
    }
}

/// Failures that a bad network may cause; all else is a violation.
fn expected(error: &SyncError) -> Option<&'static str> {
    match error {
        SyncError::NoNetwork(_)
        | SyncError::CaptivePortal
        | SyncError::Untrusted(_)
        | SyncError::Busy
        | SyncError::NotAuthentic(_)
        | SyncError::Refused { .. } => Some(error.code()),
        _ => None,
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A transport without a network between.
struct Direct<'a>(&'a SimRelay);

impl xunge_core::sync::Transport for Direct<'_> {
    async fn exchange(
        &self,
        exchange: xunge_core::sync::Exchange,
    ) -> Result<xunge_core::sync::Answer, xunge_core::sync::TransportFailure> {
        let (status, body) = self.0.answer(&exchange.path, &exchange.body);
        Ok(xunge_core::sync::Answer {
            status,
            body,
            ..xunge_core::sync::Answer::default()
        })
    }

    async fn sleep(&self, _: std::time::Duration) {}
}
