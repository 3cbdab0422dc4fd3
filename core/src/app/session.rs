//! Who is at work: enrolment, PIN, unlock codes, lock.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use xunge_protocol::enrolment::{RelayAddress, Ticket};
use xunge_protocol::{ScopeId, ShortCode};
use xunge_records::CodeLists;

use super::error::AppError;
use super::phone::Phone;
use super::speech::Dialect;
use super::view::{Enrolled, FoundTicket, Opened};
use crate::form::{FormLibrary, media_type};
use crate::store::{Store, StoreError};
use crate::sync::redeem::{self, Redeemed};
use crate::sync::{HttpTransport, SyncError, Trust, enrol};
use crate::vault::{Unlocked, VaultError};

/// Folder of recordings that were decrypted to be played.
const PLAYED: &str = "played";
/// Largest picture of a worker, in bytes.
const LARGEST_PHOTO: u64 = 1 << 20;

/// An unlocked worker.
pub(super) struct Session {
    /// Id of the worker's vault on this phone.
    pub(super) worker: String,
    /// The worker's records.
    pub(super) store: Arc<Store>,
    /// Code lists, once read.
    pub(super) lists: Mutex<Option<Arc<CodeLists>>>,
    /// Forms, once read.
    pub(super) forms: Mutex<Option<Arc<FormLibrary>>>,
    /// The county's recordings, once read.
    pub(super) dialect: Mutex<Option<Arc<Dialect>>>,
}

impl Session {
    pub(super) fn new(worker: String, store: Store) -> Self {
        Self {
            worker,
            store: Arc::new(store),
            lists: Mutex::new(None),
            forms: Mutex::new(None),
            dialect: Mutex::new(None),
        }
    }

    /// Scopes that new records may go into.
    pub(super) fn writable_scopes(&self) -> Result<Vec<ScopeId>, AppError> {
        let scopes = self.store.scopes()?;
        let open = scopes.into_iter().filter(|s| s.writable && !s.closed);
        Ok(open.map(|s| s.scope).collect())
    }

    /// What a caller is told about the worker.
    fn enrolled(&self) -> Result<Enrolled, AppError> {
        let identity = self.store.identity()?.and_then(|i| i.enrolled);
        let scopes = self.writable_scopes()?;
        Ok(Enrolled {
            worker: self.worker.clone(),
            name: identity.map(|i| i.name).unwrap_or_default(),
            help_phone: self.store.help_phone()?,
            scopes: scopes.iter().map(ToString::to_string).collect(),
        })
    }
}

impl Phone {
    /// Asks the relay that the app has built in for the ticket that a short code stands for. Repeating it gives the same
    /// ticket, so that nothing is lost between the code and [`Self::enrol`].
    ///
    /// Errors: `bad_code`, `bad_relay_address`, `code_wrong`, `code_late`, `code_used`, `code_closed`, the network's.
    pub async fn redeem(&self, relay: &str, code: &str) -> Result<FoundTicket, AppError> {
        let code = ShortCode::parse(code).map_err(AppError::BadCode)?;
        let address = RelayAddress::from_text(relay).map_err(AppError::BadRelayAddress)?;
        if address.url.starts_with("http://") {
            tracing::warn!("the built-in address is not encrypted: for tests only");
        }
        let trust = Trust {
            pins: address.pins.clone(),
            relay_time: None,
        };
        let transport = HttpTransport::new(&address.url, &trust).map_err(SyncError::from)?;
        match redeem::redeem(&transport, self.env.as_ref(), &address, &code).await? {
            Redeemed::Ticket { ticket, used } if !used || self.vault.knows(&ticket.secret)? => {
                Ok(FoundTicket {
                    ticket: ticket.to_text(),
                })
            }
            Redeemed::Ticket { .. } => Err(AppError::CodeUsed),
            Redeemed::Wrong => Err(AppError::CodeWrong),
            Redeemed::Late => Err(AppError::CodeLate),
            Redeemed::Closed => Err(AppError::CodeClosed),
        }
    }

    /// Uses a ticket: asks the relay to certify a new writer, and makes a vault that `pin` opens. The writer's key is on
    /// disk before the first byte leaves, and the same ticket finds it again: so that repeating after any cut is safe.
    ///
    /// Errors: `bad_ticket`, `bad_pin`, `ticket_refused`, `wrong_pin` (the ticket was used on this phone with another
    /// one), the network's, the store's.
    pub async fn enrol(&self, ticket: &str, pin: &str) -> Result<Enrolled, AppError> {
        let ticket = Ticket::from_text(ticket).map_err(AppError::BadTicket)?;
        let unlocked = self.vault.begin(&ticket.secret, pin)?;
        let finished = self
            .vault
            .workers()?
            .iter()
            .any(|w| w.id == unlocked.worker);
        if finished {
            return self.begin_session(unlocked);
        }
        if ticket.url.starts_with("http://") {
            tracing::warn!("the ticket's address is not encrypted: for tests only");
        }
        let session = self.open_session(&unlocked)?;
        let identity = session.store.begin_enrolment(&ticket)?;
        let trust = session.store.trust(&identity)?;
        let transport = HttpTransport::new(&ticket.url, &trust).map_err(SyncError::from)?;
        let (answer, keys) =
            enrol::enrol(&transport, self.env.as_ref(), &ticket, &identity.key, None).await?;
        let enrolled = session.store.complete_enrolment(&answer, &keys)?;
        self.vault
            .complete(&unlocked, pin, &enrolled.name, &answer.unlock_codes)?;
        self.install(session)
    }

