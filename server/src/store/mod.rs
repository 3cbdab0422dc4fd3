//! Everything that the relay keeps, behind traits that say what a transaction can do, not how.
//!
//! [`Store`] runs closures in transactions; a closure gets a [`Tx`], which has the methods of all traits here. A closure
//! may run on another thread, and is never run twice. SQL lives in the databases' own folders alone; what a transaction
//! can do is the same in each, and one suite of tests holds them to it.

mod audit;
mod board;
mod county;
mod engine;
mod enrolments;
mod erasure;
mod error;
mod media;
mod organisation;
mod packed;
mod pending;
mod people;
pub mod postgres;
mod quarantine;
mod records;
mod references;
mod relay_keys;
mod segments;
mod sessions;
mod shares;
mod snapshots;
pub mod sqlite;
mod squeeze;
mod writers;

pub use audit::AuditLog;
pub use board::{
    Board, CampaignRow, GroupBy, HouseholdCounts, HouseholdFilter, HouseholdRow, HouseholdShow,
    Outcome, RecipientRow, RecordFilter, Show, Span, Tally, Window,
};
pub use county::{County, NewCounty};
pub use engine::{Claim, Location, Options, Store};
pub use enrolments::{Enrolments, ShortCodeRow, TicketRow};
pub use erasure::{Erasure, TombstoneRow};
pub use error::{StoreError, StoreResult};
pub use media::{MediaFiles, MediaOwner, MediaRow, UploadRow};
pub use organisation::Organisation;
pub(crate) use packed::{CHUNK_PREFIX, change_hash};
pub use people::{People, UserRow};
pub use quarantine::{EntryId, NotEntryId, Quarantine, QuarantineRow, QuarantineState};
pub use records::{RecordPlace, RecordRow, Records};
pub use references::References;
pub use relay_keys::{RelayKeys, RetiredKey};
pub use segments::{EntryRow, LogEntry, SegmentRow, Segments};
pub use sessions::{SessionRow, Sessions};
pub use shares::{Shares, UNSHARED};
pub use snapshots::{SnapshotRow, Snapshots};
pub use squeeze::unfold;
pub use writers::{GrantState, Worker, WriterRow, Writers};

/// What sync and authority ask of a transaction.
pub trait LogTx:
    Writers
    + Segments
    + Quarantine
    + Records
    + Enrolments
    + Organisation
    + Erasure
    + MediaFiles
    + Snapshots
    + Shares
    + RelayKeys
{
}

impl<
    T: Writers
        + Segments
        + Quarantine
        + Records
        + Enrolments
        + Organisation
        + Erasure
        + MediaFiles
        + Snapshots
        + Shares
        + RelayKeys,
> LogTx for T
{
}

/// Everything that a transaction can do.
pub trait StoreTx: LogTx + AuditLog + Board + People + References + Sessions {}

impl<T: LogTx + AuditLog + Board + People + References + Sessions> StoreTx for T {}

/// One transaction, on whichever database.
pub type Tx<'a> = dyn StoreTx + 'a;
