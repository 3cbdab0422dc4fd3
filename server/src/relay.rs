//! The state that every part of the relay shares.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::lists::CodeLists;

use crate::env::Env;
use crate::journal::Journal;
use crate::media::storage::{self, MediaPlace, Storage};
use crate::store::{County, Location, LogTx, Options, Store, StoreError, StoreResult};

/// What the operator set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Address at which phones and browsers reach the relay, without a slash at the end.
    pub public_url: Option<String>,
    /// Whether this process itself answers by HTTPS.
    pub tls: bool,
    /// Pins of the TLS certificate that phones see, as [`xunge_protocol::enrolment::Ticket::pins`].
    pub pins: Vec<Hash32>,
    /// Where the media lie, which nodes on one database share; else in `media` in the data folder.
    pub media: Option<MediaPlace>,
    /// Largest media file, in bytes.
    pub max_media_bytes: usize,
    /// Most bytes of media that one phone or program sends in a day.
    pub media_bytes_per_day: u64,
    /// Most requests of phones that are worked on at the same time; more wait. A body that comes in slowly is not yet
    /// worked on.
    pub concurrency: usize,
    /// How long a request's body may stand still before its sender counts as gone. However slowly it comes, it comes.
    pub body_silence: Duration,
    /// Days for which a first copy of a scope goes back: what was over before is not in it. None: everything is.
    pub keep_days: Option<u32>,
    /// File of the journal; none where nothing is ever restored.
    pub journal: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: None,
            tls: false,
            pins: Vec::new(),
            media: None,
            max_media_bytes: 20 << 20,
            media_bytes_per_day: 512 << 20,
            concurrency: 64,
            body_silence: Duration::from_secs(60),
            keep_days: Some(400),
            journal: None,
        }
    }
}

/// One running relay, or the same state in a command or a simulation. Share it behind an `Arc`.
pub struct Relay {
    /// Everything that is kept.
    pub store: Arc<Store>,
    /// Time and randomness.
    pub env: Arc<dyn Env>,
    /// What the operator set.
    pub config: Config,
    /// Who the relay is: changes when its key does, perhaps by another process.
    county: RwLock<Arc<County>>,
    /// One permit for each request of a phone that is worked on.
    permits: Semaphore,
    media: Arc<dyn Storage>,
    lists: Arc<CodeLists>,
    journal: Option<Journal>,
    /// Read once: nothing is reserved while a relay serves.
    reserved: OnceLock<BTreeMap<RecordId, String>>,
    changed: watch::Sender<u64>,
}

impl Relay {
    /// Opens the relay of a data folder, or of a database.
    pub fn open(
        at: impl Into<Location>,
        env: Arc<dyn Env>,
        config: Config,
        options: Options,
    ) -> Result<Self, StoreError> {
        Self::new(Store::open(at, options)?, env, config)
    }

    /// A relay on an open store.
    pub fn new(store: Store, env: Arc<dyn Env>, config: Config) -> Result<Self, StoreError> {
        let media = match &config.media {
            Some(place) => place.open()?,
            None => storage::in_folder(&store.dir().join("media")),
        };
        Self::with_media(store, env, config, media)
    }

    /// A relay on an open store, whose media lie in `media`.
    pub fn with_media(
        store: Store,
        env: Arc<dyn Env>,
        config: Config,
        media: Arc<dyn Storage>,
    ) -> Result<Self, StoreError> {
        let lists = built_in_lists()?;
        Ok(Self {
            county: RwLock::new(Arc::new(store.county().clone())),
            store: Arc::new(store),
            env,
            permits: Semaphore::new(config.concurrency),
            journal: config.journal.clone().map(Journal::at),
            reserved: OnceLock::new(),
            config,
            media,
            lists,
            changed: watch::Sender::new(0),
        })
    }

    /// All code lists, rows that are not for phones included.
    pub fn lists(&self) -> &CodeLists {
        &self.lists
    }

    /// The county, with the relay's epoch, writer and key, as far as this process has heard.
    pub fn county(&self) -> Arc<County> {
        self.county
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The county as it is in `tx`: another process may have changed the relay's key. Called in whatever signs, so that no
    /// node goes on under a key that is not the relay's any more.
    pub fn refresh(&self, tx: &dyn LogTx) -> StoreResult<Arc<County>> {
        let held = self.county();
        // An older snapshot of the store takes nobody back.
        if tx.relay_key_sequence()? <= held.relay_key_sequence {
            return Ok(held);
        }
        let now = Arc::new(tx.county_now()?);
        let mut county = self.county.write().unwrap_or_else(PoisonError::into_inner);
        if county.relay_key_sequence < now.relay_key_sequence {
            tracing::info!(
                sequence = now.relay_key_sequence,
                "the relay has another key"
            );
            *county = now;
        }
        Ok(county.clone())
    }

    /// The county's scope.
    pub fn county_scope(&self) -> ScopeId {
        self.store.county().scope
    }

    /// The relay's own writer in this epoch.
    pub fn writer(&self) -> WriterId {
        self.county().relay_writer
    }

    /// The relay's clock.
    pub fn now(&self) -> Timestamp {
        self.env.now()
    }

    /// Where whole media files lie, sealed.
    pub fn media(&self) -> &dyn Storage {
        &*self.media
    }

    /// What no restore may undo.
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// The number that a record had before a restore.
    pub(crate) fn reserved_number(
        &self,
        tx: &dyn LogTx,
        record: RecordId,
    ) -> Result<Option<String>, StoreError> {
        let known = match self.reserved.get() {
            Some(known) => known,
            None => {
                let read = tx.reserved_numbers()?;
                self.reserved.get_or_init(|| read)
            }
        };
        Ok(known.get(&record).cloned())
    }

    /// Runs blocking work where it holds up nobody, once there is a permit.
    pub(crate) async fn work<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Self>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let _permit = self.permits.acquire().await;
        let inside = self.clone();
        tokio::task::spawn_blocking(move || work(&inside))
            .await
            .unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Tells whoever waits in [`Self::watch`] that something was stored. Nothing depends on it.
    pub fn notify(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
        self.store.tell();
    }

    /// From now on [`Self::watch`] also tells what other nodes stored.
    pub fn follow(&self) {
        let changed = self.changed.clone();
        self.store
            .follow(move || changed.send_modify(|n| *n = n.wrapping_add(1)));
    }

    /// Changes whenever something was stored.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// The lists that come with the program. Read once a process, in which there may be many relays one after the other.
fn built_in_lists() -> Result<Arc<CodeLists>, StoreError> {
    static LISTS: OnceLock<Arc<CodeLists>> = OnceLock::new();
    if let Some(lists) = LISTS.get() {
        return Ok(lists.clone());
    }
    let lists = CodeLists::embedded().map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(LISTS.get_or_init(|| Arc::new(lists)).clone())
}
