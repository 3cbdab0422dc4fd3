//! The phone: its folder, its vaults, and who is at work on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::{AppError, Explained, explain_in};
use super::practice::Practising;
use super::session::Session;
use super::view::{Opened, WorkerCard};
use crate::env::Env;
use crate::locale::Locale;
use crate::sync::CancelToken;
use crate::vault::{FileKeyStore, KeyStore, Vault, VaultError};

/// Folders that this process has open.
static OPEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// An open phone. It may be shared between threads; a call sees the work of every call that returned before it.
pub struct Phone {
    pub(super) vault: Vault,
    pub(super) env: Arc<dyn Env>,
    pub(super) folder: PathBuf,
    state: Mutex<State>,
    /// Held by calls that read an interview and write it back.
    pub(super) editing: Mutex<()>,
}

pub(super) struct State {
    pub(super) locale: Locale,
    pub(super) session: Option<Arc<Session>>,
    pub(super) practising: Option<Practising>,
    /// The sync under way.
    pub(super) syncing: Option<CancelToken>,
    claim: Option<Claim>,
}

impl Phone {
    /// Opens the phone in `folder`, which must exist. `locale` is `zh-CN` (also if none is given) or `en`.
    pub fn open(
        folder: &Path,
        key_store: Arc<dyn KeyStore>,
        env: Arc<dyn Env>,
        locale: Option<&str>,
    ) -> Result<Self, AppError> {
        let locale = parse_locale(locale)?;
        let claim = Claim::new(folder)?;
        let phone = Self {
            vault: Vault::open(folder, key_store, env.clone())?,
            env,
            folder: folder.to_path_buf(),
            state: Mutex::new(State {
                locale,
                session: None,
                practising: None,
                syncing: None,
                claim: Some(claim),
            }),
            editing: Mutex::new(()),
        };
        phone.sweep_played()?;
        phone.sweep_practice();
        Ok(phone)
    }

    /// Speaks another language from now on.
    pub fn set_locale(&self, locale: Option<&str>) -> Result<(), AppError> {
        self.state().locale = parse_locale(locale)?;
        Ok(())
    }

    /// Who works on this phone.
    pub fn opened(&self) -> Result<Opened, AppError> {
        let workers: Vec<WorkerCard> = self
            .vault
            .workers()?
            .into_iter()
            .map(|card| WorkerCard {
                id: card.id,
                name: card.name,
                photo: card.photo.map(|path| path.to_string_lossy().into_owned()),
            })
            .collect();
        Ok(Opened {
            enrolled: !workers.is_empty(),
            workers,
        })
    }

    /// Locks, and lets another object open the folder.
    pub fn close(&self) -> Result<(), AppError> {
        let locked = self.lock();
        self.state().claim = None;
        locked
    }

    /// Puts an error into the phone's language.
    pub fn explain(&self, error: &AppError) -> Explained {
        explain_in(self.locale(), error)
    }

    pub(super) fn locale(&self) -> Locale {
        self.state().locale
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn edit_lock(&self) -> MutexGuard<'_, ()> {
        self.editing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose records the calls are about: the made-up ones in practice mode, else the unlocked worker's.
    pub(super) fn session(&self) -> Result<Arc<Session>, AppError> {
        let state = self.state();
        if let Some(practising) = &state.practising {
            return Ok(practising.session.clone());
        }
        state.session.clone().ok_or(AppError::Locked)
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Id of the one worker of the phone in `folder`, for tools that look at it from outside.
///
/// Errors: `unknown_worker` if there is none, or more than one.
pub fn only_worker(folder: &Path, env: Arc<dyn Env>) -> Result<String, VaultError> {
    let vault = Vault::open(folder, Arc::new(FileKeyStore::new(folder)), env)?;
    match vault.workers()?.as_slice() {
        [worker] => Ok(worker.id.clone()),
        _ => Err(VaultError::UnknownWorker),
    }
}

fn parse_locale(locale: Option<&str>) -> Result<Locale, AppError> {
    match locale {
        None => Ok(Locale::default()),
        Some(tag) => tag
            .parse()
            .map_err(|_| AppError::UnknownLocale(tag.to_owned())),
    }
}

/// Keeps a folder from being opened twice in this process.
struct Claim(PathBuf);

impl Claim {
    fn new(folder: &Path) -> Result<Self, AppError> {
        let folder = folder.canonicalize().map_err(VaultError::from)?;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if open.insert(folder.clone()) {
            Ok(Self(folder))
        } else {
            Err(AppError::InUse(folder.display().to_string()))
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        OPEN.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.0);
    }
}
