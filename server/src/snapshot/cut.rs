//! Cuts a snapshot: which entry of the log goes into the base, which into the history, which into neither.

use std::collections::BTreeMap;

use xunge_protocol::snapshot::{Part, SignedSnapshot, Snapshot, pack_part, vouched};
use xunge_protocol::{
    Entry, EntryKind, Hash32, PulledSegment, RecordId, ScopeId, Suite, Timestamp, WriterId, wire,
};
use xunge_records::Kind;

use crate::relay::Relay;
use crate::store::{County, EntryRow, LogEntry, SnapshotRow, StoreError, StoreResult, Tx};
use crate::sync::pull;

/// A part is full with so many entries or so many bytes of bodies: small enough to be read whole on an old phone.
const PART_ENTRIES: usize = 1_500;
const PART_BYTES: usize = 768 << 10;
/// Bytes of bodies that are read from the log at once.
const READ_BYTES: usize = 1 << 20;
const DAY_MILLIS: i64 = 86_400_000;

/// Where an entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// What a worker needs to begin: who is who, households, persons, open work.
    Base,
    /// What was.
    History,
    /// What is over for longer than phones keep it.
    Neither,
}

/// Cuts a snapshot of `scope` as it is now, and keeps it. False if something was erased or
/// the relay's key changed meanwhile, or nothing is in it: then nothing is kept.
pub(super) fn cut(relay: &Relay, scope: ScopeId) -> StoreResult<bool> {
    let now = relay.now();
    let since = relay.config.keep_days.map(|days| {
        let millis = i64::from(days).saturating_mul(DAY_MILLIS);
        now.plus_millis(millis.saturating_neg())
    });
    let (cut, before) = relay.store.read(|tx| {
        let county = relay.refresh(tx)?;
        let cut = Cut {
            tx,
            scope,
            relay: county.relay_writer,
            since,
            places: BTreeMap::new(),
            packed: Vec::new(),
        };
        let sequence = county.relay_key_sequence;
        Ok::<_, StoreError>((cut.run(now, &county)?, (tx.erasures()?, sequence)))
    })?;
    let (row, parts) = cut;
    if parts.is_empty() {
        return Ok(false);
    }
    relay.store.write(move |tx| {
        if (tx.erasures()?, tx.relay_key_sequence()?) != before {
            return Ok(false);
        }
        tx.put_snapshot(&row, &parts)?;
        Ok(true)
    })
}

/// An entry with its position and the hash of its leaf.
type Leaf = (u64, Entry, Hash32);
/// Entries of one writer and one scope that stand together in the base.
type Run = ((ScopeId, WriterId), Vec<Leaf>);
type Packed = Vec<(Hash32, Vec<u8>)>;

struct Cut<'a, 'b> {
    tx: &'a Tx<'b>,
    scope: ScopeId,
    relay: WriterId,
    since: Option<Timestamp>,
    places: BTreeMap<RecordId, Place>,
    packed: Packed,
}

impl Cut<'_, '_> {
    fn run(mut self, now: Timestamp, county: &County) -> StoreResult<(SnapshotRow, Packed)> {
        let position = self.tx.last_position(self.scope)?;
        let base = self.base(position)?;
        let history = self.history(position)?;
        let signed = SignedSnapshot::sign(
            &county.relay_key,
            Snapshot {
                suite: Suite::default().byte(),
                scope: self.scope,
                epoch: county.epoch,
                relay: county.relay_writer,
                position,
                made_at: now,
                since: self.since,
                base,
                history,
            },
        );
        let row = SnapshotRow {
            scope: self.scope,
            position,
            made_at: now,
            signed: wire::encode(&signed),
        };
        Ok((row, self.packed))
    }

    /// Calls `take` with each entry of the log up to `position` that was not erased, in order.
    fn each(
        &mut self,
        position: u64,
        mut take: impl FnMut(&mut Self, u64, LogEntry) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let mut after = 0;
        loop {
            let rows = self.tx.entries_after(self.scope, after, READ_BYTES)?;
            if rows.is_empty() {
                return Ok(());
            }
            for entry in rows {
                let Some(at) = entry.row.position.filter(|at| *at <= position) else {
                    return Ok(());
                };
                after = at;
                if !entry.row.entry.body.is_empty() {
                    take(self, at, entry)?;
                }
            }
        }
    }

    /// The base: system items first, then kind by kind in the order of the log, for what is alike packs well together.
    fn base(&mut self, position: u64) -> StoreResult<Vec<Part>> {
        let mut all: Vec<((ScopeId, WriterId), Leaf)> = Vec::new();
        self.each(
            position,
            |cut,
             at,
             LogEntry {
                 home, writer, row, ..
             }| {
                if cut.place(&row)? == Place::Base {
                    all.push(((home, writer), (at, row.entry, row.leaf)));
                }
                Ok(())
            },
        )?;
        all.sort_by_key(|(_, (at, entry, _))| (!entry.kind.is_system(), entry.kind.0, *at));
        let mut parts = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        let mut full = Fill::default();
        for (author, entry) in all {
            if full.add(&entry.1) {
                parts.push(self.pack_base(std::mem::take(&mut runs))?);
                full = Fill::of(&entry.1);
            }
            match runs.last_mut() {
                Some((last, run)) if *last == author => run.push(entry),
                _ => runs.push((author, vec![entry])),
            }
        }
        if !runs.is_empty() {
            parts.push(self.pack_base(runs)?);
        }
        Ok(parts)
    }

