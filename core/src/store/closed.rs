//! What becomes of a grid when its worker goes: this phone forgets it once the town has everything, and what the town
//! sends back to a worker who has gone finds the one who is there.

use rusqlite::Transaction;
use xunge_protocol::{RecordId, ScopeId};

use super::records::{self, RecordRow};
use super::{Store, StoreError, clock, erasure, identity, projection, shares};

impl Store {
    /// Forgets the records of scopes that are closed to this phone, if nothing of its own there waits for an answer.
    /// What it sealed keeps its place in the chain.
    pub fn purge_closed_scopes(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            let closed = tx
                .prepare_cached(
                    "SELECT scope FROM scope s WHERE closed = 1
                       AND (EXISTS (SELECT 1 FROM change c WHERE c.scope = s.scope AND c.verdict <> 4
                                    AND c.record NOT IN (SELECT record FROM share WHERE home = s.scope
                                      AND ended = 0
                                      AND guest IN (SELECT scope FROM scope WHERE closed = 0)))
                         OR EXISTS (SELECT 1 FROM share h WHERE h.guest = s.scope))
                       AND NOT EXISTS (SELECT 1 FROM change c WHERE c.scope = s.scope AND c.mine = 1
                                       AND c.verdict IN (0, 2))",
                )?
                .query_map((), |row| Ok(ScopeId(row.get(0)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            for scope in closed {
                purge(tx, scope)?;
            }
            Ok(())
        })?;
        self.scrub()
    }

    /// Returned records of workers who are not in their grid any more, or have no phone that the relay listens to, where
    /// this worker is.
    pub fn returned_to_successor(&self) -> Result<Vec<RecordRow>, StoreError> {
        self.read(|tx| {
            let (_, me) = identity::enrolled(tx)?;
            let now = clock::now(tx, self.env.as_ref())?.at;
            let ids = tx
                .prepare_cached(
                    "SELECT r.record FROM record r JOIN scope s ON s.scope = r.scope
                     WHERE r.own = 0 AND r.sync_state = 3 AND s.writable = 1 AND s.closed = 0
                       AND NOT EXISTS
                         (SELECT 1 FROM change h JOIN certificate c ON c.writer = h.writer AND c.relay = 0
                            JOIN grant_period g ON g.worker = c.worker AND g.scope = r.scope
                            JOIN certificate d ON d.worker = c.worker AND d.relay = 0
                          WHERE h.record = r.record AND c.worker <> ?1
                            AND (g.ends IS NULL OR g.ends > ?2)
                            AND NOT EXISTS (SELECT 1 FROM revoked v WHERE v.writer = d.writer))",
                )?
                .query_map((&me.worker, now.0), |row| Ok(RecordId(row.get(0)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            ids.iter()
                .filter_map(|id| records::one(tx, id).transpose())
                .collect()
        })
    }
}

fn purge(tx: &Transaction<'_>, scope: ScopeId) -> Result<(), StoreError> {
    let kept = shares::purge(tx, scope)?;
    let here = tx
        .prepare_cached(
            "SELECT record FROM change WHERE scope = ?1 AND verdict <> 4
             UNION SELECT record FROM set_aside_entry WHERE scope = ?1",
        )?
        .query_map([scope.0], |row| Ok(RecordId(row.get(0)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for record in &here {
        if !kept.contains(record) {
            erasure::forget(tx, record)?;
        } else if records::one(tx, record)?.is_some() {
            // Found by its own name from now on: its household goes.
            projection::project(tx, record)?;
        }
    }
    // If it is opened again, it is read from the start.
    tx.execute("UPDATE scope SET cursor = 0 WHERE scope = ?1", [scope.0])?;
    Ok(())
}
