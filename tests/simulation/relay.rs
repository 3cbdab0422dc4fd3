//! The relay of a simulation: the real one, on a real database, with an injected world, killed, started and restored at
//! will.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;
use xunge_core::sync::{Answer, Exchange, Method};
use xunge_protocol::media::{MEDIA_PATH, WHOLE_HEADER, verify_whole};
use xunge_protocol::{EpochId, Hash32, RecordId, RefusalCode, ScopeId, Timestamp, WriterId};
use xunge_records::{Record, check_change};
use xunge_server::authority;
use xunge_server::journal::{self, Journal};
use xunge_server::media::storage::in_folder;
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{
    EntryId, NewCounty, Options, QuarantineState, RecordRow, Store, StoreError,
};
use xunge_server::{log, media, snapshot, sync};
use xunge_vfs::{Contents, Disk};

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
pub(crate) type Refused = Box<dyn std::error::Error + Send + Sync>;

/// An entry in quarantine.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) id: EntryId,
    pub(crate) record: RecordId,
    /// Whether it waits only for something that it builds on.
    pub(crate) depends: bool,
    /// What its worker said in it.
    pub(crate) said: Option<String>,
}

/// A relay that can be killed.
pub(crate) struct SimRelay {
    dir: PathBuf,
    /// Where its database lies.
    pub(crate) disk: Option<Disk>,
    env: Arc<RelayEnv>,
    relay: Option<Arc<Relay>>,
    /// What answers for files and parts of snapshots, once somebody asked.
    routes: OnceLock<Router>,
    runtime: Runtime,
    pub(crate) county: ScopeId,
    backups: u32,
    /// What workers said in records, as far as it was read.
    said: Mutex<BTreeMap<RecordId, Option<String>>>,
}

/// Most bytes of files that a phone may send in a day: few, so that it is reached.
const MEDIA_A_DAY: u64 = 4_000;

