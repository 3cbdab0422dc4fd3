//! The phone's SQLCipher database: change log, outbox, receipts, projections, search, drafts, media.
//!
//! [`Store`] is the only door; each file adds what it is about. A save writes change, projection and search row in one
//! transaction, and is on disk when it returns. Nothing here knows of HTTP, screens or languages.

mod bundles;
mod changes;
mod clock;
mod closed;
mod connection;
mod counters;
mod cursors;
mod database;
mod drafts;
mod erasure;
mod error;
mod held;
mod households;
mod identity;
mod inbound;
mod lost;
mod media;
mod migrations;
mod outbox;
mod pieces;
mod projection;
mod receipts;
mod records;
mod refused;
mod relay_keys;
mod remembered;
mod resources;
mod retention;
mod search;
mod shares;
mod snapshot;
mod succession;
mod sync_state;
mod system;
mod terms;
mod warnings;

pub use changes::Refusal;
pub use clock::Now;
pub use connection::Store;
pub use cursors::SyncPosition;
pub use drafts::Draft;
pub use error::StoreError;
pub use households::{HouseholdRow, NextVisit};
pub use identity::{Enrolled, Identity};
pub use inbound::Applied;
pub use records::{RecordQuery, RecordRow, Save, Saved};
pub use remembered::Remembered;
pub use search::Hit;
pub use shares::Sharing;
pub use snapshot::{TakenPart, WantedPart};
pub use succession::{Predecessor, Succeeded};
pub use sync_state::{Progress, SyncState};
pub use system::ScopeInfo;
pub use warnings::OpenWarning;

#[cfg(test)]
mod tests;
