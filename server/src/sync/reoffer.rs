//! After a restore: which of others' entries that a phone holds the relay lacks, and taking them from it.
//!
//! A phone vouches for nothing: a segment is its writer's by the writer's certificate and signature, and was accepted once
//! by the relay's own word. What has no such proof is judged as if its writer brought it late.

use std::collections::BTreeMap;

use xunge_protocol::message::MAX_SEGMENT_ENTRIES;
use xunge_protocol::offer::{
    Brought, Lacking, Looked, MAX_BROUGHT, MAX_OFFERED, Marks, Place, Proof, Range,
};
use xunge_protocol::system::{SignedCertificate, WriterRole};
use xunge_protocol::{
    Entry, EntryKind, Hash32, KeyRing, PublicKey, PulledEntry, PulledSegment, RecordId,
    RefusalCode, ScopeId, WireError, WriterId,
};

use super::SyncFailure;
use super::offer::{Left, change_hash};
use super::take::{self, Coming, Piece, Terms, register};
use crate::authority::Authority;
use crate::journal::Fact;
use crate::relay::Relay;
use crate::store::{EntryId, LogTx, QuarantineState, StoreResult, Worker, WriterRow};

/// A segment that a phone brings, looked at before the transaction.
pub(super) struct Bring {
    place: Place,
    /// Beyond what one request may bring: it may come again.
    too_large: bool,
    /// None for what is not authentic.
    coming: Option<(Coming, Option<Proof>)>,
    /// The writer's certificate, if the relay has none.
    introduced: Option<SignedCertificate>,
}

/// Checks everything about an offer that needs no transaction.
///
/// # Errors
/// [`WireError::TooLarge`] for more than one request may name or bring.
pub(super) fn look_at(
    relay: &Relay,
    ranges: &[Range],
    brought: Vec<Brought>,
    certificates: &[SignedCertificate],
) -> Result<Vec<Bring>, SyncFailure> {
    let named = ranges.iter().fold(0u64, |sum, range| {
        sum.saturating_add(range.to.saturating_sub(range.from).saturating_add(1))
    });
    let too_many = [ranges.len(), brought.len(), certificates.len()]
        .iter()
        .any(|n| *n > MAX_BROUGHT);
    if too_many || named > MAX_OFFERED {
        return Err(WireError::TooLarge {
            what: "offer",
            limit: MAX_BROUGHT,
        }
        .into());
    }
    let keys = relay.county().key_ring()?;
    let introduced: BTreeMap<WriterId, &SignedCertificate> = certificates
        .iter()
        .filter(|signed| is_of_this_county(signed, &keys))
        .map(|signed| (signed.certificate.writer, signed))
        .collect();
    let known = relay.store.read(|tx| {
        let mut known = BTreeMap::new();
        for Brought { segment, .. } in &brought {
            let writer = segment.header.writer;
            // What the relay is said to have written with a key that was stolen, nobody may bring.
            if let Some(row) = tx.writer(writer)?
                && (row.certificate.certificate.role == WriterRole::Worker
                    || counts(row.key(), &keys))
            {
                known.insert(writer, *row.key());
            }
        }
        Ok::<_, SyncFailure>(known)
    })?;
    let mut left = Left::default();
    let look = |Brought { segment, proof }: Brought| {
        let place = Place::of(&segment.header);
        let certificate = introduced.get(&place.writer).copied();
        let key = known
            .get(&place.writer)
            .or(certificate.map(|signed| &signed.certificate.key));
        let looked_at = key.map_or(Ok(None), |key| authentic(segment, key, &mut left));
        let too_large = looked_at.is_err();
        let coming = looked_at.unwrap_or_default();
        let coming = coming.map(|coming| {
            // A proof that does not hold is none.
            let proof = proof.filter(|proof| {
                let verify = |key: &PublicKey| proof.verify(key, &coming.header);
                keys.check_unrevoked(verify).is_ok()
            });
            (coming, proof)
        });
        if coming.is_none() {
            tracing::warn!(writer = %place.writer, scope = %place.scope, index = place.index, "offered segment is not authentic");
        }
        Bring {
            place,
            too_large,
            coming,
            introduced: certificate
                .filter(|_| !known.contains_key(&place.writer))
                .cloned(),
        }
    };
    Ok(brought.into_iter().map(look).collect())
}

/// Whether a key of the relay signed it that was never revoked: whoever stole that may write any date.
fn is_of_this_county(signed: &SignedCertificate, keys: &KeyRing) -> bool {
    let certificate = &signed.certificate;
    let fits = certificate.role == WriterRole::Worker || counts(&certificate.key, keys);
    fits && keys.check_unrevoked(|key| signed.verify(key)).is_ok()
}

/// Whether it is a key of the relay that was never revoked.
fn counts(key: &PublicKey, keys: &KeyRing) -> bool {
    let mut known = keys.keys().iter();
    known.any(|known| known.key == *key && known.revoked_at.is_none())
}

/// What comes of a segment that its writer signed. System items stay away: what the relay says of phones and places it
/// knows by its journal, or says anew.
fn authentic(
    segment: PulledSegment,
    key: &PublicKey,
    left: &mut Left,
) -> Result<Option<Coming>, TooMuch> {
    let hash_of = |entry: &_| Ok::<Hash32, WireError>(change_hash(entry));
    if segment.entries.len() > MAX_SEGMENT_ENTRIES || segment.verify(key, hash_of).is_err() {
        return Ok(None);
    }
    let bodies: Vec<&Entry> = segment.entries.iter().filter_map(change).collect();
    let mut guarded = left.guarded(bodies).ok_or(TooMuch)?.into_iter();
    let pieces = segment.entries.into_iter().map(|pulled| match pulled {
        PulledEntry::Body { entry, .. } if !entry.kind.is_system() => {
            let word = guarded
                .next()
                .unwrap_or_else(|| Err(RefusalCode::Malformed.into()));
            Piece::Entry(entry, Box::new(word))
        }
        PulledEntry::Body { entry, .. } => Piece::Leaf(entry.leaf(change_hash(&entry)).hash()),
        PulledEntry::Absent(leaf) => Piece::Leaf(leaf),
    });
    Ok(Some(Coming {
        header: segment.header,
        signature: segment.signature,
        pieces: pieces.collect(),
        is_new: true,
    }))
}