/// How much a log must grow for another snapshot.
const SNAPSHOT_ENTRIES: u64 = 12;

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
        std::fs::create_dir_all(&data).unwrap();
        let disk = Disk::mount(&data).unwrap();
        drop(Store::create(&data, &new, OPTIONS).unwrap());
        let runtime = Builder::new_current_thread().enable_time().build();
        let mut relay = Self {
            dir,
            disk: Some(disk),
            env,
            relay: None,
            routes: OnceLock::new(),
            runtime: runtime.unwrap(),
            county: new.scope,
            backups: 0,
            said: Mutex::default(),
        };
        relay.start();
        relay
    }

    fn start(&mut self) {
        let store = Store::open(&*self.dir.join("data"), OPTIONS).unwrap();
        let config = Config {
            journal: Some(self.journal()),
            media_bytes_per_day: MEDIA_A_DAY,
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
        self.disk().heal();
        self.disk().kill();
        self.stop();
        self.start();
    }

    fn stop(&mut self) {
        self.routes.take();
        self.relay = None;
        self.said.lock().unwrap().clear();
    }

    pub(crate) fn disk(&self) -> &Disk {
        self.disk.as_ref().unwrap()
    }

    /// Writes a backup, to go back to later.
    pub(crate) fn back_up(&mut self) -> PathBuf {
        self.backups += 1;
        let to = self.dir.join(format!("backup{}", self.backups));
        let relay = self.relay();
        relay.store.write_backup(relay.media(), &to).unwrap();
        to
    }

    /// What `xunge restore` does: the backup in a new epoch, told what the journal knows.
    pub(crate) fn restore(&mut self, from: &std::path::Path) {
        self.stop();
        let world: &dyn xunge_server::env::Env = self.env.as_ref();
        let (epoch, writer) = (EpochId(world.random()), WriterId(world.random()));
        let data = self.dir.join("data");
        // Restoring moves files about, which takes a folder of the real disk.
        self.disk = None;
        let media = in_folder(&data.join("media"));
        Store::restore(&*data, &*media, from, epoch, writer).unwrap();
        let mut contents = Contents::default();
        for name in ["relay.db", "relay.db-wal"] {
            if let Ok(bytes) = std::fs::read(data.join(name)) {
                contents.insert(name, bytes);
                std::fs::remove_file(data.join(name)).unwrap();
            }
        }
        let disk = Disk::mount(&data).unwrap();
        disk.put(contents);
        self.disk = Some(disk);
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

    pub(crate) fn relay(&self) -> &Arc<Relay> {
        self.relay.as_ref().unwrap()
    }

    /// Which life of its log this is.
    pub(crate) fn epoch(&self) -> EpochId {
        self.relay().county().epoch
    }

    /// A number that rises whenever something is stored.
    pub(crate) fn stored(&self) -> u64 {
        *self.relay().watch().borrow()
    }

    /// Answers a request of a phone: sync in place, files and parts of snapshots through the relay's own routes. `cut`: the
    /// connection breaks before the end of the body.
    pub(crate) fn exchange(&self, exchange: &Exchange, cut: bool) -> Answer {
        if exchange.method == Method::Post && !exchange.path.starts_with(MEDIA_PATH) {
            let (status, body) = self.answer(&exchange.path, &exchange.body);
            return Answer {
                status,
                body,
                ..Answer::default()
            };
        }
        let mut request = Request::builder()
            .method(exchange.method.name())
            .uri(&exchange.path);
        for (name, value) in &exchange.headers {
            request = request.header(*name, value);
        }
        let bytes = Ok::<_, std::io::Error>(exchange.body.clone());
        let end = cut.then(|| Err(std::io::Error::other("cut")));
        let body = Body::from_stream(futures_util::stream::iter([bytes].into_iter().chain(end)));
        let service = self.routes.get_or_init(|| {
            let routes = media::http::router().merge(sync::http::router());
            routes.with_state(self.relay().clone())
        });
        let request = request.body(body).unwrap();
        self.runtime.block_on(async {
            let (parts, body) = service.clone().oneshot(request).await.unwrap().into_parts();
            let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
            Answer {
                status: parts.status.as_u16(),
                content_type: text("content-type").map(Into::into),
                upload_offset: text("upload-offset").and_then(|n| n.parse().ok()),
                whole: text(WHOLE_HEADER).map(Into::into),
                body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
                ..Answer::default()
            }
        })
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

    /// Cuts snapshots of what has grown, and says of how many scopes.
    pub(crate) fn cut_snapshots(&self) -> usize {
        snapshot::cut_due(self.relay(), SNAPSHOT_ENTRIES)
            .unwrap()
            .len()
    }

    /// Whether it offers a snapshot of a scope.
    pub(crate) fn has_snapshot(&self, scope: ScopeId) -> bool {
        let store = &self.relay().store;
        store.read(|tx| tx.snapshot(scope)).unwrap().is_some()
    }

    /// Whether it has a file, byte for byte.
    pub(crate) fn has_file(&self, hash: &Hash32) -> bool {
        media::read_all(self.relay(), *hash).is_ok_and(|bytes| Hash32::of(&bytes) == *hash)
    }

    /// Which of some files a word of the relay is about.
    pub(crate) fn vouched_for(&self, files: &[(Hash32, u64)], word: &str) -> Option<Hash32> {
        let key = self.relay().county().relay_key.public();
        let mut files = files.iter();
        let file = files.find(|(hash, bytes)| verify_whole(&key, hash, *bytes, word).is_ok());
        file.map(|(hash, _)| *hash)
    }

    /// Every record that the relay shows.
    pub(crate) fn records(&self) -> Vec<RecordRow> {
        self.relay()
            .store
            .read::<_, StoreError>(|tx| tx.records_after(0, None, None, ALL))
            .unwrap()
    }

    /// What workers said in the records that the relay shows, with how often it is there. What a record says does not
    /// change, so each is read once until the relay is killed or restored, unless `anew`.
    pub(crate) fn tokens(&self, anew: bool) -> BTreeMap<String, u64> {
        let mut said = self.said.lock().unwrap();
        if anew {
            said.clear();
        }
        let mut found = BTreeMap::new();
        for row in self.records() {
            let token = said.entry(row.record).or_insert_with(|| {
                let record = self.record(row.record)?;
                token(&record.fields)
            });
            if let Some(token) = token {
                *found.entry(token.clone()).or_default() += 1;
            }
        }
        found
    }

    /// What was read of what workers said, and in which record.
    pub(crate) fn tokens_by_record(&self) -> Vec<(String, RecordId)> {
        let said = self.said.lock().unwrap();
        let known = said
            .iter()
            .filter_map(|(record, token)| Some((token.clone()?, *record)));
        known.collect()
    }

    /// What workers said in the entries that wait in quarantine.
    pub(crate) fn quarantined(&self) -> Vec<Waiting> {
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
                        Ok(Waiting {
                            id: row.id,
                            record: row.record,
                            depends: row.code == RefusalCode::DependencyMissing,
                            said: said.and_then(|c| token_said(&c.operations)),
                        })
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

    /// The record as the relay holds it.
    pub(crate) fn record(&self, record: RecordId) -> Option<Record> {
        self.relay()
            .store
            .read(|tx| log::read_record(tx, record))
            .unwrap()
    }

    /// Hashes of the accepted changes of a record.
    pub(crate) fn changes(&self, scope: ScopeId, record: RecordId) -> Vec<Hash32> {
        let bodies = self
            .relay()
            .store
            .read::<_, StoreError>(|tx| tx.changes(scope, record))
            .unwrap();
        // As Automerge defines it: over the chunk after magic and checksum.
        let hash = |body: &Vec<u8>| Hash32::of(&body[8..]);
        bodies.iter().map(hash).collect()
    }
}
