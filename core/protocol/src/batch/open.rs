//! Segments read back from columns. Bytes from outside: bounded in everything, and nothing in them is believed until
//! the headers that come out are verified elsewhere.

use super::change::RAW;
use super::columns::{HEAD, OPAQUE, PLACE, POSITION, RECORD, Reader};
use super::dictionary::Dictionary;
use super::input::Input;
use super::pack::{ACKNOWLEDGEMENT, KNOWN, LITERAL, MINE, MOST_NAMED, NEXT, OTHERS, SAME};
use super::rebuild::{Draft, Source};
use super::state::State;
use super::text::writer;
use super::{BatchError, Held, Limits, PULLED, Parties, ROWS, WHOLE, change_hash, digest};
use crate::crypto::{Signature, Suite};
use crate::entry::{Entry, EntryKind};
use crate::header::SegmentHeader;
use crate::ids::{Hash32, RecordId, ScopeId};
use crate::merkle;
use crate::segment::{PulledEntry, PulledSegment};

/// Most runs of bodies and leaf hashes in one segment, and most entries.
const MOST_ENTRIES: usize = 65_536;

/// Reads what [`super::pack::pack`] wrote after its version byte. Positions are 0 where none were written.
pub(super) fn open(
    bytes: &[u8],
    parties: &Parties,
    held: &dyn Held,
    dictionary: &Dictionary,
    limits: &Limits,
) -> Result<Vec<PulledSegment>, BatchError> {
    let mut input = Input(bytes);
    let flags = input.byte()?;
    if flags & !(ROWS | PULLED | WHOLE) != 0 {
        return Err(BatchError::Malformed("flags"));
    }
    let mut state = State::new(dictionary, parties);
    state.left = limits.bytes;
    let mut opener = Opener {
        state,
        from: Reader::new(flags & ROWS != 0, input)?,
        pulled: flags & PULLED != 0,
        whole: flags & WHOLE != 0,
        operations_left: limits.operations,
        entries_left: limits.entries,
        held,
    };
    let count = opener.from.at(HEAD)?.count(limits.segments)?;
    let mut digest = digest::Digest::default();
    let mut segments = Vec::new();
    for _ in 0..count {
        let segment = opener.segment()?;
        digest.add(&segment.header);
        segments.push(segment);
    }
    let closing: [u8; 4] = opener.from.at(OPAQUE)?.array()?;
    opener.from.finish()?;
    if closing == digest.finish() {
        Ok(segments)
    } else {
        Err(BatchError::Differs)
    }
}

struct Opener<'a, 'd> {
    state: State<'d>,
    from: Reader<'a>,
    pulled: bool,
    whole: bool,
    operations_left: usize,
    entries_left: usize,
    held: &'a dyn Held,
}

impl Opener<'_, '_> {
    fn segment(&mut self) -> Result<PulledSegment, BatchError> {
        let writer = writer(HEAD, &mut self.state, &mut self.from)?;
        let scope = self.scope()?;
        let index = self.from.at(HEAD)?.number()?;
        let count = self.from.at(HEAD)?.count(MOST_ENTRIES)?;
        self.entries_left = self
            .entries_left
            .checked_sub(count)
            .ok_or(BatchError::TooLarge("entries"))?;
        let mut header = SegmentHeader {
            suite: Suite::default().byte(),
            writer,
            scope,
            index,
            previous: Hash32([0; 32]),
            count: count as u32,
            root: Hash32([0; 32]),
        };
        header.previous = self.previous(&header)?;
        let signature = Signature(self.from.at(OPAQUE)?.array()?);
        let bodies = self.runs(count)?;
        let (mut entries, mut leaves) = (Vec::new(), Vec::new());
        for body in bodies {
            if !body {
                let leaf = Hash32(self.from.at(OPAQUE)?.array()?);
                leaves.push(leaf);
                entries.push(PulledEntry::Absent(leaf));
                continue;
            }
            let position = self.position(scope)?;
            let entry = self.entry(&header)?;
            leaves.push(entry.leaf(change_hash(&entry)).hash());
            entries.push(PulledEntry::Body { position, entry });
        }
        header.root = merkle::root(&leaves);
        let key = (scope, writer, index);
        self.state.headers.insert(key, header.hash());
        Ok(PulledSegment {
            header,
            signature,
            entries,
        })
    }

    fn scope(&mut self) -> Result<ScopeId, BatchError> {
        let place = self.from.at(HEAD)?.count(self.state.scopes.len())?;
        if let Some(scope) = self.state.scopes.get(place) {
            return Ok(*scope);
        }
        let scope = ScopeId(self.from.at(OPAQUE)?.array()?);
        self.state.scopes.add(scope);
        Ok(scope)
    }

    fn previous(&mut self, header: &SegmentHeader) -> Result<Hash32, BatchError> {
        if self.from.at(HEAD)?.byte()? != KNOWN {
            return Ok(Hash32(self.from.at(OPAQUE)?.array()?));
        }
        let Some(before) = header.index.checked_sub(1) else {
            return Ok(Hash32([0; 32]));
        };
        let key = (header.scope, header.writer, before);
        let here = self.state.headers.get(&key).copied();
        here.or_else(|| self.held.header(header.scope, header.writer, before))
            .ok_or(BatchError::Unknown("a header"))
    }

