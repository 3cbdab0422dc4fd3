//! What the relay wrote after the backup that it went back to: nobody can say it again, so it never was.
//!
//! Workers send their own changes again. The relay's own cannot come back, and a change that builds on one would wait in
//! quarantine for ever; so once a scope was read to its end, this phone goes on without them and says its own again.

use std::collections::BTreeSet;

use rusqlite::Transaction;
use xunge_protocol::message::SyncResponse;
use xunge_protocol::{RecordId, ScopeId};

use super::identity::Enrolled;
use super::{StoreError, receipts, refused, shares, succession, system};

/// Code of a change of the relay that its log holds no more.
const LOST: &str = "lost";

/// Where changes stand in the log is to be heard anew, in every scope.
pub(super) fn doubt(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE change SET position = NULL", ())?;
    tx.execute("UPDATE scope SET doubtful = 1", ())?;
    // No receipt of an earlier incarnation was heard in this epoch.
    tx.execute(
        "UPDATE segment SET revision = ?1
         WHERE revision IS NOT NULL AND writer <> (SELECT writer FROM identity)",
        [receipts::UNHEARD],
    )?;
    shares::doubt(tx)
}

/// A first copy leaves out what is long over: what it does not bring need not be lost.
pub(super) fn trust(tx: &Transaction<'_>, scope: ScopeId) -> Result<(), StoreError> {
    tx.execute("UPDATE scope SET doubtful = 0 WHERE scope = ?1", [scope.0])?;
    Ok(())
}

/// Goes on without what the relay lost in the scopes that `response` ends. Returns the records that are different now.
pub(super) fn settle(
    tx: &Transaction<'_>,
    me: &Enrolled,
    response: &SyncResponse,
) -> Result<BTreeSet<RecordId>, StoreError> {
    let mut changed = BTreeSet::new();
    if response.more_receipts {
        return Ok(changed);
    }
    for status in response.scopes.iter().filter(|status| !status.more) {
        let is_doubtful = tx
            .prepare_cached(
                "SELECT 1 FROM scope s WHERE scope = ?1 AND doubtful = 1
                   AND NOT EXISTS (SELECT 1 FROM snapshot n WHERE n.scope = s.scope)",
            )?
            .exists([status.scope.0])?;
        let offered =
            |s: &xunge_protocol::snapshot::SignedSnapshot| s.snapshot.scope == status.scope;
        if is_doubtful && !response.snapshots.iter().any(offered) {
            shares::forget_unheard(tx, status.scope)?;
            changed.extend(forget_lost(tx, status.scope)?);
            trust(tx, status.scope)?;
            say_again(tx, me, status.scope)?;
        }
    }
    for record in &changed {
        refused::rewrite_fallen(tx, me, record)?;
    }
    Ok(changed)
}

/// What this phone wrote under earlier incarnations and the log holds no more waits again, to be said by the present one:
/// nobody may continue their chains.
fn say_again(tx: &Transaction<'_>, me: &Enrolled, scope: ScopeId) -> Result<(), StoreError> {
    let mut waiting = 0;
    for writer in system::predecessors(tx, me.writer)? {
        waiting += tx
            .prepare_cached(
                "UPDATE change SET verdict = 0, code = NULL, detail = NULL, segment = NULL, ordinal = NULL
                 WHERE scope = ?1 AND mine = 1 AND writer = ?2
                   AND (verdict = 1 AND position IS NULL
                     OR verdict = 2 AND EXISTS (SELECT 1 FROM segment s
                          WHERE s.writer = ?2 AND s.scope = ?1 AND s.idx = change.segment
                            AND s.revision = ?3))",
            )?
            .execute((scope.0, writer.0, receipts::UNHEARD))?;
    }
    if waiting > 0 {
        succession::rewrite(tx, me)?;
    }
    Ok(())
}

/// Takes the relay's changes of `scope` that were not heard again out of their documents.
fn forget_lost(tx: &Transaction<'_>, scope: ScopeId) -> Result<BTreeSet<RecordId>, StoreError> {
    let records = tx
        .prepare_cached(
            "UPDATE change SET verdict = 3, code = ?2, detail = ''
             WHERE mine = 0 AND verdict = 1 AND position IS NULL
               AND (scope = ?1 OR record IN (SELECT record FROM share WHERE guest = ?1 AND ended = 0))
               AND NOT EXISTS (SELECT 1 FROM certificate c
                               WHERE c.writer = change.writer AND c.relay = 0)
             RETURNING record",
        )?
        .query_map((scope.0, LOST), |row| Ok(RecordId(row.get(0)?)))?
        .collect::<Result<_, _>>()?;
    Ok(records)
}
