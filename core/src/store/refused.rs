//! What follows when the relay rejects a change for good: the document goes on without it, later edits of this phone are
//! written again on what is left, and what was refused stays to be mended.

use std::collections::BTreeSet;

use rusqlite::Transaction;
use xunge_planted::Bug;
use xunge_protocol::{Hash32, RecordId};
use xunge_records::{Author, Edit, EventBody, EventId, Record, check_change};

use super::changes::{self, Loaded, NewRow};
use super::identity::Enrolled;
use super::records::frontier;
use super::{Store, StoreError, counters};

/// Code of a change that was written again: what it said is in a later one.
pub(super) const REWRITTEN: &str = "rewritten";

impl Store {
    /// A record with what was refused of it, as its author meant it.
    pub fn load_refused(&self, record: &RecordId) -> Result<Option<Record>, StoreError> {
        self.read(|tx| {
            Ok(match changes::load_with_rejected(tx, record)? {
                Some(loaded) => Some(loaded.document.read(*record)?),
                None => None,
            })
        })
    }

    /// A record as the town has it or will have it: none if all of it was rejected.
    pub fn load_kept(&self, record: &RecordId) -> Result<Option<Record>, StoreError> {
        self.read(|tx| {
            Ok(match changes::load(tx, record)? {
                Some(loaded) if !loaded.only_rejected => Some(loaded.document.read(*record)?),
                _ => None,
            })
        })
    }

    /// Own records of which something was rejected since this was asked last.
    pub fn newly_rejected(&self) -> Result<Vec<RecordId>, StoreError> {
        self.write(|tx| {
            let records = tx
                .prepare_cached(
                    "UPDATE change SET drafted = 1
                     WHERE mine = 1 AND verdict = 3 AND drafted = 0 RETURNING record, detail",
                )?
                .query_map((), |row| {
                    Ok((RecordId(row.get(0)?), row.get::<_, Option<String>>(1)?))
                })?
                .collect::<Result<Vec<_>, _>>()?;
            // What only fell with another change was written again.
            let rejected = records.into_iter().filter(|(_, why)| says(why.as_deref()));
            Ok(rejected
                .map(|(record, _)| record)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect())
        })
    }
}

fn says(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| !reason.is_empty())
}

/// An own change that has no place in the document without what was rejected.
struct Fallen {
    id: i64,
    body: Vec<u8>,
    /// Whether it ever was in a segment: then its row must stay.
    sealed: bool,
}

