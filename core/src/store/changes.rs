//! The change log of this phone, and documents rebuilt from it.

use rusqlite::Transaction;
use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::{Document, Kind};

use super::{Store, StoreError};

/// Where a change stands with the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not answered yet.
    Waiting = 0,
    /// In the relay's log.
    Accepted = 1,
    /// In quarantine, waiting for a supervisor.
    Quarantined = 2,
    /// Rejected for good.
    Rejected = 3,
    /// Forgotten, because its record was erased or its scope closed: its body is the leaf hash.
    Forgotten = 4,
}

/// A change to be kept.
pub(super) struct NewRow<'a> {
    pub(super) record: RecordId,
    pub(super) kind: Kind,
    pub(super) scope: ScopeId,
    pub(super) hash: Hash32,
    pub(super) writer: WriterId,
    pub(super) mine: bool,
    pub(super) at: Timestamp,
    pub(super) body: &'a [u8],
    /// `None` for a change that is waiting to be sent.
    pub(super) position: Option<u64>,
}

/// An own change that the relay did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which change.
    pub change: Hash32,
    /// Stable code of [`xunge_protocol::RefusalCode`].
    pub code: String,
    /// What the relay added for a person, if anything.
    pub detail: Option<String>,
    /// Rejected for good; otherwise a supervisor may still admit it.
    pub is_final: bool,
}

/// A document with what the log knows around it.
pub(super) struct Loaded {
    pub(super) document: Document,
    pub(super) scope: ScopeId,
    pub(super) opened_at: Timestamp,
    /// All of it was rejected: it shows what was refused.
    pub(super) only_rejected: bool,
}

impl Store {
    /// What the relay did not take of a record, oldest first.
    pub fn refusals(&self, record: &RecordId) -> Result<Vec<Refusal>, StoreError> {
        self.read(|tx| {
            let rows = tx
                .prepare_cached(
                    "SELECT hash, code, detail, verdict = 3 FROM change
                     WHERE record = ?1 AND verdict IN (2, 3) ORDER BY id",
                )?
                .query_map([record.0], |row| {
                    Ok(Refusal {
                        change: Hash32(row.get(0)?),
                        code: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                        detail: row.get(2)?,
                        is_final: row.get(3)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }
}

/// Keeps a change. One that is here already only learns its position, and with it that the relay accepted it.
pub(super) fn insert(tx: &Transaction<'_>, row: &NewRow<'_>) -> Result<(), StoreError> {
    let standing = match row.position {
        None => Standing::Waiting,
        Some(_) => Standing::Accepted,
    };
    tx.prepare_cached(
        "INSERT INTO change (record, kind, scope, hash, writer, mine, at, body, verdict, position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (record, hash) DO UPDATE SET position = coalesce(excluded.position, position),
             body = iif(verdict = 4, excluded.body, body),
             verdict = CASE WHEN excluded.position IS NOT NULL THEN 1
                 WHEN verdict = 4 THEN excluded.verdict ELSE verdict END",
    )?
    .execute((
        row.record.0,
        row.kind.entry_kind().0,
        row.scope.0,
        row.hash.0,
        row.writer.0,
        row.mine,
        row.at.0,
        row.body,
        standing as u8,
        row.position.map(u64::cast_signed),
    ))?;
    Ok(())
}

/// The document of `record`: all its changes but the rejected ones, or all if nothing else is there.
pub(super) fn load(tx: &Transaction<'_>, record: &RecordId) -> Result<Option<Loaded>, StoreError> {
    let kept = replay(tx, record, false)?;
    match kept {
        Some(loaded) => Ok(Some(loaded)),
        None => Ok(replay(tx, record, true)?.map(|loaded| Loaded {
            only_rejected: true,
            ..loaded
        })),
    }
}

/// The document of `record` with its rejected changes.
pub(super) fn load_with_rejected(
    tx: &Transaction<'_>,
    record: &RecordId,
) -> Result<Option<Loaded>, StoreError> {
    replay(tx, record, true)
}

fn replay(
    tx: &Transaction<'_>,
    record: &RecordId,
    with_rejected: bool,
) -> Result<Option<Loaded>, StoreError> {
    let mut select = tx.prepare_cached(
        "SELECT kind, scope, at, body FROM change
         WHERE record = ?1 AND verdict <> 4 AND (verdict <> 3 OR ?2) ORDER BY id",
    )?;
    let mut rows = select.query((record.0, with_rejected))?;
    let mut first = None;
    let mut bodies = Vec::new();
    while let Some(row) = rows.next()? {
        if first.is_none() {
            let kind = kind_of(row.get(0)?)?;
            first = Some((kind, ScopeId(row.get(1)?), Timestamp(row.get(2)?)));
        }
        bodies.push(row.get(3)?);
    }
    let Some((kind, scope, opened_at)) = first else {
        return Ok(None);
    };
    // What builds on a rejected change goes with it.
    let (document, _) = Document::of_kept(kind, bodies)
        .map_err(|e| StoreError::Damaged(format!("changes of {record}: {e}")))?;
    Ok(Some(Loaded {
        document,
        scope,
        opened_at,
        only_rejected: false,
    }))
}

/// Whether `record` was erased, or forgotten with its scope.
pub(super) fn is_forgotten(tx: &Transaction<'_>, record: &RecordId) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT 1 FROM change WHERE record = ?1 AND verdict = 4
             UNION ALL SELECT 1 FROM tombstone WHERE record = ?1",
        )?
        .exists([record.0])?)
}

/// How often the document was rebuilt without a rejected change, or begun anew where what was there was let go of. What this worker's writer adds next comes from a
/// document without it, so it must not go on counting where that change did: it gets an actor of its own.
pub(super) fn rebuilds(tx: &Transaction<'_>, record: &RecordId) -> Result<u8, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT min(count(*), 255) FROM change WHERE record = ?1 AND mine = 1 AND verdict IN (3, 4)",
        )?
        .query_row([record.0], |row| row.get(0))?)
}

/// Evidence for the sync state of a record: its worker's own changes in order.
pub(super) fn standings(
    tx: &Transaction<'_>,
    record: &RecordId,
) -> Result<Vec<Standing>, StoreError> {
    let rows = tx
        .prepare_cached("SELECT verdict FROM change WHERE record = ?1 AND mine = 1 ORDER BY id")?
        .query_map([record.0], |row| row.get::<_, u8>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(rows
        .into_iter()
        .map(|n| match n {
            0 => Standing::Waiting,
            1 => Standing::Accepted,
            2 => Standing::Quarantined,
            3 => Standing::Rejected,
            _ => Standing::Forgotten,
        })
        .collect())
}

/// The kind of a number in the database.
pub(super) fn kind_of(number: u8) -> Result<Kind, StoreError> {
    Kind::from_entry_kind(xunge_protocol::EntryKind(number))
        .ok_or_else(|| StoreError::Damaged(format!("kind {number}")))
}
