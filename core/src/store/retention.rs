//! What is over for longer than the relay says that phones keep it: this phone lets go of it, in small steps.
//!
//! Only what the town has goes: nothing that waits, is refused, given back, in a draft, open, or the last that is known of a
//! household. Of what this phone sealed the leaf hashes stay, so that its chain can still be proven, and of every record
//! that it is past, so that it still counts. When somebody says more of a record that is not here, all of it is asked for.

use std::collections::BTreeMap;
use std::fs;

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::system::SignedCertificate;
use xunge_protocol::{RecordId, Timestamp, WriterId, wire};
use xunge_records::Kind;

use super::sync_state::SyncState;
use super::{Store, StoreError, changes, erasure, identity};

const DAY_MILLIS: i64 = 86_400_000;
/// Records that are looked at in one transaction.
const STEP: usize = 32;
/// Counter of the last day up to which all was looked at.
const LOOKED: &str = "let_go";

impl Store {
    /// One step: looks at some records after `after`, and lets go of those that are past. Returns where to go on, or none
    /// when all were looked at; then nothing is due until the next day.
    pub fn let_go(&self, after: Option<RecordId>) -> Result<Option<RecordId>, StoreError> {
        let (next, files) = self.write(|tx| {
            let mut files = Vec::new();
            let Some(since) = due(tx)? else {
                return Ok((None, files));
            };
            let looked_at = candidates(tx, since, after)?;
            // What the relay says is by its own clock, whether or not its certificate came.
            let (identity, _) = identity::enrolled(tx)?;
            let mut issued = BTreeMap::from([(identity.relay, Some(Timestamp(i64::MIN)))]);
            for (record, kind, own) in &looked_at {
                if is_past(tx, record, *kind, &mut issued)? {
                    files.extend(let_go(tx, record, *own)?);
                }
            }
            let next = match looked_at.last() {
                Some((last, ..)) if looked_at.len() == STEP => Some(*last),
                _ => None,
            };
            if next.is_none() {
                tx.execute(
                    "INSERT OR REPLACE INTO counter VALUES (?1, ?2)",
                    (LOOKED, since.0.div_euclid(DAY_MILLIS)),
                )?;
            }
            Ok((next, files))
        })?;
        for file in files {
            // If this fails, or the phone dies here, the next opening sweeps it away.
            let _ = fs::remove_file(self.media_folder.join(file));
        }
        Ok(next)
    }