/// More than one request may bring.
struct TooMuch;

fn change(pulled: &PulledEntry) -> Option<&Entry> {
    match pulled {
        PulledEntry::Body { entry, .. } if !entry.kind.is_system() => Some(entry),
        _ => None,
    }
}

/// Takes what the phone of `by` brings of others' work in scopes that it may read. What cannot be taken changes nothing.
pub(super) fn take_brought(
    authority: &mut Authority<'_>,
    by: &WriterRow,
    readable: &[ScopeId],
    brought: Vec<Bring>,
) -> Result<(), SyncFailure> {
    let mut cases: Vec<(RecordId, EntryKind)> = Vec::new();
    let mut came: BTreeMap<ScopeId, Vec<RecordId>> = BTreeMap::new();
    for bring in brought {
        let place = bring.place;
        let Some((mut coming, proof)) = bring.coming else {
            continue;
        };
        let is_own = place.writer == by.id() || place.writer == authority.relay().writer();
        if is_own || !readable.contains(&place.scope) {
            continue;
        }
        let tx = authority.tx();
        match tx.segment(place.scope, place.writer, place.index)? {
            Some(here) if here.header.hash() == coming.header.hash() => coming.is_new = false,
            None if take::fits(tx, &coming.header)? => {}
            _ => {
                tracing::warn!(writer = %place.writer, scope = %place.scope, index = place.index, "another history was offered");
                continue;
            }
        }
        let brings_nothing = coming
            .pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Leaf(_)));
        if brings_nothing {
            continue;
        }
        if let Some(certificate) = &bring.introduced {
            introduce(authority, certificate)?;
        }
        let Some(writer) = tx.writer(place.writer)? else {
            continue;
        };
        let terms = Terms {
            writer: &writer,
            proof: proof.as_ref(),
            by_another: true,
        };
        let accepted = take::take(authority, terms, coming)?;
        if !accepted.now.is_empty() {
            let (entries, by) = (accepted.now.len(), by.id());
            tracing::info!(writer = %place.writer, scope = %place.scope, index = place.index, entries, %by, "brought back");
        }
        authority.ease()?;
        cases.extend(accepted.now);
        came.entry(place.scope)
            .or_default()
            .extend(accepted.records);
    }
    // Afterwards, for the relay's own earlier word on a case may be among what came.
    for (record, kind) in cases {
        register(authority, record, kind)?;
    }
    for (scope, mut records) in came {
        records.sort();
        records.dedup();
        take::let_in_dependents(authority, scope, records)?;
    }
    Ok(())
}

/// Makes the relay know again a writer that it certified after the backup.
fn introduce(authority: &mut Authority<'_>, signed: &SignedCertificate) -> Result<(), SyncFailure> {
    let tx = authority.tx();
    let certificate = &signed.certificate;
    if tx.writer(certificate.writer)?.is_some() {
        return Ok(());
    }
    if certificate.role == WriterRole::Worker {
        let worker = Worker {
            id: certificate.worker.clone(),
            name: certificate.name.clone(),
            created_at: certificate.issued_at,
        };
        if tx.worker(&worker.id)?.is_none() {
            tx.insert_worker(&worker)?;
        }
        authority.note(Fact::certified(&worker, signed, None));
    }
    Ok(tx.insert_writer(signed)?)
}

/// What the relay lacks of the segments in `ranges`, as far as `readable` goes.
pub(super) fn lacking(
    tx: &dyn LogTx,
    readable: &[ScopeId],
    ranges: Vec<Range>,
) -> StoreResult<Vec<Looked>> {
    let mut answer = Vec::with_capacity(ranges.len());
    for range in ranges {
        let mut lacking = Vec::new();
        if readable.contains(&range.scope) {
            for index in range.from..=range.to {
                lacking.extend(lacks(tx, &range, index)?);
            }
        }
        answer.push(Looked { range, lacking });
    }
    Ok(answer)
}

/// What is lacking of one segment: it, entries that were not brought with it, entries that wait for a supervisor.
fn lacks(tx: &dyn LogTx, range: &Range, index: u64) -> StoreResult<Option<Lacking>> {
    let (scope, writer) = (range.scope, range.writer);
    let leaves = tx.leaves(scope, writer, index)?;
    if leaves.is_empty() {
        return Ok(Some(Lacking {
            index,
            entries: None,
        }));
    }
    let mut marks = Vec::with_capacity(leaves.len());
    for (ordinal, leaf) in leaves.iter().enumerate() {
        let id = EntryId {
            scope,
            writer,
            index,
            ordinal: ordinal as u32,
        };
        let waits = || {
            let held = tx.quarantined(id)?;
            StoreResult::Ok(held.is_some_and(|held| held.state == QuarantineState::Waiting))
        };
        marks.push(leaf.is_missing || (leaf.position.is_none() && waits()?));
    }
    let entries = Marks::of(marks);
    Ok((!entries.is_empty()).then_some(Lacking {
        index,
        entries: Some(entries),
    }))
}

/// The places of what was looked at.
pub(super) fn places(brought: &[Bring]) -> Vec<Place> {
    let looked_at = brought.iter().filter(|bring| !bring.too_large);
    looked_at.map(|bring| bring.place).collect()
}
