//! Stores a segment, judges its entries one by one, and writes its receipt: as its writer pushes it, or as another phone
//! brings it again after a restore.

use xunge_planted::Bug;
use xunge_protocol::header::SegmentHeader;
use xunge_protocol::offer::Proof;
use xunge_protocol::system::WriterRole;
use xunge_protocol::{
    Entry, EntryKind, Hash32, RecordId, RefusalCode, ScopeId, Signature, Timestamp, Verdict,
};
use xunge_records::Kind;

use super::SyncFailure;
use super::offer::change_hash;
use crate::authority::share::may_be_shared;
use crate::authority::{Authority, AuthorityError, BY_ITSELF};
use crate::log::guarded::{Guarded, guard};
use crate::log::judge::{Bearer, Content, Refusal};
use crate::log::receipt;
use crate::store::{
    EntryId, EntryRow, GrantState, LogTx, QuarantineRow, QuarantineState, StoreResult, WriterRow,
};

/// An entry that comes, or what stands for it.
pub(super) enum Piece {
    /// The entry, with the guard's word on it.
    Entry(Entry, Box<Guarded>),
    /// Its leaf hash alone.
    Leaf(Hash32),
}

/// A segment that has its place in its chain, and is authentic.
pub(super) struct Coming {
    pub(super) header: SegmentHeader,
    pub(super) signature: Signature,
    pub(super) pieces: Vec<Piece>,
    /// Whether nothing of it is stored yet.
    pub(super) is_new: bool,
}

/// On which terms a segment is taken.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// Who wrote it.
    pub(super) writer: &'a WriterRow,
    /// That the relay had it once. Such entries are beyond policy, but not beyond tombstones.
    pub(super) proof: Option<&'a Proof>,
    /// Whether another phone than the writer's brings it.
    pub(super) by_another: bool,
}

impl<'a> Terms<'a> {
    /// Its writer brings it.
    pub(super) fn of_writer(writer: &'a WriterRow) -> Self {
        Self {
            writer,
            proof: None,
            by_another: false,
        }
    }

    /// How the entry with this place is to be judged; or why not.
    fn bearer<'b>(
        &self,
        authority: &Authority<'b>,
        scope: ScopeId,
        grant: GrantState,
        ordinal: u32,
    ) -> (Bearer<'b>, Option<Refusal>) {
        let role = self.writer.certificate.certificate.role;
        let accepted = self.proof.and_then(|proof| proof.accepted(ordinal));
        let is_vouched = accepted.is_some() || role == WriterRole::Relay;
        let relay = authority.relay();
        let bearer = Bearer {
            writer: self.writer.id(),
            role,
            scope,
            late: accepted.unwrap_or(!is_vouched && self.is_late(grant)),
            received_at: self.received_at(authority.now()),
            content: match is_vouched {
                true => Content::Vouched,
                false => Content::Checked(relay.lists()),
            },
        };
        let refusal = match is_vouched {
            true => None,
            false => policy(self.writer, grant),
        };
        (bearer, refusal)
    }

    fn is_late(&self, grant: GrantState) -> bool {
        self.by_another || grant == GrantState::Draining
    }

    fn received_at(&self, now: Timestamp) -> Timestamp {
        self.proof.map_or(now, Proof::received_at)
    }
}

/// What became of a segment's entries.
pub(super) struct Accepted {
    /// Records, with their kinds, of entries that got a position now, once an entry.
    pub(super) now: Vec<(RecordId, EntryKind)>,
    /// All records of what came.
    pub(super) records: Vec<RecordId>,
}

/// Whether a segment that is not here fits between those of its chain that are.
pub(super) fn fits(tx: &dyn LogTx, header: &SegmentHeader) -> StoreResult<bool> {
    let at = |index| tx.segment(header.scope, header.writer, index);
    let follows = match header.index.checked_sub(1) {
        None => header.previous == Hash32([0; 32]),
        Some(before) => at(before)?.is_none_or(|row| row.header.hash() == header.previous),
    };
    let next = match header.index.checked_add(1) {
        Some(next) => at(next)?,
        None => return Ok(false),
    };
    Ok(follows && next.is_none_or(|row| row.header.previous == header.hash()))
}