    /// Records that are not here, or only in part, and of which something came: at most `most`, none that `asked` says yes to.
    pub fn wanted_records(
        &self,
        most: usize,
        asked: impl Fn(&RecordId) -> bool,
    ) -> Result<Vec<RecordId>, StoreError> {
        self.read(|tx| {
            // A first copy brings what belongs together in any order.
            let mut select = tx.prepare_cached(
                "SELECT DISTINCT record FROM set_aside_entry
                 WHERE code = 'dependency_missing' AND NOT EXISTS (SELECT 1 FROM snapshot)
                   AND scope IN (SELECT scope FROM scope WHERE closed = 0) ORDER BY record",
            )?;
            let all = select
                .query_map((), |row| Ok(RecordId(row.get(0)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            let new = all.into_iter().filter(|record| !asked(record));
            Ok(new.take(most).collect())
        })
    }
}

/// Takes the relay's word on how long what is over is kept.
pub(super) fn hear(tx: &Transaction<'_>, keep_days: Option<u32>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE relay_position SET keep_days = ?1 WHERE keep_days IS NOT ?1")?
        .execute([keep_days])?;
    Ok(())
}

/// Since when what is over is kept, by the relay's clock; none where everything is, where first copies or proofs are still
/// on their way, and where all was looked at today.
fn due(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    let said: Option<(i64, u32)> = tx
        .prepare_cached(
            "SELECT relay_time, keep_days FROM relay_position
             WHERE relay_time IS NOT NULL AND keep_days IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM snapshot) AND NOT EXISTS (SELECT 1 FROM vouched)
               AND NOT EXISTS (SELECT 1 FROM scope WHERE doubtful = 1 AND closed = 0)",
        )?
        .query_row((), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((now, days)) = said else {
        return Ok(None);
    };
    let since = Timestamp(now.saturating_sub(i64::from(days).saturating_mul(DAY_MILLIS)));
    let looked: Option<i64> = tx
        .prepare_cached("SELECT value FROM counter WHERE name = ?1")?
        .query_row([LOOKED], |row| row.get(0))
        .optional()?;
    Ok((looked != Some(since.0.div_euclid(DAY_MILLIS))).then_some(since))
}

/// Records after `after` that did not change since, that nothing here still needs, and of which nothing is under way.
fn candidates(
    tx: &Transaction<'_>,
    since: Timestamp,
    after: Option<RecordId>,
) -> Result<Vec<(RecordId, Kind, bool)>, StoreError> {
    let kind = |kind: Kind| kind.entry_kind().0;
    let rows = tx
        .prepare_cached(
            "SELECT record, kind, own FROM record r
             WHERE record > ?1 AND changed_at < ?2 AND sync_state = ?3 AND kind NOT IN (?4, ?5)
               AND (closed = 1 OR kind IN (?6, ?7))
               AND NOT EXISTS (SELECT 1 FROM change c WHERE c.record = r.record AND c.verdict IN (0, 2, 3))
               AND NOT EXISTS (SELECT 1 FROM set_aside_entry a WHERE a.record = r.record)
               AND NOT EXISTS (SELECT 1 FROM draft d
                               WHERE d.record = r.record OR instr(d.state, lower(hex(r.record))))
               AND NOT EXISTS (SELECT 1 FROM media_reference f JOIN media m USING (hash)
                               WHERE f.record = r.record AND m.mine = 1 AND m.uploaded <> 1)
               AND NOT EXISTS (SELECT 1 FROM household h
                               WHERE h.record = r.subject AND h.last_visit = r.day AND r.kind = ?6)
             ORDER BY record LIMIT ?8",
        )?
        .query_map(
            rusqlite::params![
                after.map_or([0; 13], |record| record.0),
                since.0,
                SyncState::Received.number(),
                kind(Kind::Household),
                kind(Kind::Person),
                kind(Kind::Visit),
                kind(Kind::WarningAck),
                STEP as i64,
            ],
            |row| Ok((RecordId(row.get(0)?), row.get::<_, u8>(1)?, row.get(2)?)),
        )?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|(record, kind, own)| Ok((record, changes::kind_of(kind)?, own)))
        .collect()
}

/// Whether a candidate is past. Who was told of a warning matters while there are others to tell; and what says that it was
/// changed before its writer was certified was written under a clock that tells nothing.
fn is_past(
    tx: &Transaction<'_>,
    record: &RecordId,
    kind: Kind,
    issued: &mut BTreeMap<WriterId, Option<Timestamp>>,
) -> Result<bool, StoreError> {
    let written = tx
        .prepare_cached("SELECT writer, max(at) FROM change WHERE record = ?1 GROUP BY writer")?
        .query_map([record.0], |row| {
            Ok((WriterId(row.get(0)?), Timestamp(row.get(1)?)))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (writer, at) in written {
        let issued_at = match issued.get(&writer) {
            Some(known) => *known,
            None => *issued.entry(writer).or_insert(issued_at(tx, writer)?),
        };
        // Changes know seconds only.
        if issued_at.is_none_or(|issued| at.plus_millis(1_000) < issued) {
            return Ok(false);
        }
    }
    if kind != Kind::WarningAck {
        return Ok(true);
    }
    let Some(loaded) = changes::load(tx, record)? else {
        return Ok(false);
    };
    let fields = loaded.document.fields()?;
    let Some(warning) = fields
        .text("warning")
        .and_then(|id| id.parse::<RecordId>().ok())
    else {
        return Ok(false);
    };
    let is_open = tx
        .prepare_cached("SELECT 1 FROM record WHERE record = ?1 AND closed = 0")?
        .exists([warning.0])?;
    Ok(!is_open)
}

fn issued_at(tx: &Transaction<'_>, writer: WriterId) -> Result<Option<Timestamp>, StoreError> {
    let signed: Option<Vec<u8>> = tx
        .prepare_cached("SELECT signed FROM certificate WHERE writer = ?1")?
        .query_row([writer.0], |row| row.get(0))
        .optional()?;
    let Some(bytes) = signed else {
        return Ok(None);
    };
    let signed: SignedCertificate = wire::decode("certificate", &bytes)?;
    Ok(Some(signed.certificate.issued_at))
}

/// Removes a record. Returns the files that nothing names any more.
fn let_go(tx: &Transaction<'_>, record: &RecordId, own: bool) -> Result<Vec<String>, StoreError> {
    erasure::keep_leaves(tx, record)?;
    let files = tx
        .prepare_cached(
            "DELETE FROM media WHERE hash IN (SELECT hash FROM media_reference WHERE record = ?1)
               AND NOT EXISTS (SELECT 1 FROM media_reference m
                               WHERE m.hash = media.hash AND m.record <> ?1)
               AND NOT EXISTS (SELECT 1 FROM draft WHERE instr(state, lower(hex(media.hash))))
             RETURNING file",
        )?
        .query_map([record.0], |row| row.get::<_, Option<String>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    for sql in [
        "DELETE FROM media_reference WHERE record = ?1",
        "DELETE FROM change WHERE record = ?1 AND verdict <> 4",
        "DELETE FROM record WHERE record = ?1",
        "DELETE FROM warning_household WHERE warning = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([record.0])?;
    }
    tx.prepare_cached("INSERT OR REPLACE INTO past VALUES (?1, ?2)")?
        .execute((record.0, own))?;
    Ok(files.into_iter().flatten().collect())
}

/// A record is here again, or gone for good.
pub(super) fn is_here(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM past WHERE record = ?1")?
        .execute([record.0])?;
    Ok(())
}

/// How many of the worker's own records this phone let go of.
pub(super) fn own_past(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(tx
        .prepare_cached("SELECT count(*) FROM past WHERE own = 1")?
        .query_row((), |row| row.get::<_, i64>(0))?
        .unsigned_abs())
}
