//! The one connection to a worker's database: SQLCipher with key and salt from outside, WAL, `synchronous=EXTRA`.
//!
//! Knows nothing of tables. All reading and writing goes through [`Store::read`] and [`Store::write`].

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use zeroize::Zeroizing;

use super::{StoreError, migrations};
use crate::env::Env;
use crate::vault::DatabaseKey;

/// Page cache in KiB. An old phone has 1 GB for everything; the hot pages of a grid fit.
const CACHE_KIB: i64 = 2048;
/// How long to wait for another process before saying that it is in the way.
const BUSY: Duration = Duration::from_secs(5);

/// Databases that this process has open.
static OPEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A worker's records on this phone. One a database and process; it may be shared between threads.
pub struct Store {
    connection: Mutex<Connection>,
    pub(super) env: Arc<dyn Env>,
    pub(super) media_folder: PathBuf,
    // After the connection, so that the path is free only when the file is closed.
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
        let mut connection = connect(path, key)?;
        migrations::migrate(&mut connection)?;
        check_journal(&mut connection, path)?;
        let store = Self {
            connection: Mutex::new(connection),
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
        let mut connection = self.connection();
        let tx = connection.transaction()?;
        f(&tx)
    }

    /// Runs `f` in one write transaction. It is on disk when this returns `Ok`, and never happened otherwise.
    pub(super) fn write<T>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = f(&tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Runs `f` where no transaction is under way.
    pub(super) fn outside_transaction<T>(
        &self,
        f: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        Ok(f(&self.connection())?)
    }

    /// Gives memory back that is not needed between calls.
    pub fn release_memory(&self) -> Result<(), StoreError> {
        Ok(self.connection().release_memory()?)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic while it was held rolled its transaction back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// SQLCipher sets itself up at its first use in a process, which is not for two threads at once.
static FIRST_USE: Mutex<()> = Mutex::new(());

fn connect(path: &Path, key: &DatabaseKey) -> Result<Connection, StoreError> {
    let _alone = FIRST_USE.lock().unwrap_or_else(PoisonError::into_inner);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Key and salt together: otherwise the salt is the file's first 16 bytes, and one torn sector loses everything.
    let digits = Zeroizing::new(hex::encode(key.as_bytes()));
    let pragma = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *digits));
    // A wrong key comes back as an error; SQLCipher need not print it as well.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    connection.execute_batch(&pragma)?;
    connection.busy_timeout(BUSY)?;
    // The first read is what tells a wrong key.
    connection.query_row("SELECT count(*) FROM sqlite_master", (), |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", 2)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::JournalMode(mode));
    }
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    // Deleted rows, and pages that are taken anew, hold zeros instead of what stood there.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// After an I/O error SQLite can answer "wal" and run in another mode: so commit once, and look again.
fn check_journal(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO counter VALUES ('opened', 1) ON CONFLICT DO UPDATE SET value = value + 1",
        (),
    )?;
    tx.commit()?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    let mut log = path.as_os_str().to_os_string();
    log.push("-wal");
    if mode != "wal" || !Path::new(&log).exists() {
        return Err(StoreError::JournalMode(mode));
    }
    Ok(())
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
