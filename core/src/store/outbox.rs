//! Changes that are not in a segment yet, and segments that have no receipt yet.
//!
//! Waiting changes become one segment a scope. Header and signature are frozen on disk before their first byte leaves:
//! a segment that was ever sent is the same for ever.

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::message::MAX_SEGMENT_ENTRIES;
use xunge_protocol::{
    Entry, EntryKind, Hash32, RecordId, ScopeId, Segment, SegmentHeader, Signature, wire,
};

use super::changes::Standing;
use super::identity::{Enrolled, Identity};
use super::{Store, StoreError, identity, projection};

/// Most bytes of bodies in one segment, so that several fit into a request.
const SEGMENT_BYTES: usize = 64 * 1024;

impl Store {
    /// Seals all waiting changes. Returns the number of new segments.
    pub fn seal_segments(&self) -> Result<usize, StoreError> {
        self.write(|tx| {
            let (identity, me) = identity::enrolled(tx)?;
            let mut sealed = 0;
            while let Some(scope) = waiting_scope(tx)? {
                seal_one(tx, &identity, &me, scope)?;
                sealed += 1;
            }
            Ok(sealed)
        })
    }

    /// Segments without a receipt, in chain order within each scope: at most `max_segments`, and bodies of at most
    /// `max_bytes` together (but always one segment, if there is any); none of the scopes `skip`.
    pub fn unacknowledged(
        &self,
        max_segments: usize,
        max_bytes: usize,
        skip: &[ScopeId],
    ) -> Result<Vec<Segment>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT header, signature FROM segment WHERE revision IS NULL ORDER BY scope, idx",
            )?;
            let mut rows = select.query(())?;
            let (mut segments, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                if segments.len() >= max_segments {
                    break;
                }
                let header: SegmentHeader = wire::decode(
                    "segment header",
                    row.get_ref(0)?.as_blob().unwrap_or_default(),
                )?;
                if skip.contains(&header.scope) {
                    continue;
                }
                let entries = entries(tx, &header)?;
                bytes += entries.iter().map(|e| e.body.len()).sum::<usize>();
                if bytes > max_bytes && !segments.is_empty() {
                    break;
                }
                segments.push(Segment {
                    header,
                    signature: Signature(row.get(1)?),
                    entries,
                });
            }
            Ok(segments)
        })
    }

    /// Takes everything that is sealed for received, as no phone may: only where a planted bug asks for it.
    pub(crate) fn believe_sent(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE segment SET revision = 0 WHERE revision IS NULL", ())?;
            tx.execute(
                "UPDATE change SET verdict = 1 WHERE verdict = 0 AND segment IS NOT NULL",
                (),
            )?;
            Ok(())
        })
    }

    /// Whether own changes have no receipt yet, sealed or not, outside the scopes `skip`.
    pub fn has_waiting(&self, skip: &[ScopeId]) -> Result<bool, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT DISTINCT scope FROM change WHERE mine = 1 AND verdict = 0 AND segment IS NULL
                 UNION SELECT DISTINCT scope FROM segment WHERE revision IS NULL",
            )?;
            let mut rows = select.query(())?;
            while let Some(row) = rows.next()? {
                if !skip.contains(&ScopeId(row.get(0)?)) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Offers own segments of `scope` again, from index `from` on, although there are receipts for them: the relay
    /// lacks them. Returns whether it holds a segment with that index.
    pub fn offer_again(&self, scope: ScopeId, from: u64) -> Result<bool, StoreError> {
        self.write(|tx| {
            let (_, me) = identity::enrolled(tx)?;
            let chain = (me.writer.0, scope.0, from.cast_signed());
            let held = tx
                .prepare_cached(
                    "SELECT 1 FROM segment WHERE writer = ?1 AND scope = ?2 AND idx = ?3",
                )?
                .exists(chain)?;
            if held {
                offer_again(tx, "writer = ?1 AND scope = ?2 AND idx >= ?3", chain)?;
            }
            Ok(held)
        })
    }
}

