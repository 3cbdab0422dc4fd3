//! Offering others' work to a relay that went back to a backup: first what of it is here, as ranges of segments; then what
//! the relay says that it lacks.
//!
//! A scope is read to its end before, so that only what its log does not bring is asked about. Everything is on disk: a
//! sync that is cut goes on where it was.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::message::SyncResponse;
use xunge_protocol::offer::{
    Acceptance, Brought, Kept, MAX_BROUGHT, MAX_OFFERED, Marks, Offer, Proof, Range,
};
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::segment::{PulledEntry, PulledSegment};
use xunge_protocol::system::SignedCertificate;
use xunge_protocol::{
    Entry, EntryKind, Hash32, RecordId, ScopeId, SegmentHeader, Signature, Suite, WriterId, merkle,
    wire,
};

use super::changes::Standing;
use super::{Store, StoreError, others};

/// Where the offer of a segment stands.
const ASKED_NOTHING: u8 = 0;
const DONE: u8 = 1;
const LACKING: u8 = 2;

/// Segments of scopes that are being offered whose changes the log did not bring, with their oldest change here.
const UNHEARD: &str = "FROM scope s CROSS JOIN change c CROSS JOIN others_segment o
     WHERE s.offering = 2 AND s.closed = 0 AND c.scope = s.scope AND c.others IS NOT NULL
       AND c.position IS NULL AND c.verdict = 1 AND o.id = c.others";

impl Store {
    /// How much there is to offer now: two for a segment that was not asked about, one for a segment that is to be
    /// brought. Each answer of the relay leaves less.
    pub fn offers_left(&self) -> Result<u64, StoreError> {
        self.read(|tx| {
            let sql = format!(
                "SELECT count(DISTINCT iif(o.offered = {ASKED_NOTHING}, o.id, NULL)) * 2
                   + count(DISTINCT iif(o.offered = {LACKING}, o.id, NULL)) {UNHEARD}"
            );
            let left: i64 = tx.prepare_cached(&sql)?.query_row((), |row| row.get(0))?;
            Ok(left.unsigned_abs())
        })
    }

    /// What is to be offered in the next request: segments that the relay lacks, with bodies of about `max_bytes`; or, if
    /// it has all that it asked for, what there is beside.
    pub fn next_offer(&self, max_bytes: usize) -> Result<Option<Offer>, StoreError> {
        if self.offers_left()? == 0 {
            return Ok(None);
        }
        self.write(|tx| {
            let mut offer = Offer::default();
            loop {
                let ids = unheard(tx, LACKING, MAX_BROUGHT)?;
                if ids.is_empty() {
                    break;
                }
                bring(tx, &ids, max_bytes, &mut offer)?;
                if !offer.brought.is_empty() {
                    offer.certificates = certificates(tx, &offer.brought)?;
                    return Ok(Some(offer));
                }
            }
            offer.ranges = ranges(tx)?;
            Ok((!offer.ranges.is_empty()).then_some(offer))
        })
    }
}

/// Everything is to be offered again, once the scopes are read to their ends.
pub(super) fn begin(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE others_segment SET offered = 0, lacking = NULL", ())?;
    tx.execute("UPDATE scope SET offering = 1", ())?;
    Ok(())
}

/// Takes what the relay said about offers, and which scopes it ended. Returns those in which nothing is left to offer.
pub(super) fn settle(
    tx: &Transaction<'_>,
    response: &SyncResponse,
) -> Result<BTreeSet<ScopeId>, StoreError> {
    if let Some(kept) = &response.kept {
        take_answer(tx, kept)?;
    }
    let mut over = BTreeSet::new();
    for status in response.scopes.iter().filter(|status| !status.more) {
        let scope = status.scope;
        let is_offered = |s: &xunge_protocol::snapshot::SignedSnapshot| s.snapshot.scope == scope;
        let is_coming = response.snapshots.iter().any(is_offered)
            || tx
                .prepare_cached("SELECT 1 FROM snapshot WHERE scope = ?1")?
                .exists([scope.0])?;
        if is_coming {
            continue;
        }
        tx.prepare_cached("UPDATE scope SET offering = 2 WHERE scope = ?1 AND offering = 1")?
            .execute([scope.0])?;
        let sql = format!("SELECT 1 {UNHEARD} AND o.offered <> {DONE} AND o.scope = ?1 LIMIT 1");
        if !tx.prepare_cached(&sql)?.exists([scope.0])? {
            tx.prepare_cached("UPDATE scope SET offering = 0 WHERE scope = ?1 AND offering = 2")?
                .execute([scope.0])?;
            over.insert(scope);
        }
    }
    Ok(over)
}

