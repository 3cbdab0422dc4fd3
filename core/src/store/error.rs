//! What can go wrong with the store, each with a stable code.

use std::io;

use rusqlite::ErrorCode;
use xunge_protocol::{RecordId, WireError};
use xunge_records::DocumentError;
use xunge_records::sealed_file::SealError;

use crate::disk;

/// Why the store did not do what it was asked. Nothing of the call was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not open this file, or the file is damaged beyond reading.
    #[error("the key does not open the database, or it is damaged")]
    Unreadable,
    /// The database was made by a later version of the app.
    #[error("the database has version {found}, this app knows {known}")]
    Newer {
        /// Version of the database.
        found: u32,
        /// Newest version that this program knows.
        known: u32,
    },
    /// This process has the database open already.
    #[error("the database is open already")]
    AlreadyOpen,
    /// Another process holds the database.
    #[error("another program uses the database")]
    Busy,
    /// SQLite could not switch the write-ahead log on, without which a power cut may lose work.
    #[error("journal mode is {0}, not wal")]
    JournalMode(String),
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// Reading or writing failed.
    #[error("storage: {0}")]
    Io(String),
    /// The database is damaged.
    #[error("damaged database: {0}")]
    Damaged(String),
    /// SQLite refused for a reason that is a fault of this program.
    #[error("database: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// Enrolment is not complete.
    #[error("not enrolled")]
    NotEnrolled,
    /// The vault belongs to another ticket.
    #[error("the vault was begun with another ticket")]
    OtherTicket,
    /// There is no such record.
    #[error("no record {0}")]
    UnknownRecord(RecordId),
    /// A new record needs a scope and a form.
    #[error("a new record needs a scope and a form")]
    NotOpened,
    /// New records do not go into this scope.
    #[error("scope {0} takes no records of this phone")]
    ScopeNotWritable(xunge_protocol::ScopeId),
    /// The record belongs to another scope, which shares it with this phone's to be read.
    #[error("record {0} is shared by another scope, to be read")]
    SharedRecord(RecordId),
    /// There is no such media file, or it has not arrived.
    #[error("no such media file")]
    UnknownMedia,
    /// A media file on disk is not what it was.
    #[error("damaged media file")]
    DamagedMedia,
    /// A type of media that records do not hold.
    #[error("media type {0} is not taken")]
    MediaType(String),
    /// The document refused the edit.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Bytes from the relay that are not what they should be.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The relay began a new epoch.
    #[error("the relay began a new epoch")]
    EpochChanged,
    /// A receipt that does not belong to what this phone sent.
    #[error("a receipt does not match its segment")]
    ForeignReceipt,
    /// The relay answers for what another vault wrote under this writer.
    #[error("the writer went on elsewhere")]
    Forked,
    /// The first copy of a scope is not what the relay listed, or not what its authors signed.
    #[error("snapshot refused: {0}")]
    SnapshotRefused(&'static str),
    /// The cipher refused.
    #[error("cipher: {0}")]
    Cipher(&'static str),
}

impl StoreError {
    /// The stable code, key of the user's text in the resource files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "database_unreadable",
            Self::Newer { .. } => "database_newer",
            Self::AlreadyOpen => "database_already_open",
            Self::Busy => "database_busy",
            Self::JournalMode(_) => "journal_mode",
            Self::DiskFull => "disk_full",
            Self::Io(_) => "storage_failed",
            Self::Damaged(_) => "database_damaged",
            Self::Sqlite(_) => "database_failed",
            Self::NotEnrolled => "not_enrolled",
            Self::OtherTicket => "other_ticket",
            Self::UnknownRecord(_) => "unknown_record",
            Self::NotOpened => "record_not_opened",
            Self::ScopeNotWritable(_) => "scope_not_writable",
            Self::SharedRecord(_) => "shared_record",
            Self::UnknownMedia => "unknown_media",
            Self::DamagedMedia => "media_damaged",
            Self::MediaType(_) => "media_type",
            Self::Document(DocumentError::TooLarge(_)) => "too_large",
            Self::Document(_) => "invalid_content",
            Self::Wire(WireError::NotAuthentic { .. }) => "not_authentic",
            Self::Wire(_) => "malformed",
            Self::EpochChanged => "epoch_changed",
            Self::ForeignReceipt => "foreign_receipt",
            Self::Forked => "forked",
            Self::SnapshotRefused(_) => "snapshot_refused",
            Self::Cipher(_) => "cipher_failed",
        }
    }

    /// Whether the same call may succeed later, once there is room or the other program has ended.
    pub fn retry(&self) -> bool {
        matches!(self, Self::Busy | Self::DiskFull)
    }
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Io(error) => error.into(),
            SealError::Damaged => Self::DamagedMedia,
            SealError::Cipher => Self::Cipher("seal a file"),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
                Self::Io(error.to_string())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase) => Self::Unreadable,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        if disk::is_full(&error) {
            Self::DiskFull
        } else {
            Self::Io(error.to_string())
        }
    }
}
