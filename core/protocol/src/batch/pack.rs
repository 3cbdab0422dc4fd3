//! Segments written down as columns.

use super::change::{self, Plan, RAW};
use super::columns::{HEAD, OPAQUE, PLACE, POSITION, RECORD, Writer};
use super::dictionary::Dictionary;
use super::input::{put, put_signed};
use super::state::{State, written};
use super::text::put_writer;
use super::{Assume, PULLED, Parties, ROWS, WHOLE, digest};
use crate::crypto::{Signature, Suite};
use crate::entry::Entry;
use crate::header::SegmentHeader;
use crate::ids::{Hash32, RecordId};
use crate::merkle;
use crate::segment::{PulledEntry, PulledSegment, Segment};

/// How the record of an entry is written.
pub(super) const NEXT: u8 = 0;
pub(super) const MINE: u8 = 1;
pub(super) const OTHERS: u8 = 2;
pub(super) const SAME: u8 = 3;
pub(super) const ACKNOWLEDGEMENT: u8 = 4;
pub(super) const LITERAL: u8 = 5;

/// The header before this one is the zero hash at the start, or one that the reader knows.
pub(super) const KNOWN: u8 = 0;
/// The hash of the header before follows.
pub(super) const GIVEN: u8 = 1;

/// Batches of no more entries than this are written as rows.
const MOST_ROWS: usize = 4;
/// Records named in a change among which an acknowledgement's two are looked for.
pub(super) const MOST_NAMED: usize = 8;

/// A segment in either form.
pub(super) struct View<'a> {
    header: &'a SegmentHeader,
    signature: &'a Signature,
    slots: Vec<Slot<'a>>,
}

enum Slot<'a> {
    Body(u64, &'a Entry),
    Absent(&'a Hash32),
}

impl<'a> From<&'a Segment> for View<'a> {
    fn from(segment: &'a Segment) -> Self {
        Self {
            header: &segment.header,
            signature: &segment.signature,
            slots: segment.entries.iter().map(|e| Slot::Body(0, e)).collect(),
        }
    }
}

impl<'a> From<&'a PulledSegment> for View<'a> {
    fn from(segment: &'a PulledSegment) -> Self {
        let slot = |entry: &'a PulledEntry| match entry {
            PulledEntry::Body { position, entry } => Slot::Body(*position, entry),
            PulledEntry::Absent(leaf) => Slot::Absent(leaf),
        };
        Self {
            header: &segment.header,
            signature: &segment.signature,
            slots: segment.entries.iter().map(slot).collect(),
        }
    }
}

/// Version and flags, then the columns; none if the segments have something that columns cannot say.
pub(super) fn pack(
    segments: &[View<'_>],
    pulled: bool,
    parties: &Parties,
    assume: Assume,
    dictionary: &Dictionary,
    version: u8,
) -> Option<Vec<u8>> {
    let rows = segments.iter().map(|s| s.slots.len()).sum::<usize>() <= MOST_ROWS;
    let whole = assume == Assume::Nothing;
    let mut flags = 0;
    for (set, flag) in [(rows, ROWS), (pulled, PULLED), (whole, WHOLE)] {
        flags |= if set { flag } else { 0 };
    }
    let mut packer = Packer {
        state: State::new(dictionary, parties),
        out: Writer::new(rows),
        pulled,
        assume,
    };
    put(packer.out.at(HEAD), segments.len() as u64);
    let mut digest = digest::Digest::default();
    for segment in segments {
        packer.segment(segment, &mut digest)?;
    }
    packer.out.at(OPAQUE).extend_from_slice(&digest.finish());
    let mut bytes = vec![version, flags];
    packer.out.finish(&mut bytes);
    Some(bytes)
}

struct Packer<'d> {
    state: State<'d>,
    out: Writer,
    pulled: bool,
    assume: Assume,
}

