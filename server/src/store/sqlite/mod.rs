//! The store on one SQLCipher file: one writer, many readers. The only part of the relay that knows SQL.

mod audit;
mod backup;
mod board;
mod board_households;
mod board_people;
mod board_warnings;
mod connection;
pub(in crate::store) mod copy;
mod counters;
mod county;
mod enrolments;
mod erasure;
mod json;
mod key;
mod log;
mod media;
mod migrate;
mod organisation;
mod people;
mod quarantine;
mod queue;
mod records;
mod references;
mod relay_keys;
mod row;
mod segments;
mod sessions;
mod shares;
mod snapshots;
mod writers;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode};

pub use backup::{backup_key_file, restore_backup, write_backup};
pub use key::database_key;

use super::pending::{OpenSegments, Pending};
use super::{County, NewCounty, Options, StoreError, StoreResult, Tx};
use counters::{Counter, Counters};
use queue::WriteQueue;

/// Name of the database file in the data folder.
const DATABASE: &str = "relay.db";
/// Idle reading connections that are kept.
const KEPT_READERS: usize = 8;

/// The store of one relay. Cheap to share behind an `Arc`.
pub struct SqliteStore {
    dir: PathBuf,
    key: key::DatabaseKey,
    county: County,
    writer: WriteQueue,
    readers: Mutex<Vec<Connection>>,
}

/// One transaction. Its methods are those of the traits in [`crate::store`].
pub(in crate::store::sqlite) struct SqliteTx<'a> {
    conn: &'a Connection,
    county: i64,
    counters: Counters,
    pending: RefCell<Pending>,
    open: OpenSegments<log::Number>,
}

impl<'a> SqliteTx<'a> {
    fn new(conn: &'a Connection, county: i64) -> Self {
        Self {
            conn,
            county,
            counters: Counters::default(),
            pending: RefCell::default(),
            open: OpenSegments::default(),
        }
    }

    /// The connection, for the SQL of this module's files.
    pub(in crate::store::sqlite) fn sql(&self) -> &Connection {
        self.conn
    }

    /// First column of every key.
    pub(in crate::store::sqlite) fn county(&self) -> i64 {
        self.county
    }

    /// The last value of a counter; 0 before the first.
    fn last(&self, of: Counter) -> StoreResult<u64> {
        self.counters.last(self.conn, self.county, of)
    }

    /// The next value of a counter, from 1.
    fn next(&self, of: Counter) -> StoreResult<u64> {
        self.counters.next(self.conn, self.county, of)
    }

    /// Writes what is still in memory. Must come last in the transaction.
    fn flush(&self) -> StoreResult<()> {
        self.settle(true)?;
        self.counters.flush(self.conn, self.county)
    }
}

impl SqliteStore {
    /// Makes the store of a new county in `dir`, which is created if need be.
    ///
    /// # Errors
    /// [`StoreError::AlreadyInitialised`] if `dir` holds a store.
    pub fn create(dir: &Path, county: &NewCounty, options: Options) -> StoreResult<Self> {
        std::fs::create_dir_all(dir).map_err(|e| key::file_error(dir, e))?;
        let key = key::create(dir, &county.database_key)?;
        let mut conn = connection::create_writer(&dir.join(DATABASE), &key)?;
        migrate::run(&mut conn)?;
        county::insert(&conn, county)?;
        Self::start(dir, key, conn, options)
    }

    /// Opens the store in `dir`, and brings it to this version's migrations.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if there is none, [`StoreError::TooNew`] if a later version wrote it.
    pub fn open(dir: &Path, options: Options) -> StoreResult<Self> {
        let path = dir.join(DATABASE);
        let key = key::read(dir)?;
        let mut conn = connection::open_writer(&path, &key).map_err(|error| match error {
            StoreError::Sqlite(ref why)
                if why.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !path.exists() =>
            {
                StoreError::NotInitialised(dir.display().to_string())
            }
            error => error,
        })?;
        migrate::run(&mut conn)?;
        Self::start(dir, key, conn, options)
    }

    fn start(
        dir: &Path,
        key: key::DatabaseKey,
        conn: Connection,
        options: Options,
    ) -> StoreResult<Self> {
        connection::check_journal(&conn)?;
        let county = county::read(&conn)?
            .ok_or_else(|| StoreError::NotInitialised(dir.display().to_string()))?;
        let (path, again) = (dir.join(DATABASE), key.clone());
        let open = Box::new(move || connection::open_writer(&path, &again));
        Ok(Self {
            dir: dir.into(),
            key,
            writer: WriteQueue::start(conn, open, county.number, options.writer_thread)?,
            county,
            readers: Mutex::default(),
        })
    }

    /// The county and who the relay is.
    pub fn county(&self) -> &County {
        &self.county
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs `work` in a writing transaction, and returns once it is durable. Blocks.
    ///
    /// An error of `work` rolls everything that it did back; a panic too.
    pub fn write<T, E>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.run(work)
    }

    /// Runs `work` on one snapshot of the store. Blocks.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let conn = self.reader()?;
        conn.execute_batch("BEGIN").map_err(StoreError::from)?;
        let result = work(&SqliteTx::new(&conn, self.county.number));
        conn.execute_batch("ROLLBACK").map_err(StoreError::from)?;
        // After a failure it is not kept: a connection that met a fault of the disk can never read again.
        let value = result?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < KEPT_READERS {
            readers.push(conn);
        }
        Ok(value)
    }

    fn reader(&self) -> StoreResult<Connection> {
        let kept = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match kept {
            Some(conn) => Ok(conn),
            None => connection::open_reader(&self.dir.join(DATABASE), &self.key),
        }
    }

    /// Writes the file anew, so that nothing of what was deleted is left in it or in its write-ahead log. Others may
    /// read meanwhile, and wait with what they write.
    pub fn scrub(&self) -> StoreResult<()> {
        let conn = connection::open_writer(&self.dir.join(DATABASE), &self.key)?;
        // New pages begin as zeros, not as what memory held.
        conn.execute_batch("PRAGMA secure_delete = ON; VACUUM;")?;
        let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
        if busy != 0 {
            return Err(StoreError::Busy);
        }
        Ok(())
    }

    /// Copies the database, consistent and encrypted with the same key, to the new file `to`.
    pub fn backup(&self, to: &Path) -> StoreResult<()> {
        let conn = self.reader()?;
        connection::copy(&conn, to, &self.key)
    }
}