fn take_answer(tx: &Transaction<'_>, kept: &Kept) -> Result<(), StoreError> {
    let mut set = tx.prepare_cached(
        "UPDATE others_segment SET offered = ?4, lacking = ?5
         WHERE scope = ?1 AND writer = ?2 AND idx = ?3 AND offered = ?6",
    )?;
    for looked in &kept.looked {
        let range = &looked.range;
        for lacking in &looked.lacking {
            if (range.from..=range.to).contains(&lacking.index) {
                set.execute((
                    range.scope.0,
                    range.writer.0,
                    lacking.index.cast_signed(),
                    LACKING,
                    lacking.entries.as_ref().map(wire::encode),
                    ASKED_NOTHING,
                ))?;
            }
        }
        tx.prepare_cached(
            "UPDATE others_segment SET offered = ?5
             WHERE scope = ?1 AND writer = ?2 AND idx BETWEEN ?3 AND ?4 AND offered = ?6",
        )?
        .execute((
            range.scope.0,
            range.writer.0,
            range.from.cast_signed(),
            range.to.cast_signed(),
            DONE,
            ASKED_NOTHING,
        ))?;
    }
    for place in &kept.taken {
        set.execute((
            place.scope.0,
            place.writer.0,
            place.index.cast_signed(),
            DONE,
            None::<Vec<u8>>,
            LACKING,
        ))?;
    }
    Ok(())
}

