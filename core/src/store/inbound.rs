//! One answer of the relay, applied in one transaction: receipts, other people's entries, cursors, time.
//!
//! What cannot be used yet is set aside and tried again when what it lacks arrives; it never blocks the rest.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Transaction;
use xunge_planted::Bug;
use xunge_protocol::message::SyncResponse;
use xunge_protocol::segment::{PulledEntry, PulledSegment};
use xunge_protocol::system::{SignedCertificate, WriterRole};
use xunge_protocol::{
    Entry, EntryKind, Hash32, PublicKey, RecordId, ScopeId, WireError, WriterId, wire,
};
use xunge_records::model::record::FORMER_ID;
use xunge_records::{Document, DocumentError, GuardError, Kind, check_change};

use super::changes::{self, Loaded, NewRow};
use super::identity::{Enrolled, Identity};
use super::sync_state::{Progress, progress};
use super::{
    Store, StoreError, clock, cursors, erasure, identity, lost, projection, receipts, refused,
    retention, shares, snapshot, succession, system,
};

/// What an answer changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Records that are different now, in order of id.
    pub changed: Vec<RecordId>,
    /// Entries by others that were taken.
    pub received: u64,
    /// Entries and segments that were set aside.
    pub set_aside: u64,
    /// The worker's progress before.
    pub before: Progress,
    /// The worker's progress now.
    pub after: Progress,
}

/// An entry on its way into a document.
struct Incoming {
    writer: WriterId,
    scope: ScopeId,
    position: u64,
    kind: EntryKind,
    body: Vec<u8>,
}

/// What is gathered from segments before documents are touched.
#[derive(Default)]
pub(super) struct Gathered {
    by_record: BTreeMap<RecordId, Vec<Incoming>>,
    certified: Vec<WriterId>,
    taken: u64,
    set_aside: u64,
}

impl Store {
    /// Applies a response whose own signature was checked. The relay's receipts, certificates and segments are each
    /// verified again here.
    ///
    /// Errors: `epoch_changed` if the answer is of another epoch (adopt it, and ask again); nothing is kept then.
    pub fn apply_response(&self, response: &SyncResponse) -> Result<Applied, StoreError> {
        let applied = self.write(|tx| {
            let (identity, me) = identity::enrolled(tx)?;
            if cursors::epoch(tx)?.is_some_and(|held| held != response.epoch) {
                return Err(StoreError::EpochChanged);
            }
            let before = progress(tx)?;
            cursors::adopt_epoch(tx, response.epoch)?;
            clock::hear(tx, self.env.as_ref(), response.time)?;
            retention::hear(tx, response.keep_days)?;
            let mut changed = BTreeSet::new();
            for receipt in &response.receipts {
                changed.extend(receipts::take(tx, &identity.keys, me.writer, receipt)?);
            }
            for status in &response.scopes {
                cursors::know_scope(tx, status.scope, status.write)?;
            }
            let mut gathered = Gathered::default();
            for segment in &response.segments {
                gather(tx, &identity, segment, &mut gathered)?;
            }
            let settled = settle(tx, &identity, &me, gathered)?;
            changed.extend(settled.changed);
            if !xunge_planted::is_on(Bug::LostWordsKept) {
                changed.extend(lost::settle(tx, &me, response)?);
            }
            if !(xunge_planted::is_on(Bug::ProjectionOutsideTransaction)
                && self.env.random::<1>()[0] < 32)
            {
                project(tx, &me, &changed)?;
            }
            cursors::advance(tx, &response.scopes)?;
            Ok(Applied {
                changed: changed.into_iter().collect(),
                received: settled.received,
                set_aside: settled.set_aside,
                before,
                after: progress(tx)?,
            })
        })?;
        self.scrub()?;
        Ok(applied)
    }
}

/// What came of gathered entries.
pub(super) struct Settled {
    pub(super) changed: BTreeSet<RecordId>,
    pub(super) received: u64,
    pub(super) set_aside: u64,
}

