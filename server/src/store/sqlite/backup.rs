//! A backup is a copy of the database under the same key, with the media files in a table of their own.
//!
//! A restored store begins a new epoch under a new writer of the relay, with the relay's old key, which phones have pinned.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use xunge_protocol::{EpochId, WriterId};

use super::row::Bytes;
use super::{DATABASE, SqliteStore, connection, key};
use crate::media::storage::Storage;
use crate::store::{StoreError, StoreResult};

pub(super) const MEDIA_TABLE: &str =
    "CREATE TABLE backup_media (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT";

/// Where the key of the backup `file` is written.
pub fn backup_key_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// Copies the running store and the files of `media` to the new file `to`, and its key beside it. Returns the number of
/// media files.
pub fn write_backup(store: &SqliteStore, media: &dyn Storage, to: &Path) -> StoreResult<usize> {
    store.backup(to)?;
    let conn = connection::open_plain(to, &store.key)?;
    conn.execute_batch(MEDIA_TABLE)?;
    let count = pack_media(&conn, media)?;
    conn.execute_batch("PRAGMA journal_mode = DELETE")?;
    drop(conn);
    let beside = backup_key_file(to);
    key::write_to(&beside, &store.key)?;
    Ok(count)
}

/// Adds the files of `media` to a backup. Returns their number.
pub(super) fn pack_media(conn: &Connection, media: &dyn Storage) -> StoreResult<usize> {
    let names = media.names()?;
    conn.execute_batch("BEGIN")?;
    for name in &names {
        let mut content = Vec::new();
        let read = media.open(name)?.read_to_end(&mut content);
        read.map_err(|e| key::file_error(Path::new(name), e))?;
        conn.execute(
            "INSERT INTO backup_media (name, content) VALUES (?1, ?2)",
            params![name, content],
        )?;
    }
    conn.execute_batch("COMMIT")?;
    Ok(names.len())
}

/// The key beside a backup.
pub(super) fn read_beside(from: &Path) -> StoreResult<key::DatabaseKey> {
    let beside = backup_key_file(from);
    if beside.exists() {
        return key::read_from(&beside);
    }
    Err(StoreError::File {
        path: beside.display().to_string(),
        source: std::io::Error::other("the backup's key is missing: put it beside the backup"),
    })
}

/// What it means that a backup did not open.
pub(super) fn open_error(from: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Sqlite(_) => StoreError::Corrupt(format!(
            "{} is no backup of xunge, or the key beside it is another one's",
            from.display()
        )),
        other => other,
    }
}

/// Puts the backup `from` in place of what `dir` holds, which is kept beside it under the name `replaced-N`. The key is
/// the one beside the backup, else that of `dir`. Returns the number of media files.
pub fn restore_backup(
    dir: &Path,
    media: &dyn Storage,
    from: &Path,
    epoch: EpochId,
    writer: WriterId,
) -> StoreResult<usize> {
    let key = read_beside(from).or_else(|missing| key::read(dir).map_err(|_| missing))?;
    // Nothing is touched before the backup is known to open.
    let fresh = dir.join("restoring.db");
    let _ = fs::remove_file(&fresh);
    fs::copy(from, &fresh).map_err(|e| key::file_error(from, e))?;
    let count = begin_epoch(media, &fresh, &key, epoch, writer).map_err(|error| {
        let _ = fs::remove_file(&fresh);
        open_error(from, error)
    })?;
    set_aside(dir)?;
    let database = dir.join(DATABASE);
    fs::rename(&fresh, &database).map_err(|e| key::file_error(&database, e))?;
    key::write_to(&key::path(dir), &key)?;
    fs::File::open(dir)
        .and_then(|d| d.sync_all())
        .map_err(|e| key::file_error(dir, e))?;
    Ok(count)
}

fn begin_epoch(
    media: &dyn Storage,
    fresh: &Path,
    key: &key::DatabaseKey,
    epoch: EpochId,
    writer: WriterId,
) -> StoreResult<usize> {
    let conn = connection::open_plain(fresh, key)?;
    let count = write_media(&conn, media)?;
    conn.execute_batch("BEGIN; DROP TABLE backup_media;")?;
    conn.execute(
        "UPDATE counties SET epoch = ?1, relay_writer = ?2",
        params![Bytes(epoch.0), Bytes(writer.0)],
    )?;
    conn.execute_batch("COMMIT")?;
    Ok(count)
}

pub(super) fn write_media(conn: &Connection, media: &dyn Storage) -> StoreResult<usize> {
    let mut query = conn.prepare("SELECT name, content FROM backup_media")?;
    let mut rows = query.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (name, content): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let safe = name
            .split('/')
            .all(|part| !part.is_empty() && part != ".." && part != ".");
        if !safe {
            return Err(StoreError::Corrupt(format!("media file {name}")));
        }
        media.put(&name, &mut |out| out.write_all(&content))?;
        count += 1;
    }
    Ok(count)
}

/// Moves a store that is in `dir` out of the way.
fn set_aside(dir: &Path) -> StoreResult<()> {
    let present: Vec<PathBuf> = ["", "-wal", "-shm"]
        .iter()
        .map(|ending| dir.join(format!("{DATABASE}{ending}")))
        .chain([key::path(dir)])
        .filter(|path| path.exists())
        .collect();
    if present.is_empty() {
        return Ok(());
    }
    let aside = (1..)
        .map(|n| dir.join(format!("replaced-{n}")))
        .find(|path: &PathBuf| !path.exists())
        .unwrap_or_else(|| dir.join("replaced"));
    fs::create_dir_all(&aside).map_err(|e| key::file_error(&aside, e))?;
    for path in present {
        if let Some(name) = path.file_name() {
            fs::rename(&path, aside.join(name)).map_err(|e| key::file_error(&path, e))?;
        }
    }
    Ok(())
}
