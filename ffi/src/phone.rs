//! The phone as the shells see it: one object, one method for each row of the contract.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use xunge_core::app::{
    self, AppError, BundleExport, BundleImport, Enrolled, FoundTicket, Home, Opened, Practice,
    ReceiptView, RecordFilter, RecordSummary, RecordView, Saved, SearchHit, SpeechPart, Started,
    Status, Step,
};
use xunge_core::env::Env;
use xunge_core::form::Answer;
use xunge_core::sync::SyncReport;

use crate::call::{guarded, spawned};
use crate::env::SystemEnv;
use crate::error::ApiError;
use crate::key_store::{Foreign, KeyStore};
use crate::observer::{Observers, Subscription, SyncObserver};

/// One phone's data folder. Methods other than `open` and `close` answer `not_open` before `open`, and those that need
/// a worker answer `locked` before `unlock`.
#[derive(uniffi::Object)]
pub struct Phone {
    folder: PathBuf,
    key_store: Arc<dyn xunge_core::vault::KeyStore>,
    env: Arc<dyn Env>,
    observers: Arc<Observers>,
    open: Mutex<Option<Arc<app::Phone>>>,
}

impl Phone {
    /// A phone with a clock and a key store of the caller's choice.
    pub fn with_parts(
        folder: impl AsRef<Path>,
        key_store: Arc<dyn xunge_core::vault::KeyStore>,
        env: Arc<dyn Env>,
    ) -> Arc<Self> {
        Arc::new(Self {
            folder: folder.as_ref().to_path_buf(),
            key_store,
            env,
            observers: Arc::default(),
            open: Mutex::new(None),
        })
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<app::Phone>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> Result<Arc<app::Phone>, ApiError> {
        let phone = self.slot().clone();
        phone.ok_or_else(|| app::explain(None, &AppError::NotOpen).into())
    }

    fn call<T>(
        &self,
        work: impl FnOnce(&app::Phone) -> Result<T, AppError>,
    ) -> Result<T, ApiError> {
        let phone = self.opened()?;
        guarded(|| work(&phone)).map_err(|e| phone.explain(&e).into())
    }
}

#[uniffi::export]
impl Phone {
    /// A phone that keeps everything in `folder`, which must exist.
    #[uniffi::constructor]
    pub fn new(folder: String, key_store: Arc<dyn KeyStore>) -> Arc<Self> {
        Self::with_parts(
            folder,
            Arc::new(Foreign(key_store)),
            Arc::new(SystemEnv::new()),
        )
    }

    /// Opens the folder and says who works on this phone. `locale` is `zh-CN` (also if none is given) or `en`. Opening
    /// again changes the locale.
    pub fn open(&self, locale: Option<String>) -> Result<Opened, ApiError> {
        let mut slot = self.slot();
        let locale = locale.as_deref();
        let outcome = guarded(|| {
            let phone = match slot.as_ref() {
                Some(phone) => {
                    phone.set_locale(locale)?;
                    phone.clone()
                }
                None => Arc::new(app::Phone::open(
                    &self.folder,
                    self.key_store.clone(),
                    self.env.clone(),
                    locale,
                )?),
            };
            let opened = phone.opened()?;
            *slot = Some(phone);
            Ok(opened)
        });
        outcome.map_err(|e| app::explain(locale, &e).into())
    }

    /// Forgets all keys and closes the databases. Closing again is fine.
    pub fn close(&self) -> Result<(), ApiError> {
        let phone = self.slot().take();
        match phone {
            Some(phone) => guarded(|| phone.close()).map_err(|e| phone.explain(&e).into()),
            None => Ok(()),
        }
    }

    /// Opens a worker's records.
    pub fn unlock(&self, worker: String, pin: String) -> Result<Enrolled, ApiError> {
        self.call(|phone| phone.unlock(&worker, &pin))
    }

    /// Opens a worker's records with a one-time code and sets a new PIN.
    pub fn unlock_with_code(
        &self,
        worker: String,
        code: String,
        new_pin: String,
    ) -> Result<Enrolled, ApiError> {
        self.call(|phone| phone.unlock_with_code(&worker, &code, &new_pin))
    }

    /// Forgets the worker's key. Locking again is fine.
    pub fn lock(&self) -> Result<(), ApiError> {
        self.call(app::Phone::lock)
    }

    /// Sets the picture by which the unlocked worker is found on this phone.
    pub fn set_photo(&self, path: String) -> Result<Opened, ApiError> {
        self.call(|phone| phone.set_photo(&path))
    }

    /// The first screen.
    pub fn home(&self) -> Result<Home, ApiError> {
        self.call(app::Phone::home)
    }

