//! Why the store did not do what it was asked.

use xunge_protocol::WireError;

/// A failure of the store. Its text is for the log of the relay, never for a phone or a browser.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL said no, or nothing.
    #[error("database: {0}")]
    Postgres(String),
    /// No connection to PostgreSQL came about.
    #[error(
        "no connection to PostgreSQL at {place}: start it, or name another by --database ({why})"
    )]
    Unreachable {
        /// Host and port.
        place: String,
        /// What the driver said.
        why: String,
    },
    /// A file beside the database.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Bytes that this program wrote do not read back.
    #[error("stored data does not read back: {0}")]
    Corrupt(String),
    /// There is no relay in this folder yet.
    #[error("{0} holds no relay: run `xunge init --data {0}` first")]
    NotInitialised(String),
    /// There is one already.
    #[error("{0} holds a relay already")]
    AlreadyInitialised(String),
    /// The database was written by a later version.
    #[error(
        "the database has migration {0}, which this version does not know: use a later version of xunge"
    )]
    TooNew(String),
    /// The transaction was not committed, because of an earlier failure in the same batch.
    #[error("the transaction was not committed: {0}")]
    NotCommitted(String),
    /// Others hold what this needs alone; the same may succeed later.
    #[error("others hold the store: do it again")]
    Busy,
    /// The store is closing.
    #[error("the store is closed")]
    Closed,
}

impl From<WireError> for StoreError {
    fn from(error: WireError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<xunge_protocol::IdError> for StoreError {
    fn from(error: xunge_protocol::IdError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        use std::error::Error as _;
        // The parameters of a statement are never among what is told: they may be personal.
        Self::Postgres(match (error.as_db_error(), error.source()) {
            (Some(told), _) => format!("{} ({})", told.message(), told.code().code()),
            (None, Some(source)) => format!("{error}: {source}"),
            (None, None) => error.to_string(),
        })
    }
}

/// Result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;
