//! A phone of a simulation: the real store and the real sync engine, killed, copied and put back at will.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use xunge_core::env::{Env, SeededEnv};
use xunge_core::form::FormLibrary;
use xunge_core::store::{RecordQuery, RecordRow, Save, Saved, Store, StoreError};
use xunge_core::sync::{Engine, Event, Exchange, Step, SyncError};
use xunge_core::vault::DatabaseKey;
use xunge_protocol::enrolment::{EnrolResponse, Ticket};
use xunge_protocol::{RecordId, ScopeId, WriterId};
use xunge_records::model::record::FORMER_ID;
use xunge_records::{FormRef, Kind, Open};
use xunge_vfs::{Contents, Disk};

use crate::ledger::token;
use crate::relay::SimRelay;

/// A phone with its worker.
pub(crate) struct SimPhone {
    dir: PathBuf,
    /// Where its database lies.
    pub(crate) disk: Disk,
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
    /// Whether its last sync did not come to its end.
    pub(crate) gave_up: bool,
    /// Records that this phone wrote something of, by the test's own count.
    pub(crate) wrote: BTreeSet<RecordId>,
    /// The incarnations that this phone was.
    pub(crate) writers: BTreeSet<WriterId>,
    /// The incarnations of which it lost everything: what they sent may still wait for a supervisor.
    pub(crate) former: BTreeSet<WriterId>,
    /// Whether there are, or were, other copies of it: then it also shows what these wrote.
    pub(crate) copied: bool,
    /// An old copy of its folder.
    old: Option<Old>,
    /// What lists showed of records whose claims were found to be true.
    pub(crate) verified: BTreeMap<RecordId, RecordRow>,
    /// Whether its disk fails just now: then a sync may end for that.
    pub(crate) disk_fails: bool,
    /// Forms, once read, and the versions of the one of visits among them.
    forms: Option<FormLibrary>,
    pub(crate) form_versions: BTreeSet<u32>,
}

/// An old copy of a phone's folder, with what the test knew of it then.
struct Old {
    dir: PathBuf,
    database: Contents,
    wrote: BTreeSet<RecordId>,
    writers: BTreeSet<WriterId>,
}