/// Makes the segments `which` wait again, and with them their changes: no receipt of theirs is believed any more.
pub(super) fn offer_again(
    tx: &Transaction<'_>,
    which: &str,
    parameters: impl rusqlite::Params + Copy,
) -> Result<(), StoreError> {
    let records = tx
        .prepare(&format!(
            "UPDATE change SET verdict = 0, code = NULL, detail = NULL
             WHERE verdict IN (1, 2) AND segment IS NOT NULL AND EXISTS
               (SELECT 1 FROM segment s WHERE s.writer = change.writer AND s.scope = change.scope
                AND s.idx = change.segment AND {which})
             RETURNING record"
        ))?
        .query_map(parameters, |row| Ok(RecordId(row.get(0)?)))?
        .collect::<Result<std::collections::BTreeSet<_>, _>>()?;
    tx.execute(
        &format!("UPDATE segment SET revision = NULL WHERE {which}"),
        parameters,
    )?;
    for record in &records {
        projection::project(tx, record)?;
    }
    Ok(())
}

fn waiting_scope(tx: &Transaction<'_>) -> Result<Option<ScopeId>, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT scope FROM change WHERE mine = 1 AND verdict = 0 AND segment IS NULL
             ORDER BY scope LIMIT 1",
        )?
        .query_row((), |row| Ok(ScopeId(row.get(0)?)))
        .optional()?)
}

fn seal_one(
    tx: &Transaction<'_>,
    identity: &Identity,
    me: &Enrolled,
    scope: ScopeId,
) -> Result<(), StoreError> {
    let last: Option<(i64, [u8; 32])> = tx
        .prepare_cached(
            "SELECT idx, header_hash FROM segment WHERE writer = ?1 AND scope = ?2
             ORDER BY idx DESC LIMIT 1",
        )?
        .query_row((me.writer.0, scope.0), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (index, previous) = match last {
        Some((index, hash)) => (index + 1, Hash32(hash)),
        None => (0, Hash32([0; 32])),
    };
    let mut select = tx.prepare_cached(
        "SELECT id, record, kind, hash, body FROM change
         WHERE scope = ?1 AND mine = 1 AND verdict = 0 AND segment IS NULL ORDER BY id LIMIT ?2",
    )?;
    let mut rows = select.query((scope.0, MAX_SEGMENT_ENTRIES as i64))?;
    let (mut ids, mut entries, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let entry = Entry {
            record: RecordId(row.get(1)?),
            kind: EntryKind(row.get(2)?),
            body: row.get(4)?,
        };
        bytes += entry.body.len();
        if bytes > SEGMENT_BYTES && !entries.is_empty() {
            break;
        }
        ids.push(row.get::<_, i64>(0)?);
        entries.push((entry, Hash32(row.get(3)?)));
    }
    let segment = Segment::seal(
        &identity.key,
        me.writer,
        scope,
        index.unsigned_abs(),
        previous,
        entries,
    );
    tx.prepare_cached("INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)")?
        .execute((
            me.writer.0,
            scope.0,
            index,
            wire::encode(&segment.header),
            segment.header.hash().0,
            segment.signature.0,
        ))?;
    let mut update =
        tx.prepare_cached("UPDATE change SET segment = ?2, ordinal = ?3 WHERE id = ?1")?;
    for (ordinal, id) in ids.into_iter().enumerate() {
        update.execute((id, index, ordinal as i64))?;
    }
    Ok(())
}

fn entries(tx: &Transaction<'_>, header: &SegmentHeader) -> Result<Vec<Entry>, StoreError> {
    let entries = tx
        .prepare_cached(
            "SELECT record, kind, body, verdict FROM change
             WHERE scope = ?1 AND segment = ?2 AND writer = ?3 ORDER BY ordinal",
        )?
        .query_map(
            (header.scope.0, header.index.cast_signed(), header.writer.0),
            |row| {
                let record = RecordId(row.get(0)?);
                if row.get::<_, u8>(3)? == Standing::Forgotten as u8 {
                    return Ok(Entry::erased(record, Hash32(row.get(2)?)));
                }
                Ok(Entry {
                    record,
                    kind: EntryKind(row.get(1)?),
                    body: row.get(2)?,
                })
            },
        )?
        .collect::<Result<_, _>>()?;
    Ok(entries)
}