/// Whether a stored segment lacks entries that its writer has.
pub(super) fn is_missing_some(tx: &dyn LogTx, header: &SegmentHeader) -> StoreResult<bool> {
    let leaves = tx.leaves(header.scope, header.writer, header.index)?;
    Ok(leaves.iter().any(|leaf| leaf.is_missing))
}

/// Stores a segment, or fills what is missing of it, judges what comes, and writes the receipt.
pub(super) fn take(
    authority: &mut Authority<'_>,
    terms: Terms<'_>,
    coming: Coming,
) -> Result<Accepted, SyncFailure> {
    let Coming {
        header,
        signature,
        pieces,
        is_new,
    } = coming;
    let SegmentHeader { scope, index, .. } = header;
    let now = authority.now();
    let tx = authority.tx();
    let writer = terms.writer;
    let stored = match is_new {
        true => {
            tx.insert_segment(&header, &signature, terms.received_at(now))?;
            Vec::new()
        }
        false => tx.entries(scope, writer.id(), index)?,
    };
    let grant = GrantState::of(tx.grant(writer.worker(), scope)?.as_ref(), now);
    let mut records: Vec<RecordId> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Entry(entry, _) => Some(entry.record),
            Piece::Leaf(_) => None,
        })
        .collect();
    records.sort();
    records.dedup();
    tx.expect_records(scope, &records)?;
    let mut accepted = Vec::new();
    let mut verdicts = Vec::with_capacity(pieces.len());
    let mut revised = false;
    let mut known = !terms.by_another;
    for (ordinal, piece) in pieces.into_iter().enumerate() {
        let ordinal = ordinal as u32;
        let here = stored.iter().find(|row| row.ordinal == ordinal);
        let (entry, guarded) = match piece {
            Piece::Leaf(_) if !is_new => continue,
            Piece::Leaf(leaf) => {
                tx.insert_entry(&header, &EntryRow::missing(ordinal, leaf))?;
                verdicts.push(Verdict::Missing);
                continue;
            }
            Piece::Entry(entry, guarded) => (entry, guarded),
        };
        if let Some(here) = here.filter(|here| !here.is_missing()) {
            if admit(authority, terms, &header, here, &mut known)? {
                accepted.push((here.entry.record, here.entry.kind));
                revised = true;
            }
            continue;
        }
        revised = true;
        let is_erased = tx.tombstone(entry.record)?.is_some()
            && !xunge_planted::is_on(Bug::ErasedBodyTakenAgain);
        if entry.kind == EntryKind::ERASED || is_erased {
            put(tx, &header, &erased(ordinal, entry), is_new)?;
            verdicts.push(Verdict::Erased);
            continue;
        }
        let (bearer, refusal) = terms.bearer(authority, scope, grant, ordinal);
        let judged = match refusal {
            Some(refusal) if refusal.code == RefusalCode::OutsideGrid => {
                Err(match is_shared_with(tx, writer, &entry, now)? {
                    true => RefusalCode::SharedRecord.into(),
                    false => refusal,
                })
            }
            Some(refusal) => Err(refusal),
            None => authority.log.take(bearer, &entry, *guarded)?,
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
                let position = next_position(authority, terms, scope, &mut known)?;
                row.position = Some(position);
                put(tx, &header, &row, is_new)?;
                authority.note_accepted(row.entry.record, row.entry.kind);
                accepted.push((row.entry.record, row.entry.kind));
                if !terms.by_another {
                    register(authority, row.entry.record, row.entry.kind)?;
                }
                Verdict::Accepted {
                    position,
                    late: bearer.late,
                }
            }
            Err(refusal) => {
                put(tx, &header, &row, is_new)?;
                set_aside(tx, &header, &row, &refusal, now)?
            }
        });
    }
    let relay = authority.relay();
    if writer.certificate.certificate.role == WriterRole::Relay {
        // The relay gives itself no receipts.
    } else if is_new {
        receipt::write(relay, tx, &header, terms.received_at(now), verdicts)?;
    } else if revised {
        receipt::revise(relay, tx, scope, writer.id(), index)?;
    }
    Ok(Accepted {
        now: accepted,
        records,
    })
}

