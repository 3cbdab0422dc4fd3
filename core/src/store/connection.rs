//! The one door to a worker's database. All reading and writing goes through [`Store::read`] and [`Store::write`].
//!
//! Knows nothing of tables, and leaves to `database` what a connection is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use xunge_planted::Bug;

use super::StoreError;
use super::database::Database;
use crate::env::Env;
use crate::vault::DatabaseKey;

/// Databases that this process has open.
static OPEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A worker's records on this phone. One a database and process; it may be shared between threads.
pub struct Store {
    database: Mutex<Database>,
    pub(super) env: Arc<dyn Env>,
    pub(super) media_folder: PathBuf,
    // After the database, so that the path is free only when the file is closed.
    _claim: Claim,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(…)")
    }
}

impl Store {
    /// Opens the database `path`, making or migrating it if need be. Media lie in `media` beside it.
    ///
    /// Errors: `database_unreadable` for a wrong key, `database_newer`, `database_already_open`, `disk_full`.
    pub fn open(path: &Path, key: &DatabaseKey, env: Arc<dyn Env>) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let media_folder = folder.join("media");
        fs::create_dir_all(&media_folder)?;
        let claim = Claim::new(
            folder
                .canonicalize()?
                .join(path.file_name().unwrap_or_default()),
        )?;
        let store = Self {
            database: Mutex::new(Database::open(path, key)?),
            env,
            media_folder,
            _claim: claim,
        };
        store.bring_projections_up_to_date()?;
        store.sweep_media()?;
        // A phone that died in the middle of it does it now.
        store.scrub()?;
        Ok(store)
    }

    /// Runs `f` in one read transaction.
    pub(super) fn read<T>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut database = self.database();
        let outcome = look(database.reader(), f);
        database.judge(outcome)
    }

    /// Runs `f` in one write transaction. It is on disk when this returns `Ok`, and never happened otherwise.
    pub(super) fn write<T>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut database = self.database();
        let outcome = transact(database.writer()?, f);
        database.judge(outcome)
    }

    /// Runs `f` where no transaction is under way.
    pub(super) fn outside_transaction<T>(
        &self,
        f: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut database = self.database();
        let outcome = f(database.writer()?).map_err(StoreError::from);
        database.judge(outcome)
    }

    /// Gives memory back that is not needed between calls.
    pub fn release_memory(&self) -> Result<(), StoreError> {
        Ok(self.database().reader().release_memory()?)
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        // A panic while it was held rolled its transaction back.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look<T>(
    connection: &mut Connection,
    f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    f(&connection.transaction()?)
}

fn transact<T>(
    connection: &mut Connection,
    f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = f(&tx)?;
    match tx.commit() {
        Err(_) if xunge_planted::is_on(Bug::FailedCommitBelieved) => {}
        committed => committed?,
    }
    Ok(value)
}

/// Keeps a path from being opened twice in this process: two connections would not see each other's counters in time.
struct Claim(PathBuf);

impl Claim {
    fn new(path: PathBuf) -> Result<Self, StoreError> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if open.insert(path.clone()) {
            Ok(Self(path))
        } else {
            Err(StoreError::AlreadyOpen)
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
