//! The file of a backup, for a store that is no SQLite itself: the same tables under a key of its own.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::backup::{
    MEDIA_TABLE, backup_key_file, open_error, pack_media, read_beside, write_media,
};
use super::{connection, key, migrate};
use crate::media::storage::Storage;
use crate::store::StoreResult;

/// A backup that is written or read.
pub(in crate::store) struct Copy {
    path: PathBuf,
    key: key::DatabaseKey,
    conn: Connection,
}

/// Inserts into one table.
pub(in crate::store) struct Insert<'a>(rusqlite::Statement<'a>);

impl Insert<'_> {
    /// One row, in the order of the columns.
    pub(in crate::store) fn row(&mut self, values: Vec<Value>) -> StoreResult<()> {
        self.0.execute(params_from_iter(values))?;
        Ok(())
    }
}

impl Copy {
    /// A new file at `path`.
    pub(in crate::store) fn create(path: &Path, key_and_salt: &[u8; 48]) -> StoreResult<Self> {
        let key = key::DatabaseKey::new(key_and_salt);
        let mut conn = connection::open_plain(path, &key)?;
        migrate::run(&mut conn)?;
        conn.execute_batch("BEGIN")?;
        Ok(Self {
            path: path.into(),
            key,
            conn,
        })
    }

    /// The backup at `path`, whose key lies beside it, brought to this version's migrations in a copy of its own.
    pub(in crate::store) fn open(path: &Path) -> StoreResult<Self> {
        let key = read_beside(path)?;
        let fresh = path.with_extension("restoring");
        let _ = std::fs::remove_file(&fresh);
        std::fs::copy(path, &fresh).map_err(|e| key::file_error(path, e))?;
        let opened = connection::open_plain(&fresh, &key).and_then(|mut conn| {
            migrate::run(&mut conn)?;
            Ok(conn)
        });
        // Read to the end by this process alone: it needs no name any more.
        std::fs::remove_file(&fresh).map_err(|e| key::file_error(&fresh, e))?;
        let conn = opened.map_err(|error| open_error(path, error))?;
        Ok(Self {
            path: path.into(),
            key,
            conn,
        })
    }

    /// Key and salt.
    pub(in crate::store) fn key(&self) -> StoreResult<Vec<u8>> {
        self.key.bytes()
    }

    /// Inserts into `columns` of `table`; none if this kind of file has no such table.
    pub(in crate::store) fn insert(
        &self,
        table: &str,
        columns: &[String],
    ) -> StoreResult<Option<Insert<'_>>> {
        if !self.has(table)? {
            return Ok(None);
        }
        let marks = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({marks})", list(columns));
        Ok(Some(Insert(self.conn.prepare(&sql)?)))
    }

    fn has(&self, table: &str) -> StoreResult<bool> {
        Ok(self
            .conn
            .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1")?
            .exists([table])?)
    }

    /// All rows of a table, some at a time.
    pub(in crate::store) fn rows(
        &self,
        table: &str,
        columns: &[String],
        at_once: usize,
        mut take: impl FnMut(Vec<Vec<Value>>) -> StoreResult<()>,
    ) -> StoreResult<()> {
        if !self.has(table)? {
            return Ok(());
        }
        let sql = format!("SELECT {} FROM {table}", plain(table, columns));
        let mut query = self.conn.prepare(&sql)?;
        let mut rows = query.query([])?;
        let mut batch = Vec::new();
        while let Some(r) = rows.next()? {
            let values: Vec<Value> = (0..columns.len())
                .map(|n| r.get(n))
                .collect::<Result<_, _>>()?;
            batch.push(values);
            if batch.len() == at_once {
                take(std::mem::take(&mut batch))?;
            }
        }
        if batch.is_empty() {
            Ok(())
        } else {
            take(batch)
        }
    }

    /// Adds the files of `media`, and writes the key beside the file. Returns the number of media files.
    pub(in crate::store) fn finish(self, media: &dyn Storage) -> StoreResult<usize> {
        self.conn
            .execute_batch("UPDATE records SET json = kept_json(kind, json), writer = nullif(writer, substr(record, 2, 8)),
               updated_at = nullif(updated_at, received_at)")?;
        super::log::index_all(&self.conn)?;
        self.conn.execute_batch("COMMIT")?;
        self.conn.execute_batch(MEDIA_TABLE)?;
        let count = pack_media(&self.conn, media)?;
        drop(self.conn);
        key::write_to(&backup_key_file(&self.path), &self.key)?;
        Ok(count)
    }

    /// Writes the media files of the backup into `media`. Returns their number.
    pub(in crate::store) fn write_media(&self, media: &dyn Storage) -> StoreResult<usize> {
        write_media(&self.conn, media)
    }
}

/// The columns of `table` as another database keeps them.
fn plain(table: &str, columns: &[String]) -> String {
    let all = list(columns);
    match table {
        "records" => all
            .replace("\"json\"", "plain_json(\"json\")")
            .replace("\"writer\"", "coalesce(writer, substr(record, 2, 8))")
            .replace("\"updated_at\"", "coalesce(updated_at, received_at)"),
        _ => all,
    }
}

fn list(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|c| format!("\"{c}\"")).collect();
    quoted.join(", ")
}
