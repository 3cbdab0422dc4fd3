//! Answers phones: enrolment, push and pull in one round trip.
//!
//! [`handle`], [`enrol::handle`] and [`courier::handle`] take and give bytes, block, and know nothing of HTTP, so that a simulation can run a
//! relay in its own thread; [`http`] puts them behind routes.

pub mod courier;
pub mod enrol;
pub mod failure;
pub mod http;
pub mod redeem;
pub mod succeed;

mod held;
mod offer;
pub(crate) mod pull;
mod push;

use std::sync::{Arc, Once};

use xunge_planted::Bug;
use xunge_protocol::batch::Assume;
use xunge_protocol::envelope::{RequestEnvelope, seal_response};
use xunge_protocol::message::{
    Cursor, MAX_SEGMENTS, MAX_WANTED, ReceiptCursor, RefusedSegment, SYNC_PATH,
};
use xunge_protocol::packed::{PackedRequest, PackedResponse};
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::Fork;
use xunge_protocol::system::WriterRole;
use xunge_protocol::{
    EpochId, Hash32, RecordId, ScopeId, SyncRequest, SyncResponse, WireError, WriterId,
};

pub use failure::SyncFailure;

use crate::authority::{Authority, share};
use crate::relay::Relay;
use crate::store::{Claim, County, StoreResult, WriterRow};
use offer::Offer;

/// Most scopes and earlier incarnations that one request may name.
const MAX_CURSORS: usize = 1024;
/// Most receipts in one response.
const MAX_RECEIPTS: usize = 256;

/// Answers the body of one sync request. What it brings is durable when this returns. Blocks.
///
/// # Errors
/// A refusal of the whole request; nothing of it is stored then.
pub fn handle(relay: &Arc<Relay>, body: &[u8]) -> Result<Vec<u8>, SyncFailure> {
    let envelope = RequestEnvelope::parse(body)?;
    let id = envelope.writer;
    let writer = relay
        .store
        .read(|tx| {
            relay.refresh(tx)?;
            tx.writer(id)
        })?
        .filter(|w| w.certificate.certificate.role == WriterRole::Worker)
        .ok_or(SyncFailure::Refused(SyncRefusal::UnknownWriter))?;
    let packed: PackedRequest = envelope.open(writer.key(), SYNC_PATH)?;
    let relay_writer = relay.county().relay_writer;
    let (request, send_plain) = relay
        .store
        .read(|tx| Ok::<_, SyncFailure>(held::open(tx, packed, id, relay_writer)))?;
    let (plain, known_key) = (request.plain, request.relay_key.unwrap_or(0));
    let formers = request.former.as_ref().map_or(0, Vec::len);
    let wanted = request.wanted.as_ref().map_or(0, Vec::len);
    if request.segments.len() > MAX_SEGMENTS
        || request.cursors.len() + formers > MAX_CURSORS
        || wanted > MAX_WANTED
    {
        return Err(WireError::TooLarge {
            what: "request",
            limit: MAX_SEGMENTS,
        }
        .into());
    }
    let epoch = relay.county().epoch;
    let mut response = if envelope.epoch == epoch || envelope.epoch == EpochId([0; 8]) {
        let counter = envelope.counter;
        let hash = Hash32::of(body);
        let SyncRequest {
            cursors,
            receipt_cursor,
            segments,
            pull_budget_bytes,
            snapshots,
            former,
            wanted,
            ..
        } = request;
        let brings = !segments.is_empty();
        let inside = relay.clone();
        let mut scopes = relay.store.read(|tx| share::guests_of(tx, &segments))?;
        scopes.extend(segments.iter().map(|s| s.header.scope));
        let claim = Claim {
            writer: Some(id),
            scopes,
        };
        let key = *writer.key();
        let offers = Offer::all(segments, &key);
        let taken = relay.store.write_claiming(claim, move |tx| {
            let writer = tx
                .writer(id)?
                .ok_or(SyncFailure::Refused(SyncRefusal::UnknownWriter))?;
            note_counter(&inside, tx, &writer, counter, hash)?;
            refuse_if_succeeded(tx, &writer)?;
            Authority::run(&inside, tx, |authority| {
                push::push(authority, &writer, offers)
            })
        });
        match taken {
            Err(SyncFailure::Forked(fork)) => forked(relay, fork),
            taken => {
                let refused = taken?;
                if brings {
                    relay.notify();
                }
                let receipts = ReceiptCursor {
                    writer: id,
                    sequence: receipt_cursor,
                };
                let receipts = std::iter::once(receipts).chain(former.into_iter().flatten());
                let asked = Asked {
                    cursors,
                    receipts: receipts.collect(),
                    budget: pull_budget_bytes,
                    snapshots,
                    wanted: wanted.unwrap_or_default(),
                };
                answer(relay, &writer, asked, refused)?
            }
        }
    } else {
        other_epoch(relay, &request)
    };
    response.send_plain = send_plain;
    let pack = (!plain).then_some(Assume::Changes);
    let county = relay.county();
    let response = PackedResponse::of(response, id, county.relay_writer, pack);
    if known_key > county.relay_key_sequence {
        note_later_key(id);
    }
    seal(&county, known_key, body, &response)
}

/// Tells the operator, once: each phone would say so at each sync, and one that lies must not fill the log.
fn note_later_key(writer: WriterId) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::error!(
            %writer,
            "a phone says that it knows a later key of the relay, and will not believe this one: if it is true, restore \
             with the journal"
        );
    });
}