    /// For each entry, whether it has a body.
    fn runs(&mut self, count: usize) -> Result<Vec<bool>, BatchError> {
        if !self.pulled {
            return Ok(vec![true; count]);
        }
        let mut bodies = Vec::with_capacity(count);
        let mut body = true;
        loop {
            let run = self.from.at(HEAD)?.count(count - bodies.len())?;
            if run == 0 && !(bodies.is_empty() && body) {
                return Err(BatchError::Malformed("an empty run"));
            }
            bodies.extend(std::iter::repeat_n(body, run));
            if bodies.len() == count {
                return Ok(bodies);
            }
            body = !body;
        }
    }

    fn position(&mut self, scope: ScopeId) -> Result<u64, BatchError> {
        if !self.pulled {
            return Ok(0);
        }
        let last = self
            .state
            .positions
            .get(&scope)
            .copied()
            .unwrap_or_default();
        let step = self.from.at(POSITION)?.signed()?.cast_unsigned();
        let position = last.wrapping_add(step).wrapping_add(1);
        self.state.positions.insert(scope, position);
        Ok(position)
    }

    fn entry(&mut self, header: &SegmentHeader) -> Result<Entry, BatchError> {
        let record = self.record(header)?;
        let place = self.from.at(PLACE)?.byte()?;
        let entry = if place & RAW != 0 {
            self.raw(record)?
        } else {
            let mut source = Source {
                from: &mut self.from,
                state: &mut self.state,
                whole: self.whole,
                operations_left: &mut self.operations_left,
            };
            let known = match &record {
                Named::Here(record) => Some(record),
                Named::Pair(_) => None,
            };
            let draft = source.draft(place, known, header)?;
            self.change(record, draft, header)?
        };
        self.state.note_record(entry.record);
        Ok(entry)
    }

    fn change(
        &mut self,
        record: Named,
        draft: Draft,
        header: &SegmentHeader,
    ) -> Result<Entry, BatchError> {
        let record = match record {
            Named::Here(record) => record,
            Named::Pair(pair) => {
                let named = draft.named();
                let pick = |n: usize| {
                    let record = named.get(n);
                    record.ok_or(BatchError::Malformed("an acknowledgement of nothing"))
                };
                let pair = usize::from(pair);
                RecordId::acknowledgement(pick(pair / MOST_NAMED)?, pick(pair % MOST_NAMED)?)
            }
        };
        let kind = EntryKind(draft.kind);
        let body = draft.body(record, header, self.held, &mut self.state)?;
        Ok(Entry { record, kind, body })
    }

    fn raw(&mut self, record: Named) -> Result<Entry, BatchError> {
        let Named::Here(record) = record else {
            return Err(BatchError::Malformed("an acknowledgement of nothing"));
        };
        let kind = EntryKind(self.from.at(PLACE)?.byte()?);
        let length = self.from.at(PLACE)?.count(self.state.left)?;
        self.state.spend(length)?;
        let body = self.from.at(OPAQUE)?.take(length)?.to_vec();
        if !kind.is_system() {
            self.state.note_raw(record, &body);
        }
        Ok(Entry { record, kind, body })
    }

    fn record(&mut self, header: &SegmentHeader) -> Result<Named, BatchError> {
        let last =
            |state: &State<'_>, writer| state.counters.get(&writer).copied().unwrap_or_default();
        let counter = |n: Option<i64>| {
            let n = n.and_then(|n| u32::try_from(n).ok());
            n.ok_or(BatchError::Malformed("a record's counter"))
        };
        Ok(Named::Here(match self.from.at(RECORD)?.byte()? {
            NEXT => {
                let next = counter(Some(i64::from(last(&self.state, header.writer)) + 1))?;
                RecordId::written(header.writer, next)
            }
            MINE => {
                let step = self.from.at(RECORD)?.signed()?;
                let next = step.checked_add(i64::from(last(&self.state, header.writer)) + 1);
                RecordId::written(header.writer, counter(next)?)
            }
            OTHERS => {
                let writer = writer(RECORD, &mut self.state, &mut self.from)?;
                let n = self.from.at(RECORD)?.number()?;
                RecordId::written(writer, counter(i64::try_from(n).ok())?)
            }
            SAME => {
                let record = self.state.record;
                record.ok_or(BatchError::Malformed("no record before"))?
            }
            ACKNOWLEDGEMENT => return Ok(Named::Pair(self.from.at(RECORD)?.byte()?)),
            LITERAL => RecordId(self.from.at(OPAQUE)?.array()?),
            _ => return Err(BatchError::Malformed("a record")),
        }))
    }
}

/// The record of an entry.
enum Named {
    Here(RecordId),
    /// The acknowledgement of two records that the values name.
    Pair(u8),
}