impl Packer<'_> {
    fn segment(&mut self, segment: &View<'_>, digest: &mut digest::Digest) -> Option<()> {
        let header = segment.header;
        if header.suite != Suite::default().byte() || header.count as usize != segment.slots.len() {
            return None;
        }
        let Self { state, out, .. } = self;
        put_writer(header.writer, HEAD, state, out);
        let place = state.scopes.place(&header.scope);
        put(out.at(HEAD), place.unwrap_or(state.scopes.len()) as u64);
        if place.is_none() {
            out.at(OPAQUE).extend_from_slice(&header.scope.0);
            state.scopes.add(header.scope);
        }
        put(out.at(HEAD), header.index);
        put(out.at(HEAD), segment.slots.len() as u64);
        self.previous(header);
        self.out.at(OPAQUE).extend_from_slice(&segment.signature.0);
        if self.pulled {
            self.runs(segment);
        }
        let mut leaves = Vec::with_capacity(segment.slots.len());
        for slot in &segment.slots {
            leaves.push(match slot {
                Slot::Absent(leaf) => {
                    self.out.at(OPAQUE).extend_from_slice(&leaf.0);
                    **leaf
                }
                Slot::Body(position, entry) => {
                    if self.pulled {
                        let last = self.state.positions.insert(header.scope, *position);
                        let step = position
                            .wrapping_sub(last.unwrap_or_default())
                            .wrapping_sub(1);
                        put_signed(self.out.at(POSITION), step.cast_signed());
                    }
                    let change = self.entry(entry, header);
                    entry.leaf(change).hash()
                }
            });
        }
        // A header that does not fit its entries would not come back.
        if merkle::root(&leaves) != header.root {
            return None;
        }
        let key = (header.scope, header.writer, header.index);
        self.state.headers.insert(key, header.hash());
        digest.add(header);
        Some(())
    }

    /// The hash of the header before, unless the reader knows it.
    fn previous(&mut self, header: &SegmentHeader) {
        let expected = match header.index.checked_sub(1) {
            None => Some(Hash32([0; 32])),
            Some(before) => self
                .state
                .headers
                .get(&(header.scope, header.writer, before))
                .copied(),
        };
        let known = match expected {
            Some(expected) => expected == header.previous,
            None => self.assume == Assume::ChangesAndHeaders,
        };
        if known {
            self.out.at(HEAD).push(KNOWN);
        } else {
            self.out.at(HEAD).push(GIVEN);
            self.out.at(OPAQUE).extend_from_slice(&header.previous.0);
        }
    }

    /// How many bodies, then how many leaf hashes, and so on in turn to the end.
    fn runs(&mut self, segment: &View<'_>) {
        let (mut bodies, mut run) = (true, 0u64);
        for slot in &segment.slots {
            if matches!(slot, Slot::Body(..)) != bodies {
                put(self.out.at(HEAD), run);
                (bodies, run) = (!bodies, 0);
            }
            run += 1;
        }
        put(self.out.at(HEAD), run);
    }

    /// Writes an entry, and returns the hash of its change.
    fn entry(&mut self, entry: &Entry, header: &SegmentHeader) -> Hash32 {
        let plan = change::plan(entry, header, self.state.dictionary);
        self.record(entry, plan.as_ref(), header);
        let whole = self.assume == Assume::Nothing;
        match &plan {
            Some(plan) => {
                plan.write(entry.record, header, whole, &mut self.state, &mut self.out);
            }
            None => {
                self.out.at(PLACE).extend_from_slice(&[RAW, entry.kind.0]);
                put(self.out.at(PLACE), entry.body.len() as u64);
                self.out.at(OPAQUE).extend_from_slice(&entry.body);
                if !entry.kind.is_system() {
                    self.state.note_raw(entry.record, &entry.body);
                }
            }
        }
        self.state.note_record(entry.record);
        plan.map_or_else(|| super::change_hash(entry), |plan| plan.hash())
    }

    fn record(&mut self, entry: &Entry, plan: Option<&Plan>, header: &SegmentHeader) {
        let Self { state, out, .. } = self;
        let record = entry.record;
        if state.record == Some(record) {
            return out.at(RECORD).push(SAME);
        }
        if let Some((writer, counter)) = written(&record) {
            let last = state.counters.get(&writer).copied().unwrap_or_default();
            let step = i64::from(counter) - i64::from(last) - 1;
            if writer != header.writer {
                out.at(RECORD).push(OTHERS);
                put_writer(writer, RECORD, state, out);
                put(out.at(RECORD), u64::from(counter));
            } else if step == 0 {
                out.at(RECORD).push(NEXT);
            } else {
                out.at(RECORD).push(MINE);
                put_signed(out.at(RECORD), step);
            }
            return;
        }
        let named = plan.map(Plan::named).unwrap_or_default();
        match acknowledged(&record, &named) {
            // The reader learns this record last, so nothing before may depend on it.
            Some(pair) if !state.records.contains_key(&record) => {
                out.at(RECORD).extend_from_slice(&[ACKNOWLEDGEMENT, pair]);
            }
            _ => {
                out.at(RECORD).push(LITERAL);
                out.at(OPAQUE).extend_from_slice(&record.0);
            }
        }
    }
}

/// Which two of the `named` records `record` is the acknowledgement of, as one number.
fn acknowledged(record: &RecordId, named: &[RecordId]) -> Option<u8> {
    let named = named.get(..MOST_NAMED).unwrap_or(named);
    let pairs = (0..named.len()).flat_map(|w| (0..named.len()).map(move |h| (w, h)));
    pairs
        .filter(|(w, h)| w != h)
        .find(|(w, h)| RecordId::acknowledgement(&named[*w], &named[*h]) == *record)
        .map(|(w, h)| (w * MOST_NAMED + h) as u8)
}