/// Brings gathered changes into their documents, with the segments that waited for a writer's certificate.
pub(super) fn settle(
    tx: &Transaction<'_>,
    identity: &Identity,
    me: &Enrolled,
    mut gathered: Gathered,
) -> Result<Settled, StoreError> {
    while let Some(writer) = gathered.certified.pop() {
        for segment in take_set_aside_segments(tx, writer)? {
            gather(tx, identity, &segment, &mut gathered)?;
        }
    }
    let mut settled = Settled {
        changed: BTreeSet::new(),
        received: gathered.taken,
        set_aside: gathered.set_aside,
    };
    for (record, incoming) in gathered.by_record {
        let (took, left) = apply(tx, me, &record, incoming)?;
        settled.received += took;
        settled.set_aside += left;
        if took > 0 {
            settled.changed.insert(record);
        }
    }
    Ok(settled)
}

/// Shows changed records as they are now.
pub(super) fn project(
    tx: &Transaction<'_>,
    me: &Enrolled,
    changed: &BTreeSet<RecordId>,
) -> Result<(), StoreError> {
    for record in changed {
        refused::rewrite_later_edits(tx, me, record)?;
        projection::project(tx, record)?;
    }
    Ok(())
}

/// Verifies a segment, takes its system entries, and sorts its changes by record. False if it is not authentic; it is
/// set aside then.
pub(super) fn gather(
    tx: &Transaction<'_>,
    identity: &Identity,
    segment: &PulledSegment,
    gathered: &mut Gathered,
) -> Result<bool, StoreError> {
    let Some((key, is_relay)) = key_of(tx, identity, segment)? else {
        set_segment_aside(tx, segment, "unknown_writer", gathered)?;
        return Ok(true);
    };
    if segment.verify(&key, entry_hash).is_err() {
        set_segment_aside(tx, segment, "not_authentic", gathered)?;
        return Ok(false);
    }
    snapshot::prove(tx, segment)?;
    take_entries(tx, identity, segment, is_relay, gathered)?;
    Ok(true)
}