/// What a phone wants after an event.
#[derive(Debug)]
pub(crate) enum Wish {
    /// To send this.
    Send { attempt: u64, exchange: Exchange },
    /// To be woken later.
    Wait { attempt: u64, millis: u64 },
    /// Nothing: the sync is over.
    Rest(Result<(), &'static str>),
}

impl SimPhone {
    pub(crate) fn new(dir: PathBuf, env: Arc<SeededEnv>, worker: usize, grid: ScopeId) -> Self {
        std::fs::create_dir_all(&dir).unwrap();
        let disk = Disk::mount(&dir).unwrap();
        let key = Arc::new(DatabaseKey::generate(env.as_ref()));
        let mut phone = Self {
            dir,
            disk,
            key,
            env,
            store: None,
            worker,
            grids: vec![grid],
            sync: None,
            attempt: 0,
            gave_up: false,
            wrote: BTreeSet::new(),
            writers: BTreeSet::new(),
            former: BTreeSet::new(),
            copied: false,
            old: None,
            verified: BTreeMap::new(),
            disk_fails: false,
            forms: None,
            form_versions: BTreeSet::new(),
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

    /// The program dies: what it had open is dead before it could write any more.
    fn stop(&mut self) {
        self.disk.heal();
        self.disk.set_capacity(None);
        self.disk_fails = false;
        self.disk.kill();
        self.verified.clear();
        self.forms = None;
        self.form_versions.clear();
        self.sync = None;
        self.attempt += 1;
        self.store = None;
        self.env.reboot();
    }

    /// The program is killed, and started again.
    pub(crate) fn kill_and_start(&mut self) {
        self.stop();
        self.start();
    }

    /// The power goes, and comes back: of what was not synced, some is there.
    pub(crate) fn cut_power(&mut self, seed: u64) {
        self.disk.cut_power(seed);
        self.kill_and_start();
    }

    /// The device forgot its keys: nobody can read the database any more, and the worker begins with nothing.
    pub(crate) fn lose_key_store(&mut self) {
        self.stop();
        self.disk.put(Contents::default());
        std::fs::remove_dir_all(&self.dir).unwrap();
        std::fs::create_dir_all(&self.dir).unwrap();
        self.key = Arc::new(DatabaseKey::generate(self.env.as_ref()));
        self.wrote.clear();
        self.former.append(&mut self.writers);
        self.old = None;
        // It will show its worker also what they wrote before.
        self.copied = true;
        self.start();
    }

    /// Somebody keeps a copy of the folder.
    pub(crate) fn keep_a_copy(&mut self, to: PathBuf) {
        self.stop();
        copy_folder(&self.dir, &to);
        self.old = Some(Old {
            dir: to,
            database: self.disk.contents(),
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
        self.disk.put(old.database);
        self.former.append(&mut self.writers);
        (self.wrote, self.writers) = (old.wrote, old.writers);
        self.copied = true;
        self.start();
        true
    }

    /// A second phone with a copy of this one's folder: both go on.
    pub(crate) fn cloned(&mut self, dir: PathBuf, seed: u64) -> Self {
        self.stop();
        copy_folder(&self.dir, &dir);
        let disk = Disk::mount(&dir).unwrap();
        disk.put(self.disk.contents());
        self.copied = true;
        self.start();
        let mut clone = Self {
            dir,
            disk,
            key: self.key.clone(),
            env: Arc::new(SeededEnv::new(seed, self.env.wall_clock())),
            store: None,
            worker: self.worker,
            grids: self.grids.clone(),
            sync: None,
            attempt: 0,
            gave_up: false,
            wrote: self.wrote.clone(),
            writers: self.writers.clone(),
            former: self.former.clone(),
            copied: true,
            old: None,
            verified: BTreeMap::new(),
            disk_fails: false,
            forms: None,
            form_versions: BTreeSet::new(),
        };
        clone.start();
        clone
    }

    /// The grid in which the worker works now.
    pub(crate) fn grid(&self) -> ScopeId {
        *self.grids.last().unwrap()
    }

    /// What the worker said in each of the records that lists show as the worker's own.
    pub(crate) fn own_tokens(&self) -> Vec<(String, RecordId)> {
        let held = self.own_rows().into_keys().filter_map(|id| {
            let record = self.store().load_record(&id).unwrap()?;
            Some((token(&record.fields)?, id))
        });
        held.collect()
    }

    /// What the worker said in each of the records that this phone wrote and holds.
    pub(crate) fn tokens(&self) -> BTreeMap<String, RecordId> {
        let held = self.wrote.iter().filter_map(|id| {
            let record = self.store().load_record(id).unwrap()?;
            Some((token(&record.fields)?, *id))
        });
        held.collect()
    }

    /// What lists show of this worker's own records.
    pub(crate) fn own_rows(&self) -> BTreeMap<RecordId, RecordRow> {
        let query = RecordQuery {
            own: true,
            ..Default::default()
        };
        let rows = self.store().records(&query).unwrap();
        rows.into_iter().map(|row| (row.record, row)).collect()
    }

    /// Keeps in mind which incarnation it is.
    pub(crate) fn note_incarnation(&mut self) {
        let writer = self.store().enrolled().unwrap().1.writer;
        self.writers.insert(writer);
    }

    /// Records that this phone says again under a new incarnation have other ids.
    pub(crate) fn follow_new_ids(&mut self, rows: &BTreeMap<RecordId, RecordRow>) {
        if self.wrote.iter().all(|id| rows.contains_key(id)) {
            return;
        }
        self.note_incarnation();
        for id in rows.keys() {
            let record = self.store().load_record(id).unwrap().unwrap();
            let former = record.fields.text(FORMER_ID).and_then(|id| id.parse().ok());
            if former.is_some_and(|former| self.wrote.remove(&former)) {
                self.wrote.insert(*id);
            }
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
        self.save_if_it_can(grid, kind, fields).unwrap()
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

    /// Saves a new record on a disk that may fail. None if the worker may not write there now.
    pub(crate) fn save_if_it_can(
        &mut self,
        grid: ScopeId,
        kind: Kind,
        fields: Vec<(String, xunge_records::Value)>,
    ) -> Result<Option<Saved>, StoreError> {
        let form = FormRef {
            id: kind.name().into(),
            version: 1,
        };
        let mut save = Save::new(kind, Open { scope: grid, form });
        save.set = fields;
        match self.try_save(&save) {
            Err(StoreError::ScopeNotWritable(_)) => Ok(None),
            saved => saved.map(Some),
        }
    }

    /// Saves a record, if the worker may write where it belongs.
    pub(crate) fn save_where_possible(&mut self, save: &Save) -> bool {
        match self.try_save(save) {
            Err(StoreError::ScopeNotWritable(_)) => false,
            saved => {
                saved.unwrap();
                true
            }
        }
    }

    /// The forms that the program has read so far; one that is killed forgets older versions.
    pub(crate) fn forms(&mut self) -> FormLibrary {
        static BUILT_IN: OnceLock<FormLibrary> = OnceLock::new();
        let built_in = || FormLibrary::embedded().unwrap();
        let mut forms = match self.forms.take() {
            Some(forms) => forms,
            None => BUILT_IN.get_or_init(built_in).clone(),
        };
        for resource in self.store().resources("forms/").unwrap() {
            forms
                .add_resource(&resource.name, &resource.content)
                .unwrap();
        }
        let newest = forms.newest("visit").unwrap().version;
        self.form_versions.insert(newest);
        self.forms = Some(forms.clone());
        forms
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
            Ok(Step::Send(exchange)) => Wish::Send { attempt, exchange },
            Ok(Step::Wait(duration)) => Wish::Wait {
                attempt,
                millis: duration.as_millis() as u64,
            },
            Ok(Step::Done) => {
                self.sync = None;
                self.gave_up = false;
                Wish::Rest(Ok(()))
            }
            Err(error) => {
                self.sync = None;
                self.gave_up = true;
                let expected = match &error {
                    SyncError::Store(_) if self.disk_fails => Some(error.code()),
                    error => expected(error),
                };
                Wish::Rest(expected.map_or_else(|| panic!("sync failed: {error:?}"), Err))
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
        Ok(self.0.exchange(&exchange, false))
    }

    async fn sleep(&self, _: std::time::Duration) {}
}
