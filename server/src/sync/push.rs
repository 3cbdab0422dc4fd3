//! Takes the segments of a request: a well-formed segment takes its index, its entries are judged one by one.

use xunge_planted::Bug;
use xunge_protocol::header::SegmentHeader;
use xunge_protocol::message::RefusedSegment;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::Fork;
use xunge_protocol::system::WriterRole;
use xunge_protocol::{Entry, EntryKind, Hash32, RecordId, RefusalCode, Verdict};
use xunge_records::Kind;

use super::SyncFailure;
use super::offer::{Offer, change_hash};
use crate::authority::share::may_be_shared;
use crate::authority::{Authority, AuthorityError};
use crate::log::judge::{Bearer, Content, Refusal};
use crate::log::receipt;
use crate::store::{
    EntryId, EntryRow, GrantState, LogTx, QuarantineRow, QuarantineState, StoreResult, WriterRow,
};

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
                take(authority, writer, offer)?;
                authority.ease()?;
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

/// Stores a segment that is next in its chain, judges its entries, and writes the receipt.
fn take(
    authority: &mut Authority<'_>,
    writer: &WriterRow,
    offer: Offer,
) -> Result<(), SyncFailure> {
    let Offer {
        segment, guarded, ..
    } = offer;
    let header = segment.header;
    let now = authority.now();
    let tx = authority.tx();
    tx.insert_segment(&header, &segment.signature, now)?;
    let grant = GrantState::of(tx.grant(writer.worker(), header.scope)?.as_ref(), now);
    let bearer = Bearer {
        writer: writer.id(),
        role: WriterRole::Worker,
        scope: header.scope,
        late: grant == GrantState::Draining,
        content: Content::Checked(authority.relay().lists()),
    };
    let mut records: Vec<RecordId> = segment.entries.iter().map(|e| e.record).collect();
    records.sort();
    records.dedup();
    tx.expect_records(header.scope, &records)?;
    let mut verdicts = Vec::with_capacity(segment.entries.len());
    let judged = std::iter::zip(segment.entries, guarded);
    for (ordinal, (entry, guarded)) in judged.enumerate() {
        let ordinal = ordinal as u32;
        let is_erased = tx.tombstone(entry.record)?.is_some()
            && !xunge_planted::is_on(Bug::ErasedBodyTakenAgain);
        if entry.kind == EntryKind::ERASED || is_erased {
            tx.insert_entry(&header, &erased(ordinal, entry))?;
            verdicts.push(Verdict::Erased);
            continue;
        }
        let judged = match policy(writer, grant) {
            Some(refusal) if refusal.code == RefusalCode::OutsideGrid => {
                Err(match is_shared_with(tx, writer, &entry, now)? {
                    true => RefusalCode::SharedRecord.into(),
                    false => refusal,
                })
            }
            Some(refusal) => Err(refusal),
            None => authority.log.take(bearer, &entry, guarded)?,
        };
        let change = change_hash(&entry);
        let mut row = EntryRow {
            ordinal,
            position: None,
            late: bearer.late,
            leaf: entry.leaf(change).hash(),
            change,
            entry,
        };
        verdicts.push(match judged {
            Ok(()) => {
                let position = tx.next_position(header.scope)?;
                row.position = Some(position);
                tx.insert_entry(&header, &row)?;
                authority.note_accepted(row.entry.record, row.entry.kind);
                register(authority, &row.entry)?;
                Verdict::Accepted {
                    position,
                    late: bearer.late,
                }
            }
            Err(refusal) => {
                tx.insert_entry(&header, &row)?;
                let (id, verdict) = set_aside(tx, &header, &row, &refusal, now)?;
                let decided = authority.decide_as_before(id, &row)?;
                if let Some(Verdict::Accepted { .. }) = decided {
                    register(authority, &row.entry)?;
                }
                decided.unwrap_or(verdict)
            }
        });
    }
    let scope = header.scope;
    receipt::write(authority.relay(), tx, &header, now, verdicts)?;
    if tx.has_waiting(scope)? {
        for record in records {
            authority.let_in_dependents(scope, record)?;
        }
    }
    Ok(())
}

/// The row of an entry of an erased record: its leaf, and nothing of what it said.
fn erased(ordinal: u32, entry: Entry) -> EntryRow {
    let change = match entry.erased_leaf() {
        Some(_) => Hash32([0; 32]),
        None => change_hash(&entry),
    };
    EntryRow {
        ordinal,
        position: None,
        late: false,
        change,
        leaf: entry
            .erased_leaf()
            .unwrap_or_else(|| entry.leaf(change).hash()),
        entry: Entry {
            body: Vec::new(),
            ..entry
        },
    }
}

/// Takes a case on. A case that cannot be taken on stays visible without a number; it must not stop the phone's other work.
fn register(authority: &mut Authority<'_>, entry: &Entry) -> Result<(), SyncFailure> {
    let record = entry.record;
    if !Kind::from_entry_kind(entry.kind).is_some_and(Kind::is_case) {
        return Ok(());
    }
    match authority.register(record) {
        Err(AuthorityError::Log(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(%record, %error, "case not registered");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// What the relay refuses whatever the entry says.
fn policy(writer: &WriterRow, grant: GrantState) -> Option<Refusal> {
    let is_revoked =
        writer.revoked_at.is_some() && !xunge_planted::is_on(Bug::RevokedWriterAccepted);
    let is_late =
        matches!(grant, GrantState::Draining if xunge_planted::is_on(Bug::LateWorkRefused));
    if is_revoked {
        Some(RefusalCode::DeviceRevoked.into())
    } else if grant == GrantState::None || is_late {
        Some(RefusalCode::OutsideGrid.into())
    } else {
        None
    }
}

/// Whether the entry is about a record that `writer` only reads, in a scope of its own.
fn is_shared_with(
    tx: &dyn LogTx,
    writer: &WriterRow,
    entry: &Entry,
    now: xunge_protocol::Timestamp,
) -> StoreResult<bool> {
    if !may_be_shared(entry.kind) {
        return Ok(false);
    }
    for share in tx.shares_of(entry.record)? {
        let grant = tx.grant(writer.worker(), share.guest)?;
        if share.is_in_force() && GrantState::of(grant.as_ref(), now) == GrantState::Active {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Puts an entry into quarantine: its place there, and what its writer is told.
fn set_aside(
    tx: &dyn LogTx,
    header: &SegmentHeader,
    row: &EntryRow,
    refusal: &Refusal,
    now: xunge_protocol::Timestamp,
) -> StoreResult<(EntryId, Verdict)> {
    let id = EntryId {
        scope: header.scope,
        writer: header.writer,
        index: header.index,
        ordinal: row.ordinal,
    };
    tracing::warn!(entry = %id, code = refusal.code.name(), detail = refusal.detail, "quarantined");
    if xunge_planted::is_on(Bug::QuarantineDropped) {
        let verdict = Verdict::Quarantined {
            code: refusal.code,
            detail: None,
        };
        return Ok((id, verdict));
    }
    tx.insert_quarantine(&QuarantineRow {
        id,
        record: row.entry.record,
        kind: row.entry.kind,
        code: refusal.code,
        detail: refusal.detail.clone(),
        state: QuarantineState::Waiting,
        created_at: now,
        decided_at: None,
        decided_by: None,
        reason: None,
    })?;
    let verdict = Verdict::Quarantined {
        code: refusal.code,
        detail: refusal.detail.clone(),
    };
    Ok((id, verdict))
}
