//! Records that were erased: everything of them goes from this phone, and stays away.
//!
//! What this phone sealed keeps the leaf hashes, so that its chain can still be proven. Deleted rows leave their bytes
//! in free pages and in the write-ahead log; [`Store::scrub`] writes the file anew without them.

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::segment::{PulledEntry, PulledSegment};
use xunge_protocol::system::Tombstone;
use xunge_protocol::{Entry, EntryKind, Hash32, RecordId, wire};

use super::changes::Standing;
use super::{Store, StoreError, inbound};

impl Store {
    /// Rewrites the database without what was deleted, if something was erased since the last time.
    pub(super) fn scrub(&self) -> Result<(), StoreError> {
        let due = self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT 1 FROM counter WHERE name = 'erased'")?
                .exists(())?)
        })?;
        if !due {
            return Ok(());
        }
        self.sweep_media()?;
        self.outside_transaction(|connection| {
            connection.execute_batch("VACUUM")?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| {
                row.get::<_, i64>(0)
            })
        })?;
        self.write(|tx| {
            tx.execute("DELETE FROM counter WHERE name = 'erased'", ())?;
            Ok(())
        })
    }
}

/// Whether `record` was erased: nothing of it is taken any more.
pub(super) fn is_erased(tx: &Transaction<'_>, record: &RecordId) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached("SELECT 1 FROM tombstone WHERE record = ?1")?
        .exists([record.0])?)
}

/// The record that stands for `record` now: its successor, if it was erased and has one.
pub(super) fn standing_for(tx: &Transaction<'_>, record: RecordId) -> Result<RecordId, StoreError> {
    let successor: Option<Option<[u8; 13]>> = tx
        .prepare_cached("SELECT successor FROM tombstone WHERE record = ?1")?
        .query_row([record.0], |row| row.get(0))
        .optional()?;
    Ok(successor.flatten().map_or(record, RecordId))
}

/// Takes the relay's word that a record was erased. Repeating it changes nothing.
pub(super) fn take(tx: &Transaction<'_>, tombstone: &Tombstone) -> Result<(), StoreError> {
    erase(tx, &tombstone.record)?;
    tx.prepare_cached("UPDATE tombstone SET successor = ?2 WHERE record = ?1")?
        .execute((tombstone.record.0, tombstone.successor.map(|s| s.0)))?;
    if let Some(successor) = tombstone.successor {
        tx.execute(
            "UPDATE record SET subject = ?2 WHERE subject = ?1",
            (tombstone.record.0, successor.0),
        )?;
    }
    Ok(())
}

/// Removes everything of `record`, and remembers that it did.
pub(super) fn erase(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    if is_erased(tx, record)? {
        return Ok(());
    }
    tx.execute("INSERT INTO tombstone (record) VALUES (?1)", [record.0])?;
    forget(tx, record)
}

/// Removes everything of `record` from this phone.
pub(super) fn forget(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    keep_leaves(tx, record)?;
    for sql in [
        "DELETE FROM change WHERE record = ?1 AND verdict <> 4",
        "DELETE FROM record WHERE record = ?1",
        "DELETE FROM household WHERE record = ?1",
        "DELETE FROM search_term WHERE household = ?1 OR source = ?1",
        "DELETE FROM warning_household WHERE warning = ?1 OR household = ?1",
        "DELETE FROM set_aside_entry WHERE record = ?1",
        "DELETE FROM draft WHERE record = ?1 OR instr(state, lower(hex(?1)))",
        "DELETE FROM remembered WHERE instr(answer, lower(hex(?1)))",
        "DELETE FROM media WHERE hash IN (SELECT hash FROM media_reference WHERE record = ?1)
           AND NOT EXISTS (SELECT 1 FROM media_reference m
                           WHERE m.hash = media.hash AND m.record <> ?1)",
        "DELETE FROM media_reference WHERE record = ?1",
        "DELETE FROM past WHERE record = ?1",
    ] {
        tx.execute(sql, [record.0])?;
    }
    leave_out_of_segments(tx, record)?;
    tx.execute("INSERT OR REPLACE INTO counter VALUES ('erased', 1)", ())?;
    Ok(())
}

/// Replaces the bodies of sealed changes by their leaf hashes.
pub(super) fn keep_leaves(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    let sealed = tx
        .prepare(
            "SELECT id, kind, hash, body FROM change
             WHERE record = ?1 AND segment IS NOT NULL AND verdict <> 4",
        )?
        .query_map([record.0], |row| {
            let entry = Entry {
                record: *record,
                kind: EntryKind(row.get(1)?),
                body: row.get(3)?,
            };
            Ok((
                row.get::<_, i64>(0)?,
                entry.leaf(Hash32(row.get(2)?)).hash(),
            ))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (id, leaf) in sealed {
        tx.execute(
            "UPDATE change SET verdict = ?2, code = NULL, detail = NULL, body = ?3 WHERE id = ?1",
            (id, Standing::Forgotten as u8, leaf.0),
        )?;
    }
    Ok(())
}

/// Takes the record's entries out of pulled segments that wait for a certificate.
fn leave_out_of_segments(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    let waiting = tx
        .prepare("SELECT id, segment FROM set_aside_segment")?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, Vec<u8>)>, _>>()?;
    for (id, bytes) in waiting {
        let mut segment: PulledSegment = wire::decode("pulled segment", &bytes)?;
        let mut changed = false;
        for pulled in &mut segment.entries {
            if let PulledEntry::Body { entry, .. } = pulled
                && entry.record == *record
            {
                let hash = inbound::entry_hash(entry)?;
                *pulled = PulledEntry::Absent(entry.leaf(hash).hash());
                changed = true;
            }
        }
        if changed {
            tx.execute(
                "UPDATE set_aside_segment SET segment = ?2 WHERE id = ?1",
                (id, wire::encode(&segment)),
            )?;
        }
    }
    Ok(())
}