/// Takes the system entries of a segment that is vouched for, and sorts its changes by record.
pub(super) fn take_entries(
    tx: &Transaction<'_>,
    identity: &Identity,
    segment: &PulledSegment,
    is_relay: bool,
    gathered: &mut Gathered,
) -> Result<(), StoreError> {
    let (writer, scope) = (segment.header.writer, segment.header.scope);
    for pulled in &segment.entries {
        let PulledEntry::Body { position, entry } = pulled else {
            continue;
        };
        // Not even set aside: what is not for this phone does not stay on it.
        if !entry.kind.is_system() && !shares::may_be_here(tx, &entry.record, scope)? {
            tracing::warn!(record = %entry.record, %scope, "an entry of a scope that is not read here");
            gathered.set_aside += 1;
            continue;
        }
        let incoming = Incoming {
            writer,
            scope,
            position: *position,
            kind: entry.kind,
            body: entry.body.clone(),
        };
        if !entry.kind.is_system() {
            gathered
                .by_record
                .entry(entry.record)
                .or_default()
                .push(incoming);
        } else if !is_relay {
            set_entry_aside(tx, &entry.record, &incoming, "operation_not_allowed")?;
            gathered.set_aside += 1;
        } else if !system::is_known(entry.kind) {
            set_entry_aside(tx, &entry.record, &incoming, "unknown_kind")?;
            gathered.set_aside += 1;
        } else {
            match system::take(tx, &identity.keys, scope, entry) {
                Ok(certified) => {
                    gathered.certified.extend(certified);
                    gathered.taken += 1;
                }
                Err(StoreError::Wire(_)) => {
                    set_entry_aside(tx, &entry.record, &incoming, "malformed")?;
                    gathered.set_aside += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The key of a segment's author, and whether that is the relay.
pub(super) fn key_of(
    tx: &Transaction<'_>,
    identity: &Identity,
    segment: &PulledSegment,
) -> Result<Option<(PublicKey, bool)>, StoreError> {
    let writer = segment.header.writer;
    if writer == identity.relay {
        return Ok(Some((*identity.keys.current(), true)));
    }
    let known = system::writer(tx, writer)?.map(|w| (w.key, w.is_relay));
    Ok(known.or_else(|| earlier_relay(identity, segment)))
}

/// The key of a writer under which the relay wrote in an earlier epoch, or with an earlier key: a phone that was enrolled later learns of it only by
/// the certificate with which each of its chains begins.
fn earlier_relay(identity: &Identity, segment: &PulledSegment) -> Option<(PublicKey, bool)> {
    segment.entries.iter().find_map(|pulled| {
        let PulledEntry::Body { entry, .. } = pulled else {
            return None;
        };
        let signed: SignedCertificate = match entry.kind {
            EntryKind::CERTIFICATE => wire::decode("certificate", &entry.body).ok()?,
            _ => return None,
        };
        let certificate = &signed.certificate;
        let of_relay = certificate.writer == segment.header.writer
            && certificate.role == WriterRole::Relay
            && signed.verify_by(&identity.keys).is_ok();
        of_relay.then_some((certificate.key, true))
    })
}

/// What the header commits to: of a system item its digest, of a change the hash that Automerge defines, which is the
/// digest of its chunk after magic and checksum. The guard looks at the chunk itself later.
pub(super) fn entry_hash(entry: &Entry) -> Result<Hash32, WireError> {
    if entry.kind.is_system() {
        return Ok(Hash32::of(&entry.body));
    }
    entry
        .body
        .get(8..)
        .map(Hash32::of)
        .ok_or(WireError::Malformed {
            what: "change",
            why: "shorter than its prefix".into(),
        })
}

/// Brings all that waits for `record` into its document, in order, until nothing more fits. Returns how many were taken
/// and how many of the new ones were set aside.
fn apply(
    tx: &Transaction<'_>,
    me: &Enrolled,
    record: &RecordId,
    new: Vec<Incoming>,
) -> Result<(u64, u64), StoreError> {
    if erasure::is_erased(tx, record)? {
        return Ok((0, 0));
    }
    let mut waiting = take_set_aside_entries(tx, record)?;
    let waited = waiting.len() as u64;
    waiting.extend(new);
    let mut loaded = changes::load(tx, record)?.filter(|loaded| !loaded.only_rejected);
    let mut taken = 0;
    loop {
        let mut left = Vec::new();
        let mut progress = false;
        for incoming in std::mem::take(&mut waiting) {
            match apply_one(tx, me, record, &mut loaded, &incoming) {
                Ok(()) => {
                    progress = true;
                    taken += 1;
                }
                Err(NotTaken::Because(code)) => left.push((incoming, code)),
                Err(NotTaken::Failed(error)) => return Err(error),
            }
        }
        if left.is_empty() || !progress {
            if let (true, Some(loaded)) = (taken > 0, &loaded) {
                take_over_refused(tx, record, loaded)?;
            }
            let set_aside = (left.len() as u64).saturating_sub(waited);
            for (incoming, code) in &left {
                set_entry_aside(tx, record, incoming, code)?;
            }
            return Ok((taken, set_aside));
        }
        waiting.extend(left.into_iter().map(|(incoming, _)| incoming));
    }
}

/// Another copy of this phone mended a record that was rejected as a whole here: what was refused goes with it.
fn take_over_refused(
    tx: &Transaction<'_>,
    record: &RecordId,
    loaded: &Loaded,
) -> Result<(), StoreError> {
    if !record.is_said_again() {
        return Ok(());
    }
    let fields = loaded.document.fields()?;
    let Some(former) = fields.text(FORMER_ID).and_then(|id| id.parse().ok()) else {
        return Ok(());
    };
    let is_refused = changes::load(tx, &former)?.is_some_and(|loaded| loaded.only_rejected);
    if is_refused && succession::mended(tx, &former)?.is_some_and(|(mended, _)| mended == *record) {
        succession::take_over_refused(tx, &former, record)?;
    }
    Ok(())
}

enum NotTaken {
    Because(&'static str),
    Failed(StoreError),
}

impl<E: Into<StoreError>> From<E> for NotTaken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn apply_one(
    tx: &Transaction<'_>,
    me: &Enrolled,
    record: &RecordId,
    loaded: &mut Option<Loaded>,
    incoming: &Incoming,
) -> Result<(), NotTaken> {
    let kind = Kind::from_entry_kind(incoming.kind).ok_or(NotTaken::Because("unknown_kind"))?;
    let change = check_change(&incoming.body).map_err(refused)?;
    if change.author.writer != incoming.writer {
        return Err(NotTaken::Because("operation_not_allowed"));
    }
    match loaded {
        Some(loaded) if loaded.document.kind() != kind => {
            return Err(NotTaken::Because("wrong_kind"));
        }
        Some(loaded) => loaded.document.apply(&change).map_err(misplaced)?,
        None => {
            let mut document = Document::new(kind)?;
            document.apply(&change).map_err(misplaced)?;
            *loaded = Some(Loaded {
                document,
                scope: incoming.scope,
                opened_at: change.at,
                only_rejected: false,
            });
        }
    }
    let mine = incoming.writer == me.writer || system::is_worker(tx, incoming.writer, &me.worker)?;
    changes::insert(
        tx,
        &NewRow {
            record: *record,
            kind,
            scope: incoming.scope,
            hash: change.hash,
            writer: incoming.writer,
            mine,
            at: change.at,
            body: &incoming.body,
            position: Some(incoming.position),
        },
    )?;
    Ok(())
}

fn misplaced(error: DocumentError) -> NotTaken {
    refused(GuardError::from(error))
}

fn refused(error: GuardError) -> NotTaken {
    match error {
        GuardError::Place(DocumentError::Automerge(_) | DocumentError::Panicked)
        | GuardError::Panicked => NotTaken::Because("malformed"),
        other => NotTaken::Because(other.refusal().name()),
    }
}

fn set_segment_aside(
    tx: &Transaction<'_>,
    segment: &PulledSegment,
    code: &str,
    gathered: &mut Gathered,
) -> Result<(), StoreError> {
    gathered.set_aside += 1;
    tx.execute(
        "INSERT INTO set_aside_segment (writer, code, segment) VALUES (?1, ?2, ?3)",
        (segment.header.writer.0, code, wire::encode(segment)),
    )?;
    Ok(())
}

fn take_set_aside_segments(
    tx: &Transaction<'_>,
    writer: WriterId,
) -> Result<Vec<PulledSegment>, StoreError> {
    let rows = tx
        .prepare_cached(
            "DELETE FROM set_aside_segment WHERE writer = ?1 AND code = 'unknown_writer'
             RETURNING segment",
        )?
        .query_map([writer.0], |row| row.get::<_, Vec<u8>>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    rows.iter()
        .map(|bytes| Ok(wire::decode("pulled segment", bytes)?))
        .collect()
}

fn set_entry_aside(
    tx: &Transaction<'_>,
    record: &RecordId,
    incoming: &Incoming,
    code: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO set_aside_entry (scope, position, record, kind, writer, code, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        incoming.scope.0,
        incoming.position.cast_signed(),
        record.0,
        incoming.kind.0,
        incoming.writer.0,
        code,
        &incoming.body,
    ))?;
    Ok(())
}

fn take_set_aside_entries(
    tx: &Transaction<'_>,
    record: &RecordId,
) -> Result<Vec<Incoming>, StoreError> {
    let mut rows = tx
        .prepare_cached(
            "DELETE FROM set_aside_entry WHERE record = ?1
             RETURNING scope, position, kind, writer, body",
        )?
        .query_map([record.0], |row| {
            Ok(Incoming {
                scope: ScopeId(row.get(0)?),
                position: row.get::<_, i64>(1)?.unsigned_abs(),
                kind: EntryKind(row.get(2)?),
                writer: WriterId(row.get(3)?),
                body: row.get(4)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(|incoming| incoming.position);
    Ok(rows)
}
