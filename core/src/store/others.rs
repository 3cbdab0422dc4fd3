//! What others signed of what this phone has read: kept so small that their work can be proven, and offered to a relay
//! that lost it.
//!
//! A change names the segment that it is in; of entries that are not here the leaf hash stays. Header and root follow.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::offer::Acceptance;
use xunge_protocol::segment::{PulledEntry, PulledSegment};
use xunge_protocol::{Entry, EntryKind, Hash32, RecordId, ScopeId, WriterId, wire};

use super::{StoreError, inbound};

/// Where a change is in a segment by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Row of the segment.
    pub(super) segment: i64,
    /// Place in it.
    pub(super) ordinal: u32,
}

/// Leaf hashes by their place in the segment.
type Leaves = BTreeMap<u32, Hash32>;

/// Bytes of a leaf in the database: its place and its hash.
const LEAF_BYTES: usize = 2 + 32;

fn to_bytes(leaves: &Leaves) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(leaves.len() * LEAF_BYTES);
    for (ordinal, leaf) in leaves {
        bytes.extend_from_slice(&(*ordinal as u16).to_be_bytes());
        bytes.extend_from_slice(&leaf.0);
    }
    bytes
}

/// Leaves as they stand in the column `absent`.
pub(super) fn leaves(bytes: &[u8]) -> Leaves {
    let leaf = |chunk: &[u8]| {
        let (ordinal, hash) = chunk.split_at_checked(2)?;
        let ordinal = u16::from_be_bytes(ordinal.try_into().ok()?);
        Some((u32::from(ordinal), Hash32(hash.try_into().ok()?)))
    };
    bytes.chunks(LEAF_BYTES).filter_map(leaf).collect()
}

/// Keeps what was signed of a segment that was verified. `proven` are the entries of it that are here already, in the
/// relay's word alone until now. Returns the row.
pub(super) fn keep(
    tx: &Transaction<'_>,
    segment: &PulledSegment,
    accepted: Option<&Acceptance>,
    proven: &[(u32, RecordId, Hash32)],
) -> Result<Option<i64>, StoreError> {
    let is_here = |pulled: &PulledEntry| matches!(pulled, PulledEntry::Body { entry, .. } if !entry.kind.is_system());
    if proven.is_empty() && !segment.entries.iter().any(is_here) {
        return Ok(None);
    }
    let header = &segment.header;
    let known: Option<(i64, Vec<u8>)> = tx
        .prepare_cached(
            "SELECT id, absent FROM others_segment WHERE scope = ?1 AND writer = ?2 AND idx = ?3",
        )?
        .query_row(place(header.scope, header.writer, header.index), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let mut absent = known.as_ref().map(|(_, bytes)| leaves(bytes));
    let mut first = Leaves::new();
    for (ordinal, pulled) in (0u32..).zip(&segment.entries) {
        let leaf = match pulled {
            _ if is_here(pulled) => None,
            PulledEntry::Absent(leaf) => Some(*leaf),
            PulledEntry::Body { entry, .. } => Some(leaf_of(entry)?),
        };
        match (&mut absent, leaf) {
            (Some(absent), None) => drop(absent.remove(&ordinal)),
            (None, Some(leaf)) => drop(first.insert(ordinal, leaf)),
            _ => {}
        }
    }
    let mut absent = absent.unwrap_or(first);
    for (ordinal, _, _) in proven {
        absent.remove(ordinal);
    }
    let accepted = accepted.map(wire::encode);
    let id = match known {
        Some((id, _)) => {
            tx.prepare_cached(
                "UPDATE others_segment SET absent = ?2, accepted = coalesce(?3, accepted) WHERE id = ?1",
            )?
            .execute((id, to_bytes(&absent), accepted))?;
            id
        }
        None => tx
            .prepare_cached(
                "INSERT INTO others_segment (scope, writer, idx, previous, count, signature, absent, accepted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
            )?
            .query_row(
                (
                    header.scope.0,
                    header.writer.0,
                    header.index.cast_signed(),
                    header.previous.0,
                    header.count,
                    segment.signature.0,
                    to_bytes(&absent),
                    accepted,
                ),
                |row| row.get(0),
            )?,
    };
    for (ordinal, record, hash) in proven {
        link(
            tx,
            record,
            hash,
            Place {
                segment: id,
                ordinal: *ordinal,
            },
        )?;
    }
    link_sealed(tx, id, header.scope, header.writer, header.index)?;
    Ok(Some(id))
}

/// Keeps the relay's word that it accepted a segment, if that is here.
pub(super) fn accept(
    tx: &Transaction<'_>,
    scope: ScopeId,
    writer: WriterId,
    index: u64,
    accepted: &Acceptance,
) -> Result<(), StoreError> {
    let (scope, writer, index) = place(scope, writer, index);
    tx.prepare_cached(
        "UPDATE others_segment SET accepted = ?4 WHERE scope = ?1 AND writer = ?2 AND idx = ?3",
    )?
    .execute((scope, writer, index, wire::encode(accepted)))?;
    Ok(())
}

type Key = ([u8; 8], [u8; 8], i64);

fn place(scope: ScopeId, writer: WriterId, index: u64) -> Key {
    (scope.0, writer.0, index.cast_signed())
}

fn leaf_of(entry: &Entry) -> Result<Hash32, StoreError> {
    Ok(entry.leaf(inbound::entry_hash(entry)?).hash())
}

fn link(
    tx: &Transaction<'_>,
    record: &RecordId,
    hash: &Hash32,
    place: Place,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE change SET others = ?3, ordinal = ?4 WHERE record = ?1 AND hash = ?2",
    )?
    .execute((record.0, hash.0, place.segment, place.ordinal))?;
    Ok(())
}

