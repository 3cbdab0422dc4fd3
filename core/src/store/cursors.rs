//! Where this phone stands in the relay's log: epoch, cursor per scope, receipt cursor, request counter.

use rusqlite::Transaction;
use xunge_planted::Bug;
use xunge_protocol::message::{Cursor, ReceiptCursor, ScopeStatus};
use xunge_protocol::{EpochId, ScopeId, WriterId};

use super::{Store, StoreError, counters, identity, lost, outbox};

/// What a request says about how far this phone has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncPosition {
    /// The relay's epoch, all zero before the first answer.
    pub epoch: EpochId,
    /// One for each scope that is open to this phone.
    pub cursors: Vec<Cursor>,
    /// Sequence of the last receipt.
    pub receipt_cursor: u64,
    /// The same of each earlier incarnation of which something is in quarantine.
    pub former: Vec<ReceiptCursor>,
}

impl Store {
    /// How far this phone has read.
    pub fn sync_position(&self) -> Result<SyncPosition, StoreError> {
        self.read(|tx| {
            let (epoch, receipt_cursor): (Option<[u8; 8]>, i64) = tx.query_row(
                "SELECT epoch, receipt_cursor FROM relay_position",
                (),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let cursors = tx
                .prepare_cached("SELECT scope, cursor FROM scope WHERE closed = 0 ORDER BY scope")?
                .query_map((), |row| {
                    Ok(Cursor {
                        scope: ScopeId(row.get(0)?),
                        position: row.get::<_, i64>(1)?.unsigned_abs(),
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(SyncPosition {
                epoch: EpochId(epoch.unwrap_or_default()),
                cursors,
                receipt_cursor: receipt_cursor.unsigned_abs(),
                former: former(tx)?,
            })
        })
    }

    /// The counter of the next request, on disk before it is used, so that none is used twice.
    pub fn next_request_counter(&self) -> Result<u64, StoreError> {
        self.write(|tx| Ok(counters::next(tx, counters::REQUEST)?.into()))
    }

    /// Begins to read a new epoch: from the start of each scope, all receipts again, own segments offered again.
    pub fn adopt_epoch(&self, epoch: EpochId) -> Result<(), StoreError> {
        self.write(|tx| adopt_epoch(tx, epoch))
    }
}

/// Earlier incarnations for which a supervisor has still to decide about something, with the last receipts that are here.
fn former(tx: &Transaction<'_>) -> Result<Vec<ReceiptCursor>, StoreError> {
    let rows = tx
        .prepare_cached(
            "SELECT c.writer, coalesce((SELECT max(r.sequence) FROM receipt r, relay_position p
                                        WHERE r.writer = c.writer AND r.epoch = p.epoch), 0)
             FROM change c, identity i
             WHERE c.mine = 1 AND c.verdict = 2 AND c.segment IS NOT NULL AND c.writer <> i.writer
             GROUP BY c.writer",
        )?
        .query_map((), |row| {
            Ok(ReceiptCursor {
                writer: WriterId(row.get(0)?),
                sequence: row.get::<_, i64>(1)?.unsigned_abs(),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

pub(super) fn epoch(tx: &Transaction<'_>) -> Result<Option<EpochId>, StoreError> {
    Ok(tx
        .query_row("SELECT epoch FROM relay_position", (), |row| {
            row.get::<_, Option<[u8; 8]>>(0)
        })?
        .map(EpochId))
}

/// Sequence of the last receipt of this epoch.
pub(super) fn receipt_cursor(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(tx
        .prepare_cached("SELECT receipt_cursor FROM relay_position")?
        .query_row((), |row| row.get::<_, i64>(0))?
        .unsigned_abs())
}

/// Nothing happens if it is the epoch that is being read already.
pub(super) fn adopt_epoch(tx: &Transaction<'_>, epoch: EpochId) -> Result<(), StoreError> {
    match self::epoch(tx)? {
        Some(held) if held == epoch => return Ok(()),
        // What the relay said in the epoch before may be lost with it: own segments are offered again.
        Some(_) if xunge_planted::is_on(Bug::EpochIgnored) => {}
        Some(_) => {
            let (_, me) = identity::enrolled(tx)?;
            outbox::offer_again(tx, "writer = ?1", [me.writer.0])?;
            lost::doubt(tx)?;
            // So may the files that it held: it is asked for each.
            tx.execute(
                "UPDATE media SET uploaded = 2 WHERE mine = 1 AND uploaded = 1",
                (),
            )?;
        }
        None => {}
    }
    tx.execute(
        "UPDATE relay_position SET epoch = ?1, receipt_cursor = 0",
        [epoch.0],
    )?;
    tx.execute("UPDATE scope SET cursor = 0", ())?;
    tx.execute("DELETE FROM snapshot", ())?;
    Ok(())
}

pub(super) fn know_scope(
    tx: &Transaction<'_>,
    scope: ScopeId,
    writable: bool,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO scope (scope, writable) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET writable = ?2, closed = 0",
        (scope.0, writable),
    )?;
    Ok(())
}

/// Moves the cursors to what the answer brought. A scope that it does not name is closed to this phone.
pub(super) fn advance(tx: &Transaction<'_>, scopes: &[ScopeStatus]) -> Result<(), StoreError> {
    tx.execute("UPDATE scope SET closed = 1", ())?;
    let mut upsert = tx.prepare_cached(
        "INSERT INTO scope (scope, cursor, writable) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET cursor = ?2, writable = ?3, closed = 0",
    )?;
    for status in scopes {
        let beyond = u64::from(xunge_planted::is_on(Bug::CursorOffByOne));
        let cursor = status.cursor + beyond;
        upsert.execute((status.scope.0, cursor.cast_signed(), status.write))?;
    }
    Ok(())
}

pub(super) fn advance_receipts(tx: &Transaction<'_>, sequence: u64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE relay_position SET receipt_cursor = max(receipt_cursor, ?1)",
        [sequence.cast_signed()],
    )?;
    Ok(())
}

/// The receipts of a new incarnation are numbered from 1.
pub(super) fn restart_receipts(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE relay_position SET receipt_cursor = 0", ())?;
    Ok(())
}

/// Reads `scope` on from `position`, if it was not read so far.
pub(super) fn reach(tx: &Transaction<'_>, scope: ScopeId, position: u64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE scope SET cursor = max(cursor, ?2) WHERE scope = ?1",
        (scope.0, position.cast_signed()),
    )?;
    Ok(())
}

/// Reads `scope` again from `position` on, if it was read beyond that.
pub(super) fn go_back(
    tx: &Transaction<'_>,
    scope: ScopeId,
    position: u64,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE scope SET cursor = min(cursor, ?2) WHERE scope = ?1",
        (scope.0, position.cast_signed()),
    )?;
    Ok(())
}

/// Whether new records may go into `scope`.
pub(super) fn is_writable(tx: &Transaction<'_>, scope: ScopeId) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached("SELECT 1 FROM scope WHERE scope = ?1 AND writable = 1 AND closed = 0")?
        .exists([scope.0])?)
}