/// The signed answer to `request`, for who knows the relay's key number `known_key`.
fn seal<T: minicbor::Encode<()>>(
    county: &County,
    known_key: u32,
    request: &[u8],
    message: &T,
) -> Result<Vec<u8>, SyncFailure> {
    Ok(seal_response(
        &county.relay_key,
        county.relay_writer,
        &county.links_after(known_key),
        request,
        message,
    )?)
}

/// Takes the request's counter. The same request may come twice, since all that it does is idempotent; another one under
/// a counter that is used comes from another history of the writer.
fn note_counter(
    relay: &Relay,
    tx: &crate::store::Tx<'_>,
    writer: &WriterRow,
    counter: u64,
    hash: Hash32,
) -> Result<(), SyncFailure> {
    match writer.last_request {
        Some(_) if xunge_planted::is_on(Bug::ActorReused) => Ok(()),
        Some((last, same)) if counter < last || (counter == last && hash != same) => {
            Err(SyncFailure::Forked(Fork { counter: last }))
        }
        _ => Ok(tx.note_request(writer.id(), counter, hash, relay.now())?),
    }
}

/// A writer that another went on from writes no more: of two copies of a phone neither can tell what the other has not sent
/// yet, so both go on under names of their own.
fn refuse_if_succeeded(tx: &crate::store::Tx<'_>, writer: &WriterRow) -> Result<(), SyncFailure> {
    let is_over = tx
        .writers(Some(writer.worker()))?
        .iter()
        .any(|row| row.certificate.certificate.predecessor == Some(writer.id()));
    match is_over {
        true => Err(SyncFailure::Forked(Fork {
            counter: writer.last_request.map_or(0, |(counter, _)| counter),
        })),
        false => Ok(()),
    }
}

/// What a phone asks for.
struct Asked {
    cursors: Vec<Cursor>,
    receipts: Vec<ReceiptCursor>,
    budget: u32,
    snapshots: Option<Vec<ScopeId>>,
    wanted: Vec<RecordId>,
}

/// The second half of the round trip, on a snapshot that holds all that the first half stored.
fn answer(
    relay: &Relay,
    writer: &WriterRow,
    asked: Asked,
    refused: Vec<RefusedSegment>,
) -> Result<SyncResponse, SyncFailure> {
    relay.store.read(|tx| {
        let receipts = receipts_after(tx, writer, asked.receipts)?;
        let more_receipts = receipts.len() > MAX_RECEIPTS;
        let receipts = receipts.into_iter().take(MAX_RECEIPTS).collect();
        let snapshots = asked.snapshots.as_deref();
        let mut pulled = pull::pull(relay, tx, writer, &asked.cursors, asked.budget, snapshots)?;
        let whole = pull::whole(relay, tx, writer, &asked.wanted)?;
        pulled.segments.extend(whole);
        Ok(SyncResponse {
            epoch: relay.county().epoch,
            time: relay.now(),
            receipts,
            more_receipts,
            refused,
            segments: pulled.segments,
            scopes: pulled.scopes,
            send_plain: false,
            forked: None,
            snapshots: pulled.snapshots,
            keep_days: relay.config.keep_days,
        })
    })
}

/// The receipts after `cursors`, of `writer` and of what its phone was before; one more than an answer holds, if there is
/// more.
fn receipts_after(
    tx: &crate::store::Tx<'_>,
    writer: &WriterRow,
    cursors: Vec<ReceiptCursor>,
) -> StoreResult<Vec<SignedReceipt>> {
    let lineage = match cursors.len() {
        0 | 1 => vec![writer.id()],
        _ => lineage(tx, writer)?,
    };
    let mut receipts = Vec::new();
    for ReceiptCursor { writer, sequence } in cursors {
        if lineage.contains(&writer) {
            let room = (MAX_RECEIPTS + 1).saturating_sub(receipts.len());
            receipts.extend(tx.receipts_after(writer, sequence, room)?);
        }
    }
    Ok(receipts)
}

/// `writer` and its predecessors.
fn lineage(tx: &crate::store::Tx<'_>, writer: &WriterRow) -> StoreResult<Vec<WriterId>> {
    let rows = tx.writers(Some(writer.worker()))?;
    let mut lineage = vec![writer.id()];
    let mut before = writer.certificate.certificate.predecessor;
    while let Some(id) = before.filter(|id| !lineage.contains(id)) {
        lineage.push(id);
        let row = rows.iter().find(|row| row.id() == id);
        before = row.and_then(|row| row.certificate.certificate.predecessor);
    }
    Ok(lineage)
}

/// What a phone of another epoch is told: the epoch, signed, and that nothing of what it brought was looked at.
fn other_epoch(relay: &Relay, request: &SyncRequest) -> SyncResponse {
    let refused = request.segments.iter().map(|s| RefusedSegment {
        scope: s.header.scope,
        index: s.header.index,
        code: SyncRefusal::EpochChanged,
        expected: 0,
    });
    SyncResponse {
        refused: refused.collect(),
        ..nothing(relay)
    }
}

/// What a phone is told whose writer has gone on elsewhere: that alone, signed, so that it may act on it.
fn forked(relay: &Relay, fork: Fork) -> SyncResponse {
    SyncResponse {
        forked: Some(fork),
        ..nothing(relay)
    }
}

fn nothing(relay: &Relay) -> SyncResponse {
    SyncResponse {
        epoch: relay.county().epoch,
        time: relay.now(),
        receipts: Vec::new(),
        more_receipts: false,
        refused: Vec::new(),
        segments: Vec::new(),
        scopes: Vec::new(),
        send_plain: false,
        forked: None,
        snapshots: Vec::new(),
        keep_days: relay.config.keep_days,
    }
}
