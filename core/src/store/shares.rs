//! Records of another scope that this phone reads because they are shared with one of its own, and who reads what this
//! phone's scopes share.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::system::Share;
use xunge_protocol::{RecordId, ScopeId};

use super::{Store, StoreError, erasure};

/// The two scopes that a record stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// The scope that it belongs to.
    pub home: ScopeId,
    /// The scope that reads it.
    pub guest: ScopeId,
    /// The one that acts for the person.
    pub acts: ScopeId,
    /// Whether this phone is the guest's, and may not write it.
    pub read_only: bool,
}

impl Store {
    /// With whom a record is shared, if it is.
    pub fn sharing(&self, record: &RecordId) -> Result<Option<Sharing>, StoreError> {
        self.read(|tx| sharing(tx, record))
    }
}

fn sharing(tx: &Transaction<'_>, record: &RecordId) -> Result<Option<Sharing>, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT home, guest, acts, home NOT IN (SELECT scope FROM scope WHERE closed = 0)
                 AND guest IN (SELECT scope FROM scope WHERE closed = 0)
             FROM share WHERE record = ?1 AND ended = 0",
        )?
        .query_row([record.0], |row| {
            Ok(Sharing {
                home: ScopeId(row.get(0)?),
                guest: ScopeId(row.get(1)?),
                acts: ScopeId(row.get(2)?),
                read_only: row.get(3)?,
            })
        })
        .optional()?)
}

/// Whether `record` is here only to be read.
pub(super) fn is_read_only(tx: &Transaction<'_>, record: &RecordId) -> Result<bool, StoreError> {
    Ok(sharing(tx, record)?.is_some_and(|sharing| sharing.read_only))
}

/// Takes the relay's word, from the log of `scope`, that a record is shared, or is no more. Then the guest's phones forget
/// it.
pub(super) fn take(tx: &Transaction<'_>, scope: ScopeId, share: &Share) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO share (record, guest, home, acts, ended) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET home = ?3, acts = ?4, ended = ?5, heard = 1",
    )?
    .execute((
        share.record.0,
        share.guest.0,
        share.home.0,
        share.acts.0,
        !share.is_in_force(),
    ))?;
    if share.is_in_force() || scope != share.guest {
        return Ok(());
    }
    forget(tx, &share.record, share.home)
}

/// Forgets a record that is shared no more with a scope of this phone, unless it works in the record's own scope, or what
/// it wrote there still waits for an answer.
fn forget(tx: &Transaction<'_>, record: &RecordId, home: ScopeId) -> Result<(), StoreError> {
    let works_there = tx
        .prepare_cached(
            "SELECT 1 FROM scope WHERE scope = ?1 AND closed = 0
             UNION ALL SELECT 1 FROM change WHERE record = ?2 AND mine = 1 AND verdict IN (0, 2)",
        )?
        .exists((home.0, record.0))?;
    let is_here = tx
        .prepare_cached(
            "SELECT 1 FROM change WHERE record = ?1 AND verdict <> 4
             UNION ALL SELECT 1 FROM set_aside_entry WHERE record = ?1",
        )?
        .exists([record.0])?;
    if is_here && !works_there {
        erasure::forget(tx, record)?;
    }
    Ok(())
}

/// Forgets what other scopes share with `closed`, which is closed to this phone, and whom that shared with others. Returns
/// the records of `closed` that this phone reads on, for another scope of its own.
pub(super) fn purge(
    tx: &Transaction<'_>,
    closed: ScopeId,
) -> Result<BTreeSet<RecordId>, StoreError> {
    for (record, home) in shared_with(tx, closed, "1")? {
        tx.execute(
            "DELETE FROM share WHERE record = ?1 AND guest = ?2",
            (record.0, closed.0),
        )?;
        forget(tx, &record, home)?;
    }
    tx.execute(
        "DELETE FROM share WHERE home = ?1
           AND guest NOT IN (SELECT scope FROM scope WHERE closed = 0)",
        [closed.0],
    )?;
    Ok(tx
        .prepare_cached("SELECT record FROM share WHERE home = ?1 AND ended = 0")?
        .query_map([closed.0], |row| Ok(RecordId(row.get(0)?)))?
        .collect::<Result<_, _>>()?)
}

/// The log is to be heard anew, in every scope.
pub(super) fn doubt(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE share SET heard = 0", ())?;
    Ok(())
}

/// Gives up what the log of `scope`, which was read to its end, does not say any more.
pub(super) fn forget_unheard(tx: &Transaction<'_>, scope: ScopeId) -> Result<(), StoreError> {
    for (record, home) in shared_with(tx, scope, "heard = 0")? {
        forget(tx, &record, home)?;
    }
    tx.execute(
        "DELETE FROM share WHERE heard = 0 AND (guest = ?1 OR home = ?1)",
        [scope.0],
    )?;
    Ok(())
}

fn shared_with(
    tx: &Transaction<'_>,
    guest: ScopeId,
    which: &str,
) -> Result<Vec<(RecordId, ScopeId)>, StoreError> {
    Ok(tx
        .prepare_cached(&format!(
            "SELECT record, home FROM share WHERE guest = ?1 AND {which}"
        ))?
        .query_map([guest.0], |row| {
            Ok((RecordId(row.get(0)?), ScopeId(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?)
}

/// Whether an entry of `home` about `record` may be here: this phone reads that scope, or one that it is shared with.
pub(super) fn may_be_here(
    tx: &Transaction<'_>,
    record: &RecordId,
    home: ScopeId,
) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT 1 FROM scope WHERE scope = ?1 AND closed = 0
             UNION ALL SELECT 1 FROM share WHERE record = ?2 AND home = ?1 AND ended = 0
               AND guest IN (SELECT scope FROM scope WHERE closed = 0)",
        )?
        .exists((home.0, record.0))?)
}
