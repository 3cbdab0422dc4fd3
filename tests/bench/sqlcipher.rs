//! Opening an encrypted database with a printed key, with the settings that phone and relay use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use xunge_tests::{Outcome, fail};

/// Key, WAL and EXTRA.
pub(crate) fn prepare(connection: &Connection, key: &str) -> Outcome {
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\""))?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| {
        row.get::<_, i64>(0)
    })?;
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(())
}

/// The first database under `dir` that opens with one of the keys.
pub(crate) fn open_any(dir: &Path, keys: &[&str]) -> Outcome<Connection> {
    for file in databases(dir)? {
        for key in keys {
            let connection = Connection::open(&file)?;
            if prepare(&connection, key).is_ok() {
                return Ok(connection);
            }
        }
    }
    fail!(
        "no database in {} opens with the printed key",
        dir.display()
    )
}

fn databases(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(databases(&path)?);
        } else if path
            .extension()
            .is_some_and(|e| e == "db" || e == "sqlite" || e == "sqlite3")
        {
            found.push(path);
        }
    }
    Ok(found)
}
