//! The relay's signed receipts: kept as they came, and their verdicts applied to the changes that they answer.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_planted::Bug;
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{KeyRing, RecordId, Verdict, WriterId, wire};

use super::changes::Standing;
use super::{Store, StoreError, cursors, erasure, refused};

/// The revision of a segment's receipt where none was heard in this epoch, though one was before.
pub(super) const UNHEARD: i64 = -1;

impl Store {
    /// Signed receipts, to show and to keep: the latest of each segment, of all or of one record's.
    pub fn receipts(&self, record: Option<&RecordId>) -> Result<Vec<SignedReceipt>, StoreError> {
        self.read(|tx| {
            let rows = tx
                .prepare_cached(
                    "SELECT signed FROM receipt r
                     WHERE id = (SELECT max(id) FROM receipt s
                                 WHERE s.scope = r.scope AND s.idx = r.idx AND s.writer = r.writer)
                     AND (?1 IS NULL OR EXISTS (SELECT 1 FROM change c
                          WHERE c.record = ?1 AND c.scope = r.scope AND c.segment = r.idx
                          AND c.writer = r.writer))
                     ORDER BY id",
                )?
                .query_map([record.map(|r| r.0)], |row| row.get::<_, Vec<u8>>(0))?
                .collect::<Result<Vec<_>, _>>()?;
            rows.iter()
                .map(|bytes| Ok(wire::decode("receipt", bytes)?))
                .collect()
        })
    }
}

/// Takes one receipt: verifies it, keeps it, applies it. Returns the records whose changes it answers.
///
/// Errors: `not_authentic` for a wrong signature, `forked` if it is about another history of this writer,
/// `foreign_receipt` if it does not fit the segment that was sent.
pub(super) fn take(
    tx: &Transaction<'_>,
    keys: &KeyRing,
    me: WriterId,
    signed: &SignedReceipt,
) -> Result<BTreeSet<RecordId>, StoreError> {
    signed.verify_by(keys)?;
    let receipt = &signed.receipt;
    let place = (
        receipt.writer.0,
        receipt.scope.0,
        receipt.index.cast_signed(),
    );
    let sent: Option<([u8; 32], Option<i64>)> = tx
        .prepare_cached(
            "SELECT header_hash, revision FROM segment
             WHERE writer = ?1 AND scope = ?2 AND idx = ?3",
        )?
        .query_row(place, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let same = sent.is_some_and(|(header_hash, _)| header_hash == receipt.header.0);
    if receipt.writer == me && !same && !xunge_planted::is_on(Bug::ActorReused) {
        return Err(StoreError::Forked);
    }
    if receipt.writer == me {
        cursors::advance_receipts(tx, receipt.sequence)?;
    }
    let Some((_, held)) = sent.filter(|_| same || receipt.writer == me) else {
        // Of an incarnation whose segments this database does not hold: nothing here waits for it.
        return Ok(BTreeSet::new());
    };
    let changes: Vec<(i64, u32, [u8; 13])> = tx
        .prepare_cached(
            "SELECT id, ordinal, record FROM change
             WHERE writer = ?1 AND scope = ?2 AND segment = ?3 ORDER BY ordinal",
        )?
        .query_map(place, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    // What another copy of this phone wrote under its earlier names may be here in part, or not at all.
    let fits = match receipt.writer == me {
        true => changes.len() == receipt.verdicts.len(),
        false => changes
            .iter()
            .all(|(_, ordinal, _)| (*ordinal as usize) < receipt.verdicts.len()),
    };
    if !same || !fits {
        return Err(StoreError::ForeignReceipt);
    }
    let is_ignored = held.is_some() && xunge_planted::is_on(Bug::RevisionIgnored);
    if is_ignored || held.is_some_and(|held| held >= i64::from(receipt.revision)) {
        return Ok(BTreeSet::new());
    }
    keep(tx, signed)?;
    tx.prepare_cached(
        "UPDATE segment SET revision = ?4 WHERE writer = ?1 AND scope = ?2 AND idx = ?3",
    )?
    .execute((place.0, place.1, place.2, receipt.revision))?;
    let mut records = BTreeSet::new();
    for (change, ordinal, record) in changes {
        let Some(verdict) = receipt.verdicts.get(ordinal as usize) else {
            continue;
        };
        let record = RecordId(record);
        if *verdict == Verdict::Erased {
            erasure::erase(tx, &record)?;
        } else if !erasure::is_erased(tx, &record)? {
            apply(tx, change, verdict)?;
        }
        records.insert(record);
    }
    Ok(records)
}

/// Keeps a receipt that was verified.
pub(super) fn keep(tx: &Transaction<'_>, signed: &SignedReceipt) -> Result<(), StoreError> {
    let receipt = &signed.receipt;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO receipt (epoch, writer, sequence, scope, idx, revision, signed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        receipt.epoch.0,
        receipt.writer.0,
        receipt.sequence.cast_signed(),
        receipt.scope.0,
        receipt.index.cast_signed(),
        receipt.revision,
        wire::encode(signed),
    ))?;
    Ok(())
}

/// Takes the relay's word about one change, unless what it said was written again since.
pub(super) fn apply(
    tx: &Transaction<'_>,
    change: i64,
    verdict: &Verdict,
) -> Result<(), StoreError> {
    let (standing, code, detail, position) = match verdict {
        Verdict::Erased => return Ok(()),
        Verdict::Accepted { position, .. } => (Standing::Accepted, None, None, Some(*position)),
        Verdict::Quarantined { code, detail } => (
            Standing::Quarantined,
            Some(code.name()),
            detail.as_deref(),
            None,
        ),
        Verdict::Rejected { reason } => (
            Standing::Rejected,
            Some(xunge_protocol::RefusalCode::Rejected.name()),
            Some(reason.as_str()),
            None,
        ),
    };
    tx.prepare_cached(
        "UPDATE change SET verdict = ?2, code = ?3, detail = ?4, position = ?5
         WHERE id = ?1 AND verdict <> 4 AND coalesce(code, '') <> ?6",
    )?
    .execute((
        change,
        standing as u8,
        code,
        detail,
        position.map(u64::cast_signed),
        refused::REWRITTEN,
    ))?;
    Ok(())
}
