//! The first copy of a scope, part by part: what is kept of it between two syncs, and how a part is applied.
//!
//! A part is applied whole, in one transaction, after its hash was found in a list that the relay signed. Entries of the
//! base have only the relay's word at first; each segment of the history that verifies proves some of them. The cursor
//! moves when everything is there and proven.

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::snapshot::{Part, SignedSnapshot, Snapshot, open_part};
use xunge_protocol::{Hash32, PulledEntry, PulledSegment, ScopeId, wire};

use super::inbound::{self, Gathered};
use super::{Store, StoreError, cursors, identity, lost};

/// A part of which bytes are missing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedPart {
    /// Of which scope.
    pub scope: ScopeId,
    /// Its name.
    pub part: Part,
    /// Bytes of it that are here.
    pub held: usize,
}

/// What became of bytes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenPart {
    /// Entries that were applied: none while the part is not whole.
    pub received: u64,
    /// Whether this was the last part of a base that was lacking, of any scope.
    pub usable: bool,
    /// Whether all of the scope is here now.
    pub complete: bool,
}

impl Store {
    /// Begins to fetch what the relay offers, unless a snapshot of that scope is on its way already.
    ///
    /// # Errors
    /// `snapshot_refused` if the relay did not sign it.
    pub fn begin_snapshot(&self, offered: &SignedSnapshot) -> Result<(), StoreError> {
        self.write(|tx| {
            let (identity, _) = identity::enrolled(tx)?;
            offered
                .verify(identity.keys.current())
                .map_err(|_| StoreError::SnapshotRefused("not_authentic"))?;
            let snapshot = &offered.snapshot;
            if cursors::epoch(tx)? != Some(snapshot.epoch) {
                return Err(StoreError::SnapshotRefused("other_epoch"));
            }
            tx.execute(
                "INSERT INTO snapshot (scope, signed) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (snapshot.scope.0, wire::encode(offered)),
            )?;
            Ok(())
        })
    }

    /// Scopes whose snapshot is on its way.
    pub fn snapshots_under_way(&self) -> Result<Vec<ScopeId>, StoreError> {
        self.read(|tx| Ok(under_way(tx)?.iter().map(|s| s.snapshot.scope).collect()))
    }

    /// The next part to fetch: bases before histories.
    pub fn next_part(&self) -> Result<Option<WantedPart>, StoreError> {
        self.read(|tx| {
            let all = under_way(tx)?;
            let next = all.iter().find(|s| s.lacks_base()).or(all.first());
            Ok(next.and_then(|s| {
                Some(WantedPart {
                    scope: s.snapshot.scope,
                    part: *s.snapshot.parts().nth(s.parts)?,
                    held: s.bytes.len(),
                })
            }))
        })
    }

    /// Keeps `bytes`, which follow those that are here, and applies the part once it is whole.
    ///
    /// # Errors
    /// `snapshot_refused` for bytes that are not the part, or not what its authors signed. Nothing of it is applied then.
    pub fn take_part(&self, wanted: &WantedPart, bytes: &[u8]) -> Result<TakenPart, StoreError> {
        let taken = self.write(|tx| {
            let Some(mut here) = under_way(tx)?
                .into_iter()
                .find(|s| s.snapshot.scope == wanted.scope)
            else {
                return Ok(TakenPart::default());
            };
            here.bytes.extend_from_slice(bytes);
            let whole = wanted.part.bytes as usize;
            if here.bytes.len() > whole {
                return Err(StoreError::SnapshotRefused("too_long"));
            }
            if here.bytes.len() < whole {
                tx.execute(
                    "UPDATE snapshot SET bytes = ?2 WHERE scope = ?1",
                    (wanted.scope.0, &here.bytes),
                )?;
                return Ok(TakenPart::default());
            }
            let received = apply(tx, &here, &wanted.part)?;
            tx.execute(
                "UPDATE snapshot SET bytes = x'', parts = parts + 1 WHERE scope = ?1",
                [wanted.scope.0],
            )?;
            let complete = here.parts + 1 >= here.snapshot.parts().count();
            if complete {
                finish(tx, &here.snapshot)?;
            }
            Ok(TakenPart {
                received,
                usable: here.lacks_base() && under_way(tx)?.iter().all(|s| !s.lacks_base()),
                complete,
            })
        })?;
        self.scrub()?;
        Ok(taken)
    }

    /// Forgets a snapshot that the relay no longer has, or all of them, where one is not what it should be. Such scopes
    /// are read from their log. What came of them stays, and is proven by the log.
    pub fn drop_snapshot(&self, scope: Option<ScopeId>) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM snapshot WHERE scope = coalesce(?1, scope)",
                [scope.map(|s| s.0)],
            )?;
            Ok(())
        })?;
        self.scrub()
    }
}

