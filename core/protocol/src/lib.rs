//! Everything that crosses the wire between a phone and the relay, and nothing else.
//!
//! This crate knows bytes, hashes, signatures and message shapes. It does not know what a household or a dispute is
//! (that is `xunge-records`), where anything is stored, or which transport carries a message.
//!
//! The unit that moves everywhere is a [`Segment`]: a batch of entries by one writer in one scope, bound together by a
//! signed [`SegmentHeader`]. A [`Receipt`] is the relay's signed answer to a segment. One [`SyncRequest`] and its
//! [`SyncResponse`] carry everything in one round trip, each inside a signed [`envelope`].

pub mod batch;
pub mod bundle;
pub mod crypto;
pub mod enrolment;
pub mod entry;
pub mod envelope;
pub mod header;
pub mod ids;
pub mod media;
pub mod merkle;
pub mod message;
pub mod packed;
mod payload;
pub mod receipt;
pub mod refusal;
pub mod relay_key;
pub mod segment;
pub mod short_code;
pub mod snapshot;
pub mod succession;
pub mod system;
pub mod time;
pub mod wire;

pub use batch::{Batch, BatchError};
pub use bundle::{Homebound, Outbound, Pouch, SealedBundle};
pub use crypto::{PublicKey, SecretKey, Signature, Suite};
pub use entry::{Entry, EntryKind, Leaf};
pub use header::SegmentHeader;
pub use ids::{EpochId, Hash32, IdError, RecordId, ScopeId, WriterId};
pub use message::{SyncRequest, SyncResponse};
pub use receipt::{Receipt, Verdict};
pub use refusal::RefusalCode;
pub use relay_key::KeyRing;
pub use segment::{PulledEntry, PulledSegment, Segment};
pub use short_code::ShortCode;
pub use time::{Confidence, Timestamp};
pub use wire::WireError;
