//! The connection to the database file: SQLCipher with key and salt from outside, WAL, `synchronous=EXTRA`; and whether it
//! may be believed. Knows nothing of tables but the counter that it counts up itself.
//!
//! After a fault of the disk neither what failed nor the connection is what it seems. A commit whose sync failed is not
//! saved, but may stand whole in the log, and no later sync makes it durable: the kernel calls its pages clean. SQLite
//! writes the next commit over it; a process that opens the file later finds it and builds on it, and a power cut then
//! takes what was built as well. And a page that could not be read leaves SQLCipher's connection broken for good. So after
//! a failure nothing is saved until a new connection, opened while the old one still keeps the log, has committed and found
//! the file whole; and what a log holds at opening goes into the file before anything is added to it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use zeroize::Zeroizing;

use super::{StoreError, migrations};
use crate::vault::DatabaseKey;

/// Page cache in KiB. An old phone has 1 GB for everything; the hot pages of a grid fit.
const CACHE_KIB: i64 = 2048;
/// How long to wait for another process before saying that it is in the way.
const BUSY: Duration = Duration::from_secs(5);

/// A database file, and the one connection to it.
pub(super) struct Database {
    path: PathBuf,
    key: DatabaseKey,
    connection: Connection,
    /// Something failed since the connection was opened.
    doubtful: bool,
}

impl Database {
    /// Opens the file, making or migrating it if need be.
    pub(super) fn open(path: &Path, key: &DatabaseKey) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.into(),
            key: key.clone(),
            connection: open(path, key)?,
            doubtful: false,
        })
    }

    /// To read what was saved, with the old connection where no other can be had: so does a disk that takes no writes.
    pub(super) fn reader(&mut self) -> &mut Connection {
        if let Err(error) = self.mend() {
            tracing::warn!(%error, "the database could not be opened anew");
        }
        &mut self.connection
    }

    /// To write, once all that was written before is certain.
    pub(super) fn writer(&mut self) -> Result<&mut Connection, StoreError> {
        self.mend()?;
        Ok(&mut self.connection)
    }

    /// Passes on an outcome; one that a fault of the disk may have caused leaves doubt. A full disk does not: SQLite takes
    /// back all of what had no room.
    pub(super) fn judge<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.doubtful |= matches!(
            outcome,
            Err(StoreError::Io(_)
                | StoreError::Damaged(_)
                | StoreError::Unreadable
                | StoreError::Sqlite(_))
        );
        outcome
    }

    fn mend(&mut self) -> Result<(), StoreError> {
        if !self.doubtful {
            return Ok(());
        }
        let connection = open(&self.path, &self.key)?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
        if found != "ok" {
            return Err(StoreError::Damaged(found));
        }
        self.connection = connection;
        self.doubtful = false;
        Ok(())
    }
}

/// SQLCipher sets itself up at its first use in a process, which is not for two threads at once.
static FIRST_USE: Mutex<()> = Mutex::new(());

fn open(path: &Path, key: &DatabaseKey) -> Result<Connection, StoreError> {
    let mut connection = connect(path, key)?;
    settle(&connection)?;
    migrations::migrate(&mut connection)?;
    check_journal(&mut connection)?;
    Ok(connection)
}

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

/// Brings what the log of an earlier process holds into the file; the next commit begins the log anew.
fn settle(connection: &Connection) -> Result<(), StoreError> {
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())) {
        // The log can stay. Whether there is room for anything at all shows next.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// After an I/O error SQLite can answer "wal" and run in another mode: so commit once, and look for the log.
fn check_journal(connection: &mut Connection) -> Result<(), StoreError> {
    count(connection)?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    // How many frames the log has; -1 where there is none.
    let frames: i64 = connection.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| row.get(1))?;
    if mode != "wal" || frames < 1 {
        return Err(StoreError::JournalMode(mode));
    }
    Ok(())
}

/// The smallest commit there is.
fn count(connection: &mut Connection) -> Result<(), StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO counter VALUES ('opened', 1) ON CONFLICT DO UPDATE SET value = value + 1",
        (),
    )?;
    Ok(tx.commit()?)
}