/// Rows of segments that stand at `offered`, in the order in which their changes came to be here, so that each builds on
/// what is before.
fn unheard(tx: &Transaction<'_>, offered: u8, limit: usize) -> Result<Vec<i64>, StoreError> {
    let sql = format!(
        "SELECT o.id {UNHEARD} AND o.offered = ?1 GROUP BY o.id ORDER BY min(c.id) LIMIT ?2"
    );
    let ids = tx
        .prepare_cached(&sql)?
        .query_map((offered, limit as i64), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Ranges of segments that were not asked about yet.
fn ranges(tx: &Transaction<'_>) -> Result<Vec<Range>, StoreError> {
    let mut places = BTreeSet::new();
    for id in unheard(tx, ASKED_NOTHING, MAX_OFFERED as usize)? {
        places.insert(
            tx.prepare_cached("SELECT scope, writer, idx FROM others_segment WHERE id = ?1")?
                .query_row([id], |row| {
                    Ok((
                        ScopeId(row.get(0)?),
                        WriterId(row.get(1)?),
                        row.get::<_, i64>(2)?.unsigned_abs(),
                    ))
                })?,
        );
    }
    let mut ranges: Vec<Range> = Vec::new();
    for (scope, writer, index) in places {
        let is_full = ranges.len() == MAX_BROUGHT;
        match ranges.last_mut() {
            Some(last) if (last.scope, last.writer, last.to + 1) == (scope, writer, index) => {
                last.to = index;
            }
            _ if is_full => break,
            _ => ranges.push(Range {
                scope,
                writer,
                from: index,
                to: index,
            }),
        }
    }
    Ok(ranges)
}

/// A change that is in a segment by others.
struct Here {
    segment: i64,
    ordinal: u32,
    leaf: Hash32,
    /// None for what the relay never accepted.
    entry: Option<Entry>,
}

/// The changes of the segments `ids`.
fn here(tx: &Transaction<'_>, ids: &[i64]) -> Result<Vec<Here>, StoreError> {
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let rows = tx
        .prepare(&format!(
            "SELECT others, ordinal, record, kind, hash, body, verdict FROM change WHERE others IN ({list})"
        ))?
        .query_map((), |row| {
            let entry = Entry {
                record: RecordId(row.get(2)?),
                kind: EntryKind(row.get(3)?),
                body: row.get(5)?,
            };
            let (hash, verdict): (_, u8) = (Hash32(row.get(4)?), row.get(6)?);
            let forgotten = verdict == Standing::Forgotten as u8;
            let leaf = match entry.body.as_slice().try_into() {
                Ok(leaf) if forgotten => Hash32(leaf),
                _ => entry.leaf(hash).hash(),
            };
            Ok(Here {
                segment: row.get(0)?,
                ordinal: row.get(1)?,
                leaf,
                entry: (verdict == Standing::Accepted as u8).then_some(entry),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// What is kept of a segment.
struct Row {
    header: SegmentHeader,
    signature: Signature,
    absent: Vec<u8>,
    accepted: Option<Vec<u8>>,
    lacking: Option<Vec<u8>>,
}

fn row(tx: &Transaction<'_>, id: i64) -> Result<Row, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT scope, writer, idx, previous, count, signature, absent, accepted, lacking
             FROM others_segment WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Row {
                header: SegmentHeader {
                    suite: Suite::default().byte(),
                    scope: ScopeId(row.get(0)?),
                    writer: WriterId(row.get(1)?),
                    index: row.get::<_, i64>(2)?.unsigned_abs(),
                    previous: Hash32(row.get(3)?),
                    count: row.get(4)?,
                    root: Hash32([0; 32]),
                },
                signature: Signature(row.get(5)?),
                absent: row.get(6)?,
                accepted: row.get(7)?,
                lacking: row.get(8)?,
            })
        })?)
}

/// Adds the segments `ids` to the offer, until the bodies reach `max_bytes`. Those of which nothing can be brought are
/// done with.
fn bring(
    tx: &Transaction<'_>,
    ids: &[i64],
    max_bytes: usize,
    offer: &mut Offer,
) -> Result<(), StoreError> {
    let mut changes: BTreeMap<i64, Vec<Here>> = BTreeMap::new();
    for change in here(tx, ids)? {
        changes.entry(change.segment).or_default().push(change);
    }
    let mut bytes = 0;
    for id in ids {
        let row = row(tx, *id)?;
        let changes = changes.remove(id).unwrap_or_default();
        let Some(segment) = segment(&row, changes)? else {
            tx.prepare_cached("UPDATE others_segment SET offered = ?2 WHERE id = ?1")?
                .execute((id, DONE))?;
            continue;
        };
        bytes += weight(&segment);
        if bytes > max_bytes && !offer.brought.is_empty() {
            return Ok(());
        }
        let proof = proof(tx, &row)?;
        offer.brought.push(Brought { segment, proof });
    }
    Ok(())
}

/// Bytes of bodies and leaves.
fn weight(segment: &PulledSegment) -> usize {
    let of = |pulled: &PulledEntry| match pulled {
        PulledEntry::Body { entry, .. } => entry.body.len(),
        PulledEntry::Absent(leaf) => leaf.0.len(),
    };
    segment.entries.iter().map(of).sum()
}

/// A segment with the entries that the relay lacks. None if none of them is here, or a leaf is not.
fn segment(row: &Row, changes: Vec<Here>) -> Result<Option<PulledSegment>, StoreError> {
    let lacking: Option<Marks> = match &row.lacking {
        Some(bytes) => Some(wire::decode("marks", bytes)?),
        None => None,
    };
    let is_lacking = |ordinal| lacking.as_ref().is_none_or(|marks| marks.has(ordinal));
    let mut leaves = others::leaves(&row.absent);
    let mut entries: BTreeMap<u32, PulledEntry> = leaves
        .iter()
        .map(|(ordinal, leaf)| (*ordinal, PulledEntry::Absent(*leaf)))
        .collect();
    let mut brings = false;
    for change in changes {
        leaves.insert(change.ordinal, change.leaf);
        let pulled = match change.entry.filter(|_| is_lacking(change.ordinal)) {
            Some(entry) => {
                brings = true;
                PulledEntry::Body { position: 0, entry }
            }
            None => PulledEntry::Absent(change.leaf),
        };
        entries.insert(change.ordinal, pulled);
    }
    let is_whole = leaves.len() == row.header.count as usize
        && leaves.last_key_value().map(|(last, _)| last + 1) == Some(row.header.count);
    if !is_whole || !brings {
        return Ok(None);
    }
    let leaves: Vec<Hash32> = leaves.into_values().collect();
    let header = SegmentHeader {
        root: merkle::root(&leaves),
        ..row.header
    };
    Ok(Some(PulledSegment {
        header,
        signature: row.signature,
        entries: entries.into_values().collect(),
    }))
}

/// That the relay had the segment: what it said when it was pulled, or to this phone's earlier incarnation.
fn proof(tx: &Transaction<'_>, row: &Row) -> Result<Option<Proof>, StoreError> {
    if let Some(bytes) = &row.accepted {
        let accepted: Acceptance = wire::decode("acceptance", bytes)?;
        return Ok(Some(Proof::Accepted(accepted)));
    }
    let header = &row.header;
    let signed: Option<Vec<u8>> = tx
        .prepare_cached(
            "SELECT signed FROM receipt WHERE scope = ?1 AND idx = ?2 AND writer = ?3
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(
            (header.scope.0, header.index.cast_signed(), header.writer.0),
            |row| row.get(0),
        )
        .optional()?;
    Ok(match signed {
        Some(bytes) => {
            let signed: SignedReceipt = wire::decode("receipt", &bytes)?;
            Some(Proof::Receipt(signed))
        }
        None => None,
    })
}

/// The certificates of who wrote what is brought.
fn certificates(
    tx: &Transaction<'_>,
    brought: &[Brought],
) -> Result<Vec<SignedCertificate>, StoreError> {
    let writers: BTreeSet<WriterId> = brought.iter().map(|b| b.segment.header.writer).collect();
    let mut found = Vec::with_capacity(writers.len());
    for writer in writers {
        let signed: Option<Vec<u8>> = tx
            .prepare_cached("SELECT signed FROM certificate WHERE writer = ?1")?
            .query_row([writer.0], |row| row.get(0))
            .optional()?;
        if let Some(bytes) = signed {
            found.push(wire::decode("certificate", &bytes)?);
        }
    }
    Ok(found)
}