/// Writes own edits again that built on a rejected change: those that were not sent, and those that the relay rejected
/// only for that. They get an actor of their own, since the document counts anew. Repeating it changes nothing.
pub(super) fn rewrite_later_edits(
    tx: &Transaction<'_>,
    me: &Enrolled,
    record: &RecordId,
) -> Result<(), StoreError> {
    let rejected: Vec<i64> = tx
        .prepare_cached(
            "SELECT id FROM change
             WHERE record = ?1 AND mine = 1 AND verdict = 3 AND coalesce(detail, '') <> ''
             ORDER BY id",
        )?
        .query_map([record.0], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if rejected.is_empty() {
        return Ok(());
    }
    const FELL: &str =
        "verdict = 0 AND segment IS NULL OR verdict = 3 AND coalesce(detail, '') = ''";
    if !rewrite_those(tx, me, record, FELL)? {
        return Ok(());
    }
    // The refusal stays what was heard last, until the worker does something about it.
    for id in rejected {
        tx.prepare_cached("UPDATE change SET id = (SELECT max(id) + 1 FROM change) WHERE id = ?1")?
            .execute([id])?;
    }
    Ok(())
}

/// Writes own changes again that built on one which is in nobody's log any more, whether or not they were sent: the relay
/// can never take them as they are.
pub(super) fn rewrite_fallen(
    tx: &Transaction<'_>,
    me: &Enrolled,
    record: &RecordId,
) -> Result<(), StoreError> {
    rewrite_those(tx, me, record, "verdict IN (0, 1, 2)")?;
    Ok(())
}

/// Writes again those own changes of `record` for which the condition `which` holds and that have no place in the
/// document as it is. False if there are none.
fn rewrite_those(
    tx: &Transaction<'_>,
    me: &Enrolled,
    record: &RecordId,
    which: &str,
) -> Result<bool, StoreError> {
    let Some(mut loaded) = changes::load(tx, record)?.filter(|loaded| !loaded.only_rejected) else {
        // Nothing is left to build on: it shows what was refused, as a whole.
        return Ok(false);
    };
    let fallen = fallen(tx, record, &loaded, which)?;
    if fallen.is_empty() {
        return Ok(false);
    }
    for one in &fallen {
        let forget = if one.sealed {
            "UPDATE change SET verdict = 3, code = ?2, detail = '' WHERE id = ?1"
        } else {
            "DELETE FROM change WHERE id = ?1 AND ?2 IS NOT NULL"
        };
        tx.prepare_cached(forget)?.execute((one.id, REWRITTEN))?;
    }
    let kept = match xunge_planted::is_on(Bug::LaterEditsDropped) {
        true => &[],
        false => fallen.as_slice(),
    };
    for one in kept {
        rewrite(tx, me, record, &mut loaded, &one.body)?;
    }
    Ok(true)
}

fn fallen(
    tx: &Transaction<'_>,
    record: &RecordId,
    loaded: &Loaded,
    which: &str,
) -> Result<Vec<Fallen>, StoreError> {
    let rows = tx
        .prepare_cached(&format!(
            "SELECT id, hash, body, segment IS NOT NULL FROM change
             WHERE record = ?1 AND mine = 1 AND coalesce(code, '') <> ?2 AND ({which})
             ORDER BY id"
        ))?
        .query_map((record.0, REWRITTEN), |row| {
            let fallen = Fallen {
                id: row.get(0)?,
                body: row.get(2)?,
                sealed: row.get(3)?,
            };
            Ok((Hash32(row.get(1)?), fallen))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let gone = rows
        .into_iter()
        .filter(|(hash, _)| !loaded.document.knows(hash));
    Ok(gone.map(|(_, fallen)| fallen).collect())
}

/// Says again what the change in `body` said, with new event ids.
fn rewrite(
    tx: &Transaction<'_>,
    me: &Enrolled,
    record: &RecordId,
    loaded: &mut Loaded,
    body: &[u8],
) -> Result<(), StoreError> {
    let said =
        check_change(body).map_err(|e| StoreError::Damaged(format!("change of {record}: {e}")))?;
    let mut basis = frontier(&loaded.document)?;
    let mut events = Vec::with_capacity(said.operations.events.len());
    let here = loaded.document.events()?;
    for (before, event) in said.operations.events {
        let mut event = event.again(before);
        let is_here = |(id, body): &(EventId, EventBody)| {
            body.first.or(Some(*id)) == event.first && body.says_the_same(&event)
        };
        // Another copy of this phone said it again already.
        if here.iter().any(is_here) {
            continue;
        }
        let id = EventId {
            writer: me.writer,
            n: counters::next(tx, counters::EVENT)?,
        };
        event.basis = std::mem::replace(&mut basis, vec![id]);
        events.push((id, event));
    }
    let edit = Edit {
        open: None,
        set: said.operations.set,
        remove: said.operations.remove,
        events,
    };
    let author = Author {
        writer: me.writer,
        rebuild: changes::rebuilds(tx, record)?,
    };
    if let Some(change) = loaded.document.edit(author, said.at, &edit)? {
        changes::insert(
            tx,
            &NewRow {
                record: *record,
                kind: loaded.document.kind(),
                scope: loaded.scope,
                hash: change.hash,
                writer: me.writer,
                mine: true,
                at: said.at,
                body: &change.bytes,
                position: None,
            },
        )?;
    }
    Ok(())
}