    /// Opens a worker's records.
    ///
    /// Errors: `unknown_worker`, `wrong_pin`, `pin_wait` (retry), `key_store_lost`, `database_newer`.
    pub fn unlock(&self, worker: &str, pin: &str) -> Result<Enrolled, AppError> {
        let unlocked = self.vault.unlock(worker, pin)?;
        self.begin_session(unlocked)
    }

    /// Opens a worker's records with a one-time code, and sets a new PIN.
    ///
    /// Errors: as `unlock`, with `wrong_unlock_code`, `no_unlock_codes` and `bad_pin`.
    pub fn unlock_with_code(
        &self,
        worker: &str,
        code: &str,
        new_pin: &str,
    ) -> Result<Enrolled, AppError> {
        let unlocked = self.vault.unlock_with_code(worker, code, new_pin)?;
        self.begin_session(unlocked)
    }

    /// Sets the picture by which the unlocked worker is found among those of this phone: a JPEG or PNG of at most a
    /// megabyte. Answers with the cards of all.
    ///
    /// Errors: `locked`, `practising`, `bad_file`.
    pub fn set_photo(&self, path: &str) -> Result<Opened, AppError> {
        let bad = |why: String| AppError::BadFile {
            path: path.into(),
            why,
        };
        let worker = {
            let state = self.state();
            if state.practising.is_some() {
                return Err(AppError::Practising);
            }
            let session = state.session.as_ref().ok_or(AppError::Locked)?;
            session.worker.clone()
        };
        let mut photo = Vec::new();
        let file = fs::File::open(path).map_err(|e| bad(e.to_string()))?;
        file.take(LARGEST_PHOTO + 1)
            .read_to_end(&mut photo)
            .map_err(|e| bad(e.to_string()))?;
        if photo.len() as u64 > LARGEST_PHOTO {
            return Err(bad("is larger than a megabyte".into()));
        }
        if !media_type(&photo).is_some_and(|mime| mime.starts_with("image/")) {
            return Err(bad("is no JPEG and no PNG".into()));
        }
        self.vault.set_photo(&worker, &photo)?;
        self.opened()
    }

    /// Ends practice and sync, forgets the worker's key, and removes what was decrypted. What waits stays with the phone
    /// as sealed bundles, which a sync delivers without the key.
    pub fn lock(&self) -> Result<(), AppError> {
        let (session, practising) = {
            let mut state = self.state();
            if let Some(syncing) = state.syncing.take() {
                syncing.cancel();
            }
            (state.session.take(), state.practising.take())
        };
        if let Some(session) = &session
            && let Err(error) = self.spool(session)
        {
            // Locking matters more. What waits is sent after the next unlock.
            tracing::warn!(%error, "what waits could not be sealed");
        }
        drop((session, practising));
        self.sweep_played()
    }

    fn begin_session(&self, unlocked: Unlocked) -> Result<Enrolled, AppError> {
        let present = self.state().session.clone();
        match present {
            Some(session) if session.worker == unlocked.worker => session.enrolled(),
            _ => {
                let session = self.open_session(&unlocked)?;
                self.install(session)
            }
        }
    }

    /// Opens the database of `unlocked`, or gives the session that has it open.
    fn open_session(&self, unlocked: &Unlocked) -> Result<Arc<Session>, AppError> {
        let present = self.state().session.clone();
        if let Some(session) = present.filter(|s| s.worker == unlocked.worker) {
            return Ok(session);
        }
        let store = Store::open(&unlocked.database(), &unlocked.key, self.env.clone())?;
        Ok(Arc::new(Session::new(unlocked.worker.clone(), store)))
    }

    /// Puts a worker to work, in the place of whoever was.
    fn install(&self, session: Arc<Session>) -> Result<Enrolled, AppError> {
        let enrolled = session.enrolled()?;
        let present = self.state().session.clone();
        if present.is_none_or(|p| p.worker != session.worker) {
            self.lock()?;
            if let Err(error) = self.unspool(&session) {
                // A sync brings the same receipts.
                tracing::warn!(%error, "answers that came while locked could not be read");
            }
        }
        self.state().session = Some(session);
        Ok(enrolled)
    }

    /// Where recordings lie that were decrypted to be played; made if need be.
    pub(super) fn played_folder(&self) -> Result<PathBuf, AppError> {
        let folder = self.folder.join(PLAYED);
        fs::create_dir_all(&folder).map_err(StoreError::from)?;
        Ok(folder)
    }

    /// Removes decrypted recordings.
    pub(super) fn sweep_played(&self) -> Result<(), AppError> {
        match fs::remove_dir_all(self.folder.join(PLAYED)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(VaultError::from(e).into()),
            _ => Ok(()),
        }
    }
}