/// The next position of a scope. What another phone brings may be by somebody whom readers of the scope never met, so far
/// as is `known`: the certificate comes before.
fn next_position(
    authority: &mut Authority<'_>,
    terms: Terms<'_>,
    scope: ScopeId,
    known: &mut bool,
) -> Result<u64, SyncFailure> {
    if !std::mem::replace(known, true) {
        authority.certify_writer_in(scope, terms.writer.id())?;
        authority.seal(scope)?;
    }
    Ok(authority.tx().next_position(scope)?)
}

/// Stores an entry: with its segment, or in the place of its leaf.
fn put(tx: &dyn LogTx, header: &SegmentHeader, row: &EntryRow, is_new: bool) -> StoreResult<()> {
    match is_new {
        true => tx.insert_entry(header, row),
        false => tx.fill_entry(header, row),
    }
}

/// Lets an entry out of quarantine of which there is proof that the relay had accepted it.
fn admit(
    authority: &mut Authority<'_>,
    terms: Terms<'_>,
    header: &SegmentHeader,
    row: &EntryRow,
    known: &mut bool,
) -> Result<bool, SyncFailure> {
    let proven = terms.proof.and_then(|proof| proof.accepted(row.ordinal));
    let Some(late) = proven.filter(|_| row.position.is_none() && !row.entry.body.is_empty()) else {
        return Ok(false);
    };
    let id = EntryId {
        scope: header.scope,
        writer: header.writer,
        index: header.index,
        ordinal: row.ordinal,
    };
    let tx = authority.tx();
    let waits = tx.quarantined(id)?;
    if waits.is_none_or(|held| held.state != QuarantineState::Waiting) {
        return Ok(false);
    }
    let (bearer, _) = terms.bearer(authority, header.scope, GrantState::None, row.ordinal);
    let judged = authority.log.take(bearer, &row.entry, guard(&row.entry))?;
    if judged.is_err() {
        return Ok(false);
    }
    let position = next_position(authority, terms, header.scope, known)?;
    tx.set_position(header, row.ordinal, position, late)?;
    authority.note_accepted(row.entry.record, row.entry.kind);
    authority.decided(id, QuarantineState::Admitted, BY_ITSELF, "")?;
    Ok(true)
}

/// Takes a case on. A case that cannot be taken on stays visible without a number; it must not stop the phone's other work.
pub(super) fn register(
    authority: &mut Authority<'_>,
    record: RecordId,
    kind: EntryKind,
) -> Result<(), SyncFailure> {
    if !Kind::from_entry_kind(kind).is_some_and(Kind::is_case) {
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

/// Lets in what waited in quarantine for the entries of `records` that came.
pub(super) fn let_in_dependents(
    authority: &mut Authority<'_>,
    scope: ScopeId,
    records: Vec<RecordId>,
) -> Result<(), SyncFailure> {
    if !xunge_planted::is_on(Bug::DependentsForgotten) && authority.tx().has_waiting(scope)? {
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

/// What the relay refuses whatever the entry says.
fn policy(writer: &WriterRow, grant: GrantState) -> Option<Refusal> {
    let is_revoked =
        writer.revoked_at.is_some() && !xunge_planted::is_on(Bug::RevokedWriterAccepted);
    let is_late = grant == GrantState::Draining && xunge_planted::is_on(Bug::LateWorkRefused);
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
    now: Timestamp,
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

/// Puts an entry into quarantine.
fn set_aside(
    tx: &dyn LogTx,
    header: &SegmentHeader,
    row: &EntryRow,
    refusal: &Refusal,
    now: Timestamp,
) -> StoreResult<Verdict> {
    let id = EntryId {
        scope: header.scope,
        writer: header.writer,
        index: header.index,
        ordinal: row.ordinal,
    };
    tracing::warn!(entry = %id, code = refusal.code.name(), detail = refusal.detail, "quarantined");
    if xunge_planted::is_on(Bug::QuarantineDropped) {
        return Ok(Verdict::Quarantined {
            code: refusal.code,
            detail: None,
        });
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
    Ok(Verdict::Quarantined {
        code: refusal.code,
        detail: refusal.detail.clone(),
    })
}
