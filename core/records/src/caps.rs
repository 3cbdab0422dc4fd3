//! Every limit on what a record may hold. The guard refuses what is beyond them, and local edits stay within them.
//!
//! They are generous for honest work: a dispute with a year of mediation stays under a tenth of each.

/// Bytes of one change chunk.
pub const MAX_CHANGE_BYTES: usize = 256 * 1024;
/// Operations of one change; also rows of any column in it.
pub const MAX_OPERATIONS: usize = 4096;
/// Heads that one change may build on.
pub const MAX_DEPENDENCIES: usize = 64;
/// Actors that one change may name beside its own.
pub const MAX_OTHER_ACTORS: usize = 256;
/// Bytes of an actor id.
pub const MAX_ACTOR_BYTES: usize = 16;
/// Bytes of a field path.
pub const MAX_KEY_BYTES: usize = 160;
/// Bytes of a text value: [`crate::model::field::MAX_TEXT_CHARS`] characters of four bytes.
pub const MAX_TEXT_BYTES: usize = 16_000;
/// Bytes of one event.
pub const MAX_EVENT_BYTES: usize = 32 * 1024;
/// Events that one event may name as its basis.
pub const MAX_BASIS: usize = 64;
/// Changes of one document.
pub const MAX_CHANGES: usize = 4096;
/// The last second of the year 9999: no change is later.
pub const MAX_SECONDS: i64 = 253_402_300_799;
