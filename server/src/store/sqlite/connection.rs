//! Opening connections with the key and the settings that durability rests on.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::json;
use super::key::DatabaseKey;
use crate::store::{StoreError, StoreResult};

/// How long one process waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(10);
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 128;

/// The connection that writes to a new file, or to one that is there.
pub(super) fn create_writer(path: &Path, key: &DatabaseKey) -> StoreResult<Connection> {
    writer(path, OpenFlags::default(), key)
}

/// The connection that writes to a file that is there.
pub(super) fn open_writer(path: &Path, key: &DatabaseKey) -> StoreResult<Connection> {
    let flags = OpenFlags::default() & !OpenFlags::SQLITE_OPEN_CREATE;
    writer(path, flags, key)
}

fn writer(path: &Path, flags: OpenFlags, key: &DatabaseKey) -> StoreResult<Connection> {
    let conn = open(path, flags, key)?;
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA;")?;
    // What the log of an earlier process holds goes into the file, and the next commit begins the log anew: perhaps it was
    // never made durable, and what is added to it would go with it.
    match conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        // The log can stay. Whether there is room for anything shows with the next write.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {}
        outcome => outcome?,
    }
    check_journal(&conn)?;
    Ok(conn)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path, key: &DatabaseKey) -> StoreResult<Connection> {
    // Not SQLITE_OPEN_READ_ONLY: a reader may have to recover the WAL after a crash.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open(path, flags, key)?;
    conn.execute_batch("PRAGMA query_only = ON")?;
    Ok(conn)
}

/// A database that nobody else uses, in its plain journal mode.
pub(super) fn open_plain(path: &Path, key: &DatabaseKey) -> StoreResult<Connection> {
    open(path, OpenFlags::default(), key)
}

/// SQLCipher sets itself up at its first use in a process, which is not for two threads at once.
static FIRST_USE: Mutex<()> = Mutex::new(());

fn open(path: &Path, flags: OpenFlags, key: &DatabaseKey) -> StoreResult<Connection> {
    let _alone = FIRST_USE.lock().unwrap_or_else(PoisonError::into_inner);
    let conn = Connection::open_with_flags(path, flags)?;
    // What is wrong comes back as an error; SQLCipher would say it on standard error as well.
    conn.execute_batch("PRAGMA cipher_log_level = NONE")?;
    conn.execute_batch(&key.pragma())?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    json::teach(&conn)?;
    // Reads the first page: a wrong key shows here.
    conn.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    Ok(conn)
}

/// After an I/O error SQLite can answer "wal" and go on in delete mode, which loses rows; so the log itself is asked for.
pub(super) fn check_journal(conn: &Connection) -> StoreResult<()> {
    for again in (0..LOOKS).rev() {
        let mode: String = conn.query_row("PRAGMA journal_mode", [], |r| r.get(0))?;
        // How many frames the log has; -1 where there is none, or another process holds the file just now.
        let frames: i64 = conn.query_row("PRAGMA wal_checkpoint(NOOP)", [], |r| r.get(1))?;
        if mode == "wal" && frames >= 0 {
            break;
        }
        if again == 0 {
            return Err(StoreError::Corrupt(format!(
                "journal mode is {mode}, and the log has {frames} frames"
            )));
        }
        // Reading opens the log, and waits for whoever holds the file.
        conn.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    }
    Ok(())
}

/// Looks for the log before it is said to be missing.
const LOOKS: u32 = 3;

/// Copies the whole database behind `conn` to a new file under the same key.
pub(super) fn copy(conn: &Connection, to: &Path, key: &DatabaseKey) -> StoreResult<()> {
    let mut target = {
        let _alone = FIRST_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let target = Connection::open(to)?;
        target.execute_batch(&key.pragma())?;
        target
    };
    let backup = rusqlite::backup::Backup::new(conn, &mut target)?;
    backup.run_to_completion(256, Duration::ZERO, None)?;
    Ok(())
}