/// What an earlier incarnation of this phone sealed is by somebody else now.
fn link_sealed(
    tx: &Transaction<'_>,
    id: i64,
    scope: ScopeId,
    writer: WriterId,
    index: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE change SET others = ?4 WHERE scope = ?1 AND segment = ?3 AND writer = ?2",
    )?
    .execute((scope.0, writer.0, index.cast_signed(), id))?;
    Ok(())
}

/// Keeps what the earlier incarnation `writer` of this phone sealed and the relay answered: the present one offers it as
/// it offers others' work.
pub(super) fn keep_sealed(tx: &Transaction<'_>, writer: WriterId) -> Result<(), StoreError> {
    let sealed = tx
        .prepare(
            "SELECT header, signature FROM segment s WHERE writer = ?1 AND revision IS NOT NULL",
        )?
        .query_map([writer.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(Vec<u8>, [u8; 64])>, _>>()?;
    for (header, signature) in sealed {
        let header: xunge_protocol::SegmentHeader = wire::decode("segment header", &header)?;
        let here: u32 = tx
            .prepare_cached(
                "SELECT count(*) FROM change WHERE scope = ?1 AND segment = ?3 AND writer = ?2",
            )?
            .query_row(place(header.scope, header.writer, header.index), |row| {
                row.get(0)
            })?;
        // What lacks entries comes with the leaves of the others when it is pulled.
        if here != header.count {
            continue;
        }
        let id: Option<i64> = tx
            .prepare_cached(
                "INSERT INTO others_segment (scope, writer, idx, previous, count, signature, absent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, x'') ON CONFLICT DO NOTHING RETURNING id",
            )?
            .query_row(
                (
                    header.scope.0,
                    header.writer.0,
                    header.index.cast_signed(),
                    header.previous.0,
                    header.count,
                    signature,
                ),
                |row| row.get(0),
            )
            .optional()?;
        if let Some(id) = id {
            link_sealed(tx, id, header.scope, header.writer, header.index)?;
        }
    }
    Ok(())
}

/// An entry of a segment that was kept did not become a change here, or is none any more: its leaf stays.
pub(super) fn leave_leaf(
    tx: &Transaction<'_>,
    place: Place,
    leaf: Hash32,
) -> Result<(), StoreError> {
    let bytes: Option<Vec<u8>> = tx
        .prepare_cached("SELECT absent FROM others_segment WHERE id = ?1")?
        .query_row([place.segment], |row| row.get(0))
        .optional()?;
    let Some(bytes) = bytes else {
        return Ok(());
    };
    let mut absent = leaves(&bytes);
    absent.insert(place.ordinal, leaf);
    tx.prepare_cached("UPDATE others_segment SET absent = ?2 WHERE id = ?1")?
        .execute((place.segment, to_bytes(&absent)))?;
    Ok(())
}

/// Leaves the leaves of all changes of `record`, which are about to go.
pub(super) fn leave_leaves(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    let going = tx
        .prepare_cached(
            "SELECT others, ordinal, kind, hash, body FROM change
             WHERE record = ?1 AND others IS NOT NULL AND verdict <> 4",
        )?
        .query_map([record.0], |row| {
            let place = Place {
                segment: row.get(0)?,
                ordinal: row.get(1)?,
            };
            let entry = Entry {
                record: *record,
                kind: EntryKind(row.get(2)?),
                body: row.get(4)?,
            };
            Ok((place, entry.leaf(Hash32(row.get(3)?)).hash()))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (place, leaf) in going {
        leave_leaf(tx, place, leaf)?;
    }
    Ok(())
}

/// Forgets the segments of a scope whose records were forgotten.
pub(super) fn forget(tx: &Transaction<'_>, scope: ScopeId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE change SET others = NULL WHERE scope = ?1",
        [scope.0],
    )?;
    tx.execute("DELETE FROM others_segment WHERE scope = ?1", [scope.0])?;
    Ok(())
}
