//! Takes the segments of a request: each has one place in its writer's chain, or is refused whole.

use xunge_planted::Bug;
use xunge_protocol::Hash32;
use xunge_protocol::header::SegmentHeader;
use xunge_protocol::message::RefusedSegment;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::Fork;

use super::SyncFailure;
use super::offer::Offer;
use super::take::{self, Coming, Piece, Terms};
use crate::authority::Authority;
use crate::store::{LogTx, StoreResult, WriterRow};

/// Stores what `writer` brings, and returns the segments that were refused whole.
pub(super) fn push(
    authority: &mut Authority<'_>,
    writer: &WriterRow,
    offers: Vec<Offer>,
) -> Result<Vec<RefusedSegment>, SyncFailure> {
    let mut refused = Vec::new();
    for offer in offers {
        let SegmentHeader { scope, index, .. } = offer.segment.header;
        let tx = authority.tx();
        match place(tx, writer, &offer)? {
            Place::Next => {
                take_own(authority, writer, offer, true)?;
                authority.ease()?;
            }
            // Others may have brought it without some of its entries.
            Place::Known if take::is_missing_some(tx, &offer.segment.header)? => {
                take_own(authority, writer, offer, false)?;
            }
            Place::Known => {}
            // Nothing of the request may stay: what is free in one scope may collide in another.
            Place::Refused {
                code: SyncRefusal::Fork,
                ..
            } => {
                let counter = writer.last_request.map_or(0, |(counter, _)| counter);
                return Err(SyncFailure::Forked(Fork { counter }));
            }
            Place::Refused { code, expected } => {
                tracing::warn!(writer = %writer.id(), %scope, index, code = code.name(), "segment refused");
                refused.push(RefusedSegment {
                    scope,
                    index,
                    code,
                    expected,
                });
            }
        }
    }
    Ok(refused)
}

/// Where a segment stands in its chain.
enum Place {
    Next,
    Known,
    Refused { code: SyncRefusal, expected: u64 },
}

fn place(tx: &dyn LogTx, writer: &WriterRow, offer: &Offer) -> StoreResult<Place> {
    let segment = &offer.segment;
    let header = &segment.header;
    let head = tx.chain_head(header.scope, writer.id())?;
    let (expected, previous) = match head {
        Some(head) => (head.header.index + 1, head.header.hash()),
        None => (0, Hash32([0; 32])),
    };
    let refuse = |code| Ok(Place::Refused { code, expected });
    if header.writer != writer.id() {
        return refuse(SyncRefusal::ForeignSegment);
    }
    if segment.entries.is_empty() {
        return refuse(SyncRefusal::Malformed);
    }
    // Judged before the chain, so that nobody without the key learns anything about it.
    if !offer.signed {
        return refuse(SyncRefusal::BadSignature);
    }
    if offer.too_large {
        return refuse(SyncRefusal::TooLarge);
    }
    if header.index < expected {
        let known = tx.segment(header.scope, writer.id(), header.index)?;
        return match known {
            Some(known) if known.header.hash() == header.hash() => Ok(Place::Known),
            Some(_) if xunge_planted::is_on(Bug::ActorReused) => Ok(Place::Known),
            // Others brought later segments after a restore.
            None if take::fits(tx, header)? => Ok(Place::Next),
            _ => refuse(SyncRefusal::Fork),
        };
    }
    if header.index > expected {
        return refuse(SyncRefusal::Gap);
    }
    if header.previous != previous {
        return refuse(SyncRefusal::Fork);
    }
    Ok(Place::Next)
}

/// Takes what its own writer brings.
fn take_own(
    authority: &mut Authority<'_>,
    writer: &WriterRow,
    offer: Offer,
    is_new: bool,
) -> Result<(), SyncFailure> {
    let pieces = std::iter::zip(offer.segment.entries, offer.guarded)
        .map(|(entry, guarded)| Piece::Entry(entry, Box::new(guarded)));
    let coming = Coming {
        header: offer.segment.header,
        signature: offer.segment.signature,
        pieces: pieces.collect(),
        is_new,
    };
    let scope = coming.header.scope;
    let accepted = take::take(authority, Terms::of_writer(writer), coming)?;
    take::let_in_dependents(authority, scope, accepted.records)
}