/// A snapshot on its way.
struct UnderWay {
    snapshot: Snapshot,
    parts: usize,
    bytes: Vec<u8>,
}

impl UnderWay {
    fn lacks_base(&self) -> bool {
        self.parts < self.snapshot.base.len()
    }
}

fn under_way(tx: &Transaction<'_>) -> Result<Vec<UnderWay>, StoreError> {
    let rows = tx
        .prepare_cached("SELECT signed, parts, bytes FROM snapshot ORDER BY scope")?
        .query_map((), |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<Vec<(Vec<u8>, u32, Vec<u8>)>, _>>()?;
    rows.into_iter()
        .map(|(signed, parts, bytes)| {
            let signed: SignedSnapshot = wire::decode("snapshot", &signed)?;
            Ok(UnderWay {
                snapshot: signed.snapshot,
                parts: parts as usize,
                bytes,
            })
        })
        .collect()
}

fn apply(tx: &Transaction<'_>, here: &UnderWay, part: &Part) -> Result<u64, StoreError> {
    let (identity, me) = identity::enrolled(tx)?;
    let segments = open_part(&here.snapshot, part, &here.bytes)
        .map_err(|_| StoreError::SnapshotRefused("not_authentic"))?;
    let mut gathered = Gathered::default();
    for segment in &segments {
        if segment.header.scope != here.snapshot.scope && !is_shared(segment) {
            return Err(StoreError::SnapshotRefused("other_scope"));
        }
        // What this phone wrote itself is here, and only a receipt makes it received.
        let is_own = segment.header.writer == me.writer;
        if is_own && segment.header.scope == here.snapshot.scope {
            continue;
        }
        if here.lacks_base() {
            vouch(tx, here.snapshot.scope, segment)?;
            let is_relay = inbound::key_of(tx, &identity, segment)?.is_some_and(|(_, relay)| relay);
            inbound::take_entries(tx, &identity, segment, is_relay, &mut gathered)?;
        } else if !inbound::gather(tx, &identity, segment, &mut gathered)? {
            return Err(StoreError::SnapshotRefused("not_authentic"));
        }
    }
    let settled = inbound::settle(tx, &identity, &me, gathered)?;
    inbound::project(tx, &me, &settled.changed)?;
    Ok(settled.received)
}

/// Whether a segment of another scope may be in a first copy: only records are shared, never system items. That they are
/// shared here, the copy says before them.
fn is_shared(segment: &PulledSegment) -> bool {
    segment.entries.iter().all(|pulled| match pulled {
        PulledEntry::Body { entry, .. } => !entry.kind.is_system(),
        PulledEntry::Absent(_) => true,
    })
}

/// Notes that the entries of `segment`, in the first copy of `scope`, have only the relay's word.
fn vouch(tx: &Transaction<'_>, scope: ScopeId, segment: &PulledSegment) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO vouched (leaf, scope) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    for pulled in &segment.entries {
        if let PulledEntry::Body { entry, .. } = pulled {
            let leaf = entry.leaf(inbound::entry_hash(entry)?).hash();
            insert.execute((leaf.0, scope.0))?;
        }
    }
    Ok(())
}

/// Notes that the author of `segment`, which was verified, signed its entries.
pub(super) fn prove(tx: &Transaction<'_>, segment: &PulledSegment) -> Result<(), StoreError> {
    let waiting: Option<i64> = tx
        .prepare_cached("SELECT 1 FROM vouched LIMIT 1")?
        .query_row((), |row| row.get(0))
        .optional()?;
    if waiting.is_none() {
        return Ok(());
    }
    let mut delete = tx.prepare_cached("DELETE FROM vouched WHERE leaf = ?1")?;
    for pulled in &segment.entries {
        let leaf: Hash32 = match pulled {
            PulledEntry::Absent(leaf) => *leaf,
            PulledEntry::Body { entry, .. } => entry.leaf(inbound::entry_hash(entry)?).hash(),
        };
        delete.execute([leaf.0])?;
    }
    Ok(())
}

/// Everything is here: the cursor moves to where the snapshot ends, if all of it is proven.
fn finish(tx: &Transaction<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let unproven = tx
        .prepare_cached("SELECT 1 FROM vouched WHERE scope = ?1")?
        .exists([snapshot.scope.0])?;
    if unproven {
        return Err(StoreError::SnapshotRefused("unproven"));
    }
    cursors::reach(tx, snapshot.scope, snapshot.position)?;
    lost::trust(tx, snapshot.scope)?;
    tx.execute("DELETE FROM snapshot WHERE scope = ?1", [snapshot.scope.0])?;
    Ok(())
}