    fn pack_base(&mut self, runs: Vec<Run>) -> StoreResult<Part> {
        let segments: Vec<_> = runs
            .into_iter()
            .map(|((home, writer), run)| vouched(writer, home, run))
            .collect();
        self.pack(&segments)
    }

    /// The history: every segment of which something is here or in the base, with the bodies that are not in the base.
    fn history(&mut self, position: u64) -> StoreResult<Vec<Part>> {
        let mut parts = Vec::new();
        let mut open: Vec<PulledKey> = Vec::new();
        let mut full = Fill::default();
        self.each(position, |cut, at, entry| {
            let LogEntry {
                home,
                writer,
                index,
                row,
            } = entry;
            let place = cut.place(&row)?;
            if place == Place::Neither {
                return Ok(());
            }
            let same = open.last().is_some_and(|s| s.is(home, writer, index));
            // A segment is not torn apart if it can be helped: its other part would cost a hash an entry.
            if full.add(&row.entry) && !same {
                parts.push(cut.pack_history(std::mem::take(&mut open))?);
                full = Fill::of(&row.entry);
            }
            let segment = match open.iter().rposition(|s| s.is(home, writer, index)) {
                Some(found) => found,
                None => {
                    open.push(PulledKey {
                        home,
                        writer,
                        index,
                        bodies: Vec::new(),
                    });
                    open.len() - 1
                }
            };
            if place == Place::History
                && let Some(segment) = open.get_mut(segment)
            {
                segment.bodies.push((row.ordinal, at, row.entry));
            }
            Ok(())
        })?;
        if !open.is_empty() {
            parts.push(self.pack_history(open)?);
        }
        Ok(parts)
    }

    fn pack_history(&mut self, open: Vec<PulledKey>) -> StoreResult<Part> {
        let segments = open
            .into_iter()
            .map(|s| pull::segment(self.tx, s.home, s.writer, s.index, s.bodies))
            .collect::<StoreResult<Vec<_>>>()?;
        self.pack(&segments)
    }

    fn pack(&mut self, segments: &[PulledSegment]) -> StoreResult<Part> {
        let bytes = pack_part(self.scope, self.relay, segments)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let part = Part {
            hash: Hash32::of(&bytes),
            bytes: bytes.len() as u32,
        };
        self.packed.push((part.hash, bytes));
        Ok(part)
    }

    fn place(&mut self, row: &EntryRow) -> StoreResult<Place> {
        let record = row.entry.record;
        if row.entry.kind.is_system() {
            return Ok(Place::Base);
        }
        if let Some(place) = self.places.get(&record) {
            return Ok(*place);
        }
        let place = self.place_of(record, row.entry.kind)?;
        self.places.insert(record, place);
        Ok(place)
    }

    fn place_of(&self, record: RecordId, kind: EntryKind) -> StoreResult<Place> {
        let kind = Kind::from_entry_kind(kind);
        if matches!(kind, Some(Kind::Household | Kind::Person)) {
            return Ok(Place::Base);
        }
        let Some(held) = self.tx.record(self.scope, record)? else {
            return Ok(Place::History);
        };
        let open = match kind {
            Some(Kind::Visit) => false,
            // Who was told of a warning matters while there are others to tell.
            Some(Kind::WarningAck) => match held.warning {
                Some(warning) => self.is_open(warning)?,
                None => false,
            },
            _ => !held.closed,
        };
        let over = self.since.is_some_and(|since| held.updated_at < since);
        Ok(match (open, over) {
            (true, _) => Place::Base,
            (false, true) => Place::Neither,
            (false, false) => Place::History,
        })
    }

    fn is_open(&self, warning: RecordId) -> StoreResult<bool> {
        let held = self.tx.record(self.scope, warning)?;
        Ok(held.is_some_and(|held| !held.closed))
    }
}

/// A segment that is gathered: its place in the log, and the bodies that go with it.
struct PulledKey {
    home: ScopeId,
    writer: WriterId,
    index: u64,
    bodies: Vec<(u32, u64, Entry)>,
}

impl PulledKey {
    fn is(&self, home: ScopeId, writer: WriterId, index: u64) -> bool {
        (self.home, self.writer, self.index) == (home, writer, index)
    }
}

/// How full a part is.
#[derive(Default)]
struct Fill {
    entries: usize,
    bytes: usize,
}

impl Fill {
    fn of(entry: &Entry) -> Self {
        Self {
            entries: 1,
            bytes: entry.body.len(),
        }
    }

    /// Counts an entry, and says whether it no longer fits.
    fn add(&mut self, entry: &Entry) -> bool {
        self.entries += 1;
        self.bytes += entry.body.len();
        self.entries > PART_ENTRIES || (self.entries > 1 && self.bytes > PART_BYTES)
    }
}
