//! The store of one relay, whichever database is behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xunge_protocol::{EpochId, ScopeId, WriterId};

use crate::media::storage::Storage;

use super::postgres::{self, PgStore};
use super::sqlite::{self, SqliteStore};
use super::{County, NewCounty, StoreError, StoreResult, Tx};

/// How a store runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Write on a thread of its own, which commits what waits together; else on the caller's thread. SQLite only: a
    /// server of databases commits together by itself.
    pub writer_thread: bool,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// The data folder. With a database of its own it holds media only.
    pub data: PathBuf,
    /// Address of a PostgreSQL database, if the store is there.
    pub database: Option<String>,
}

impl From<&Path> for Location {
    fn from(data: &Path) -> Self {
        Self {
            data: data.into(),
            database: None,
        }
    }
}

impl From<&PathBuf> for Location {
    fn from(data: &PathBuf) -> Self {
        data.as_path().into()
    }
}

/// What a writing transaction needs for itself, so that others may write beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    /// The writer whose request it is.
    pub writer: Option<WriterId>,
    /// The scopes in whose log it writes.
    pub scopes: Vec<ScopeId>,
}

/// The store of one relay. Cheap to share behind an `Arc`.
pub enum Store {
    /// One SQLCipher file.
    Sqlite(SqliteStore),
    /// A PostgreSQL database, with other nodes beside this one.
    Postgres(PgStore),
}

impl Store {
    /// Makes the store of a new county.
    ///
    /// # Errors
    /// [`StoreError::AlreadyInitialised`] if there is a store already.
    pub fn create(
        at: impl Into<Location>,
        county: &NewCounty,
        options: Options,
    ) -> StoreResult<Self> {
        let at = at.into();
        Ok(match &at.database {
            None => Self::Sqlite(SqliteStore::create(&at.data, county, options)?),
            Some(url) => Self::Postgres(PgStore::create(url, &at.data, county)?),
        })
    }

    /// Opens the store, and brings it to this version's migrations.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if there is none, [`StoreError::TooNew`] if a later version wrote it.
    pub fn open(at: impl Into<Location>, options: Options) -> StoreResult<Self> {
        let at = at.into();
        Ok(match &at.database {
            None => Self::Sqlite(SqliteStore::open(&at.data, options)?),
            Some(url) => Self::Postgres(PgStore::open(url, &at.data)?),
        })
    }

    /// Puts a backup in place of what is there, which is kept aside, and its media into `media`. A new epoch begins.
    /// Returns the number of media files.
    pub fn restore(
        at: impl Into<Location>,
        media: &dyn Storage,
        from: &Path,
        epoch: EpochId,
        writer: WriterId,
    ) -> StoreResult<usize> {
        let at = at.into();
        match &at.database {
            None => sqlite::restore_backup(&at.data, media, from, epoch, writer),
            Some(url) => postgres::restore_backup(url, media, from, epoch, writer),
        }
    }

    /// The county and who the relay is.
    pub fn county(&self) -> &County {
        match self {
            Self::Sqlite(store) => store.county(),
            Self::Postgres(store) => store.county(),
        }
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        match self {
            Self::Sqlite(store) => store.dir(),
            Self::Postgres(store) => store.dir(),
        }
    }

    /// Runs `work` in a writing transaction, alone in the county, and returns once it is durable. Blocks.
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
        match self {
            Self::Sqlite(store) => store.write(work),
            Self::Postgres(store) => store.write(None, work),
        }
    }

    /// [`Self::write`] beside others that claim nothing of the same; a database with one writer lets each wait all the
    /// same. What `work` writes beyond its claim it may have to wait for.
    pub fn write_claiming<T, E>(
        &self,
        claim: Claim,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self {
            Self::Sqlite(store) => store.write(work),
            Self::Postgres(store) => store.write(Some(&claim), work),
        }
    }

    /// Removes what was deleted from the store's own files, so that no page holds anything of it. Takes as long as
    /// copying the store.
    pub fn scrub(&self) -> StoreResult<()> {
        match self {
            Self::Sqlite(store) => store.scrub(),
            Self::Postgres(store) => store.scrub(),
        }
    }

    /// Copies the store and the files of `media` to the new file `to`, and its key beside it, while others read and
    /// write. Returns the number of media files.
    pub fn write_backup(&self, media: &dyn Storage, to: &Path) -> StoreResult<usize> {
        match self {
            Self::Sqlite(store) => sqlite::write_backup(store, media, to),
            Self::Postgres(store) => store.write_backup(media, to),
        }
    }

    /// Tells other nodes that something was stored. Nothing depends on it.
    pub fn tell(&self) {
        if let Self::Postgres(store) = self {
            store.tell();
        }
    }

    /// Calls `changed` whenever another node may have stored something. For the life of the store.
    pub fn follow(&self, changed: impl Fn() + Send + Sync + 'static) {
        if let Self::Postgres(store) = self {
            store.follow(changed);
        }
    }

    /// Runs `work` on one snapshot of the store. Blocks.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite(store) => store.read(work),
            Self::Postgres(store) => store.read(work),
        }
    }

    /// [`Self::write`] for async callers.
    pub async fn write_async<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.write(work))
            .await
            .unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// [`Self::read`] for async callers.
    pub async fn read_async<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read(work))
            .await
            .unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }
}