    /// Begins an interview about `subject` (a household, or the warning that is acknowledged).
    pub fn start(&self, kind: String, subject: Option<String>) -> Result<Started, ApiError> {
        self.call(|phone| phone.start(&kind, subject.as_deref()))
    }

    /// Answers the present question. The answer is on disk when this returns.
    pub fn answer(&self, interview: String, value: Answer) -> Result<Step, ApiError> {
        self.call(|phone| phone.answer(&interview, value))
    }

    /// Leaves an optional question without an answer.
    pub fn skip(&self, interview: String) -> Result<Step, ApiError> {
        self.call(|phone| phone.skip(&interview))
    }

    /// Goes back to the question before.
    pub fn back(&self, interview: String) -> Result<Step, ApiError> {
        self.call(|phone| phone.back(&interview))
    }

    /// Makes a record of the answers. It is on disk when this returns.
    pub fn save(&self, interview: String) -> Result<Saved, ApiError> {
        self.call(|phone| phone.save(&interview))
    }

    /// Throws the answers away.
    pub fn discard(&self, interview: String) -> Result<Saved, ApiError> {
        self.call(|phone| phone.discard(&interview))
    }

    /// Continues a draft or a record, or mends a returned one.
    pub fn amend(&self, record: String) -> Result<Started, ApiError> {
        self.call(|phone| phone.amend(&record))
    }

    /// Records of the worker, the newest first.
    pub fn records(&self, filter: RecordFilter) -> Result<Vec<RecordSummary>, ApiError> {
        self.call(|phone| phone.records(&filter))
    }

    /// One record with everything that happened to it.
    pub fn record(&self, record: String) -> Result<RecordView, ApiError> {
        self.call(|phone| phone.record(&record))
    }

    /// Signed receipts, of one record or of all.
    pub fn receipts(&self, record: Option<String>) -> Result<Vec<ReceiptView>, ApiError> {
        self.call(|phone| phone.receipts(record.as_deref()))
    }

    /// Households and persons by name, pinyin initials or door number.
    pub fn search(&self, text: String, limit: Option<u32>) -> Result<Vec<SearchHit>, ApiError> {
        self.call(|phone| phone.search(&text, limit))
    }

    /// Cuts a text that is to be spoken into what recordings say and what is between.
    pub fn speech(&self, text: String) -> Result<Vec<SpeechPart>, ApiError> {
        self.call(|phone| phone.speech(&text))
    }

    /// Stops a running sync. What it exchanged until then is kept.
    pub fn cancel_sync(&self) -> Result<(), ApiError> {
        self.call(app::Phone::cancel_sync)
    }

    /// Writes what waits into a sealed file that another phone or a person carries.
    pub fn bundle_export(&self, path: String) -> Result<BundleExport, ApiError> {
        self.call(|phone| phone.bundle_export(Path::new(&path)))
    }

    /// Reads a sealed file: takes what is for this worker, carries the rest.
    pub fn bundle_import(&self, path: String) -> Result<BundleImport, ApiError> {
        self.call(|phone| phone.bundle_import(Path::new(&path)))
    }

    /// Turns practice with made-up households on or off. Nothing of it leaves, nothing stays.
    pub fn practice(&self, on: bool) -> Result<Practice, ApiError> {
        self.call(|phone| phone.practice(on))
    }

    /// How the phone stands.
    pub fn status(&self) -> Result<Status, ApiError> {
        self.call(app::Phone::status)
    }

    /// Lets `observer` hear every sync until the subscription is dropped.
    pub fn subscribe(&self, observer: Arc<dyn SyncObserver>) -> Arc<Subscription> {
        self.observers.subscribe(observer)
    }

    /// Asks the relay at the built-in address `relay` for the ticket of a short code. Safe to repeat.
    pub async fn redeem(&self, relay: String, code: String) -> Result<FoundTicket, ApiError> {
        let phone = self.opened()?;
        let running = phone.clone();
        spawned(async move { running.redeem(&relay, &code).await })
            .await
            .map_err(|e| phone.explain(&e).into())
    }

    /// Uses a ticket: makes a worker on this phone, who is unlocked then. Safe to repeat after any cut.
    pub async fn enrol(&self, ticket: String, pin: String) -> Result<Enrolled, ApiError> {
        let phone = self.opened()?;
        let running = phone.clone();
        spawned(async move { running.enrol(&ticket, &pin).await })
            .await
            .map_err(|e| phone.explain(&e).into())
    }

    /// Exchanges everything with the relay. Safe to repeat after any cut.
    pub async fn sync(&self) -> Result<SyncReport, ApiError> {
        let phone = self.opened()?;
        let (running, observers) = (phone.clone(), self.observers.clone());
        spawned(async move { running.sync(Some(observers.as_ref())).await })
            .await
            .map_err(|e| phone.explain(&e).into())
    }
}
