//! What a phone has not read yet: entries by other writers in its grids and in the county's scope.

use xunge_protocol::message::{Cursor, ScopeStatus};
use xunge_protocol::snapshot::SignedSnapshot;
use xunge_protocol::{Entry, PulledEntry, PulledSegment, RecordId, ScopeId, WriterId};

use crate::relay::Relay;
use crate::snapshot;
use crate::store::{GrantState, LogEntry, LogTx, StoreError, StoreResult, WriterRow};

/// Bytes of entries in one response, where the phone asks for no less. Compressed they stay below the body limit.
const MAX_PULL_BYTES: usize = 384 << 10;
/// A scope's share is never less, so that each goes on with every request.
const MIN_SHARE_BYTES: usize = 4 << 10;

/// The pulling half of a response.
pub(super) struct Pulled {
    pub(super) segments: Vec<PulledSegment>,
    pub(super) scopes: Vec<ScopeStatus>,
    pub(super) snapshots: Vec<SignedSnapshot>,
}

/// Reads every scope that `writer` may read, from its cursor on, each with a fair share of the budget.
pub(super) fn pull(
    relay: &Relay,
    tx: &dyn LogTx,
    writer: &WriterRow,
    cursors: &[Cursor],
    budget: u32,
    snapshots: Option<&[ScopeId]>,
) -> StoreResult<Pulled> {
    let mut left = match budget as usize {
        0 => MAX_PULL_BYTES,
        asked => asked.min(MAX_PULL_BYTES),
    };
    let readable = readable(relay, tx, writer)?;
    let mut pulled = Pulled {
        segments: Vec::new(),
        scopes: Vec::with_capacity(readable.len()),
        snapshots: Vec::new(),
    };
    for (n, (scope, write)) in readable.iter().enumerate() {
        let share = (left / (readable.len() - n)).max(MIN_SHARE_BYTES);
        let from = cursors
            .iter()
            .find(|c| c.scope == *scope)
            .map_or(0, |c| c.position);
        if let Some(under_way) = snapshots {
            let held_back = if under_way.contains(scope) {
                true
            } else {
                let offered = offered(tx, *scope, writer.id(), from)?;
                pulled.snapshots.extend(offered);
                pulled
                    .snapshots
                    .last()
                    .is_some_and(|s| s.snapshot.scope == *scope)
            };
            if held_back {
                pulled.scopes.push(ScopeStatus {
                    scope: *scope,
                    cursor: from,
                    more: false,
                    write: *write,
                });
                continue;
            }
        }
        let read = read(tx, *scope, writer.id(), from, share)?;
        // What one scope does not need, the next ones may use.
        left = left.saturating_sub(read.bytes);
        pulled.segments.extend(read.segments);
        pulled.scopes.push(ScopeStatus {
            scope: *scope,
            cursor: read.cursor,
            more: read.cursor < tx.last_position(*scope)?,
            write: *write,
        });
    }
    Ok(pulled)
}

/// The snapshot for a phone that reads `scope` from the start. One that wrote there has a history of its own here, which
/// receipts answer for.
fn offered(
    tx: &dyn LogTx,
    scope: ScopeId,
    reader: WriterId,
    from: u64,
) -> StoreResult<Option<SignedSnapshot>> {
    if from > 0 || tx.chain_head(scope, reader)?.is_some() {
        return Ok(None);
    }
    snapshot::offer(tx, scope)
}

/// The scopes that a writer may read now, and whether it may write there.
pub(crate) fn readable(
    relay: &Relay,
    tx: &dyn LogTx,
    writer: &WriterRow,
) -> StoreResult<Vec<(ScopeId, bool)>> {
    if writer.revoked_at.is_some() {
        return Ok(Vec::new());
    }
    let mut scopes = vec![(relay.county_scope(), false)];
    for grant in tx.grants_of(writer.worker())? {
        let active = GrantState::of(Some(&grant), relay.now()) == GrantState::Active;
        if active && grant.scope != relay.county_scope() {
            scopes.push((grant.scope, true));
        }
    }
    Ok(scopes)
}

