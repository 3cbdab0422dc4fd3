//! Bytes to [`CheckedChange`], and the change's place in its document.

use automerge::{Change, ChangeHash};
use xunge_protocol::{Hash32, Timestamp};

use super::error::GuardError;
use super::{operations, scan};
use crate::caps;
use crate::document::Document;
use crate::document::change::{Author, CheckedChange};
use crate::unwind::caught;

/// Reads `bytes` as exactly one uncompressed change chunk whose operations are ours.
///
/// Nothing is decoded before size, hash and row counts hold. A change that Automerge would not write back as the same
/// bytes is refused, since a document that holds one cannot be saved.
pub fn check_change(bytes: &[u8]) -> Result<CheckedChange, GuardError> {
    let hash = scan::scan(bytes)?.hash;
    let read = caught(|| -> Result<_, automerge::LoadChangeError> {
        let change = Change::from_bytes(bytes.to_vec())?;
        let expanded = change.decode();
        let again = Change::from(expanded.clone());
        let same = again.raw_bytes() == bytes && change.hash() == ChangeHash(hash.0);
        Ok((change, expanded, same))
    });
    let (change, expanded, same) = read
        .ok_or(GuardError::Panicked)?
        .map_err(|e| GuardError::Unreadable(e.to_string()))?;
    if !same {
        return Err(GuardError::Malformed("automerge would write it otherwise"));
    }
    let author = Author::of(change.actor_id()).ok_or(GuardError::OperationNotAllowed(
        "an actor that is no writer",
    ))?;
    if !(0..=caps::MAX_SECONDS).contains(&change.timestamp()) {
        return Err(GuardError::Malformed("time"));
    }
    if change.deps().is_empty() {
        return Err(GuardError::Malformed("it does not begin with the genesis"));
    }
    Ok(CheckedChange {
        hash,
        author,
        seq: change.seq(),
        start_op: change.start_op().get(),
        max_op: change.max_op(),
        dependencies: change.deps().iter().map(|h| Hash32(h.0)).collect(),
        at: Timestamp(change.timestamp() * 1000),
        operations: operations::read(&expanded, author)?,
        change,
    })
}

/// Whether the change fits into `document`: all that it builds on is there, and its numbers follow from that.
pub fn check_in(change: &CheckedChange, document: &Document) -> Result<(), GuardError> {
    Ok(document.check_place(change)?)
}
