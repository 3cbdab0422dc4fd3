//! A phone of a simulation: the real store and the real sync engine, killed and started at will.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use xunge_core::env::{Env, SeededEnv};
use xunge_core::store::{Save, Saved, Store};
use xunge_core::sync::{Engine, Event, Step, SyncError};
use xunge_core::vault::DatabaseKey;
use xunge_protocol::enrolment::{EnrolResponse, Ticket};
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::{FormRef, Kind, Open};

use crate::relay::SimRelay;

/// A phone with its worker.
pub(crate) struct SimPhone {
    path: PathBuf,
    key: DatabaseKey,
    pub(crate) env: Arc<SeededEnv>,
    store: Option<Arc<Store>>,
    pub(crate) grid: ScopeId,
    /// A running sync: the engine, and the attempt that it waits for.
    sync: Option<Engine>,
    attempt: u64,
    /// Records that this worker wrote something of, by the test's own count.
    pub(crate) wrote: BTreeSet<RecordId>,
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
    pub(crate) fn new(dir: PathBuf, seed: u64, now: Timestamp, grid: ScopeId) -> Self {
        std::fs::create_dir_all(&dir).unwrap();
        let env = Arc::new(SeededEnv::new(seed, now));
        let key = DatabaseKey::generate(env.as_ref());
        let mut phone = Self {
            path: dir.join("xunge.db"),
            key,
            env,
            store: None,
            grid,
            sync: None,
            attempt: 0,
            wrote: BTreeSet::new(),
        };
        phone.start();
        phone
    }

    fn start(&mut self) {
        self.store = Some(Arc::new(
            Store::open(&self.path, &self.key, self.env.clone()).unwrap(),
        ));
    }

    /// The power goes, and comes back.
    pub(crate) fn kill_and_start(&mut self) {
        self.sync = None;
        self.attempt += 1;
        self.store = None;
        self.env.reboot();
        self.start();
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn enrol(&self, relay: &SimRelay, ticket: &Ticket) -> EnrolResponse {
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
        let answer = answer.unwrap();
        self.store().complete_enrolment(&answer).unwrap();
        answer
    }

    /// Saves a new record of `kind` in the phone's grid.
    pub(crate) fn save_new(
        &mut self,
        kind: Kind,
        fields: Vec<(String, xunge_records::Value)>,
    ) -> Saved {
        let form = FormRef {
            id: kind.name().into(),
            version: 1,
        };
        let mut save = Save::new(
            kind,
            Open {
                scope: self.grid,
                form,
            },
        );
        save.set = fields;
        self.save(&save)
    }

    /// Saves. What the store answers is what the test holds it to.
    pub(crate) fn save(&mut self, save: &Save) -> Saved {
        let saved = self.store().save(save).unwrap();
        self.wrote.insert(saved.record);
        saved
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