/// All accepted entries of `records`, as far as `writer` may read them: for a phone that let go of them, or never had them,
/// since they were over for too long. What goes beyond the largest answer it gets when it asks again.
pub(super) fn whole(
    relay: &Relay,
    tx: &dyn LogTx,
    writer: &WriterRow,
    records: &[RecordId],
) -> StoreResult<Vec<PulledSegment>> {
    let mut bytes = 0;
    let mut open: Vec<(Place, Bodies)> = Vec::new();
    let readable = match records {
        [] => return Ok(Vec::new()),
        _ => readable(relay, tx, writer)?,
    };
    for record in records {
        let Some(found) = tx.find_record(*record)? else {
            continue;
        };
        if bytes > MAX_PULL_BYTES || !readable.iter().any(|(scope, _)| *scope == found.scope) {
            continue;
        }
        // Nothing is shared with the county, so none of them has a place in its log.
        for id in tx.unplaced_entries(relay.county_scope(), found.scope, *record)? {
            let rows = tx.entries(id.scope, id.writer, id.index)?;
            let row = rows.into_iter().find(|row| row.ordinal == id.ordinal);
            let Some((position, row)) = row.and_then(|row| Some((row.position?, row))) else {
                continue;
            };
            if row.entry.body.is_empty() {
                continue;
            }
            bytes += row.entry.body.len();
            let place = (id.scope, id.writer, id.index);
            bodies_of(&mut open, place).push((row.ordinal, position, row.entry));
        }
    }
    let segments = open.into_iter();
    segments
        .map(|((home, writer, index), bodies)| segment(tx, home, writer, index, bodies))
        .collect()
}

/// A segment: its scope, its writer, its index.
type Place = (ScopeId, WriterId, u64);

/// What is gathered so far of the segment at `place`.
fn bodies_of(open: &mut Vec<(Place, Bodies)>, place: Place) -> &mut Bodies {
    let at = match open.iter().position(|(known, _)| *known == place) {
        Some(at) => at,
        None => {
            open.push((place, Vec::new()));
            open.len() - 1
        }
    };
    &mut open[at].1
}

/// Entries of one segment: place in it, position in the scope, and the entry.
type Bodies = Vec<(u32, u64, Entry)>;

struct Read {
    segments: Vec<PulledSegment>,
    cursor: u64,
    bytes: usize,
}

fn read(
    tx: &dyn LogTx,
    scope: ScopeId,
    reader: WriterId,
    from: u64,
    budget: usize,
) -> StoreResult<Read> {
    let entries = tx.entries_after(scope, from, budget)?;
    let mut read = Read {
        segments: Vec::new(),
        cursor: from,
        bytes: 0,
    };
    // Segments in the order of their first entry here, which is the order in which they were accepted.
    let mut open: Vec<(Place, Bodies)> = Vec::new();
    for LogEntry {
        home,
        writer,
        index,
        row,
    } in entries
    {
        let Some(position) = row.position else {
            continue;
        };
        read.cursor = position;
        // An erased entry travels as its leaf hash alone. What the reader wrote it holds, but where it worked before.
        if (writer == reader && home == scope) || row.entry.body.is_empty() {
            continue;
        }
        read.bytes += row.entry.body.len();
        bodies_of(&mut open, (home, writer, index)).push((row.ordinal, position, row.entry));
    }
    for ((home, writer, index), bodies) in open {
        read.segments
            .push(segment(tx, home, writer, index, bodies)?);
    }
    Ok(read)
}

/// A segment with some of its bodies, and the leaf hashes of the others.
pub(crate) fn segment(
    tx: &dyn LogTx,
    scope: ScopeId,
    writer: WriterId,
    index: u64,
    bodies: Bodies,
) -> StoreResult<PulledSegment> {
    let row = tx
        .segment(scope, writer, index)?
        .ok_or_else(|| StoreError::Corrupt(format!("no segment {scope}-{writer}-{index}")))?;
    let mut entries: Vec<PulledEntry> = tx
        .leaves(scope, writer, index)?
        .into_iter()
        .map(PulledEntry::Absent)
        .collect();
    for (ordinal, position, entry) in bodies {
        if let Some(place) = entries.get_mut(ordinal as usize) {
            *place = PulledEntry::Body { position, entry };
        }
    }
    Ok(PulledSegment {
        header: row.header,
        signature: row.signature,
        entries,
    })
}
