//! One change taken apart into columns. Only changes that set or remove scalars in the maps of a skeleton are taken apart;
//! the guard lets nothing else into a record anyway. Whatever else there is travels as raw bytes.

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, Change, ExpandedChange, ScalarValue};

use super::columns::{NUMBERS, OPAQUE, PLACE, SHAPE, TIME, Writer};
use super::dictionary::{Dictionary, Shape, Sort};
use super::input::{put, put_signed};
use super::state::{State, written};
use super::structure::{self, Place};
use super::text::{put_text, put_writer};
use super::value::{self, Class};
use crate::entry::Entry;
use crate::header::SegmentHeader;
use crate::ids::{Hash32, RecordId, WriterId};

/// Most operations of one shape.
pub(super) const MOST_SORTS: usize = 4096;
/// Most changes that one change builds on.
pub(super) const MOST_DEPENDENCIES: usize = 64;

/// What a change builds on, in the two lowest bits of its place.
pub(super) const ON_LAST: u8 = 0;
pub(super) const ON_SKELETON: u8 = 1;
pub(super) const ON_ONE_HELD: u8 = 2;
const ON_LISTED: u8 = 3;
/// Numbers that are not as expected.
pub(super) const SEQUENCE: u8 = 4;
pub(super) const START: u8 = 8;
pub(super) const REBUILD: u8 = 16;
/// Not a change that can be taken apart.
pub(super) const RAW: u8 = 128;

/// A change that can be taken apart.
pub(super) struct Plan {
    change: ExpandedChange,
    hash: Hash32,
    sorts: Vec<Sort>,
    rebuild: u8,
    kind: u8,
}

/// Looks whether the body of `entry` can be taken apart.
pub(super) fn plan(entry: &Entry, header: &SegmentHeader, dictionary: &Dictionary) -> Option<Plan> {
    let skeleton = dictionary.skeleton(entry.kind.0)?;
    let read = Change::from_bytes(entry.body.clone()).ok()?;
    let change = read.decode();
    let hash = Hash32(read.hash().0);
    let rebuild = author(&change.actor_id)
        .filter(|(w, _)| *w == header.writer)?
        .1;
    let simple = change.message.is_none() && change.extra_bytes.is_empty() && change.time >= 0;
    if !simple || read.raw_bytes() != entry.body || change.deps.len() > MOST_DEPENDENCIES {
        return None;
    }
    let mut sorts = Vec::with_capacity(change.operations.len());
    for op in &change.operations {
        let map = match &op.obj {
            ObjectId::Root => 0,
            ObjectId::Id(OpId(n, actor)) if actor.to_bytes() == skeleton.actor => {
                u8::try_from(*n).ok()?
            }
            ObjectId::Id(_) => return None,
        };
        let class = match &op.action {
            OpType::Put(value) => Class::of(value, header.scope)?,
            OpType::Delete => Class::Delete,
            _ => return None,
        };
        let Key::Map(key) = &op.key else { return None };
        if op.insert {
            return None;
        }
        for OpId(n, actor) in op.pred.iter() {
            author(actor)?;
            change.start_op.get().checked_sub(*n)?;
        }
        sorts.push(Sort {
            map,
            key: event(key).is_none().then(|| key.to_string()),
            class: class as u8,
            overwrites: u8::try_from(op.pred.len()).ok()?,
        });
    }
    if sorts.len() > MOST_SORTS || Change::from(change.clone()).raw_bytes() != entry.body {
        return None;
    }
    Some(Plan {
        change,
        hash,
        sorts,
        rebuild,
        kind: entry.kind.0,
    })
}

/// Writer and rebuild byte of an actor of nine bytes.
fn author(actor: &ActorId) -> Option<(WriterId, u8)> {
    let (&rebuild, writer) = actor.to_bytes().split_last()?;
    Some((WriterId(writer.try_into().ok()?), rebuild))
}

pub(super) fn actor(writer: WriterId, rebuild: u8) -> ActorId {
    let mut bytes = [0u8; 9];
    bytes[..8].copy_from_slice(&writer.0);
    bytes[8] = rebuild;
    ActorId::from(bytes)
}

/// Writer and number of an event's key, if that is the one spelling of it.
fn event(key: &str) -> Option<(WriterId, u32)> {
    let (writer, n) = key.split_once('.')?;
    let (writer, n) = (writer.parse::<WriterId>().ok()?, n.parse::<u32>().ok()?);
    (event_key(writer, n) == key).then_some((writer, n))
}

pub(super) fn event_key(writer: WriterId, n: u32) -> String {
    format!("{writer}.{n}")
}

/// Records that the values of operations name, in order.
pub(super) fn named(operations: &[Op]) -> Vec<RecordId> {
    let named = operations.iter().filter_map(|op| match &op.action {
        OpType::Put(ScalarValue::Str(text)) if text.len() == 26 => text.parse().ok(),
        _ => None,
    });
    named.collect()
}

impl Plan {
    /// Its operations, each with its sort.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&Op, &Sort)> {
        std::iter::zip(&self.change.operations, &self.sorts)
    }

    /// Kind and sorts.
    pub(super) fn shape(&self) -> (u8, Vec<Sort>) {
        (self.kind, self.sorts.clone())
    }

    /// Hash of the change.
    pub(super) fn hash(&self) -> Hash32 {
        self.hash
    }

    /// Records that the values name, in order.
    pub(super) fn named(&self) -> Vec<RecordId> {
        named(&self.change.operations)
    }

    /// Hashes of what it builds on.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = Hash32> + '_ {
        self.change.deps.iter().map(|d| Hash32(d.0))
    }

    /// Writes the change. `whole` hashes stand for changes outside the batch where the reader may hold none.
    pub(super) fn write(
        &self,
        record: RecordId,
        header: &SegmentHeader,
        whole: bool,
        state: &mut State<'_>,
        out: &mut Writer,
    ) {
        let author = (header.writer, self.rebuild);
        let start = self.place(&record, author, whole, state, out);
        put_signed(out.at(TIME), self.change.time - state.time);
        state.time = self.change.time;
        self.put_shape(state, out);
        for (op, sort) in std::iter::zip(&self.change.operations, &self.sorts) {
            let sort_place = state.sorts.place(sort).unwrap_or_default();
            let column = state.column(sort_place);
            for OpId(n, by) in op.pred.iter() {
                put(out.at(NUMBERS), start - n);
                let (writer, rebuild) = self::author(by).unwrap_or((header.writer, 0));
                put_writer(writer, NUMBERS, state, out);
                out.at(NUMBERS).push(rebuild);
            }
            if let (None, Key::Map(key)) = (&sort.key, &op.key)
                && let Some((writer, n)) = event(key)
            {
                put_writer(writer, column, state, out);
                let last = state.events.insert(writer, n).unwrap_or_default();
                put_signed(out.at(column), i64::from(n) - i64::from(last) - 1);
            }
            if let OpType::Put(value) = &op.action {
                let place = Place {
                    column,
                    time: self.change.time,
                    scope: header.scope,
                };
                put_value(value, place, state, out);
            }
        }
        let last = (start + self.sorts.len() as u64).saturating_sub(1);
        state.note(record, author, self.change.seq, self.hash, last);
    }

    /// Writes what the change builds on and which numbers it has. Returns its first operation.
    fn place(
        &self,
        record: &RecordId,
        author: (WriterId, u8),
        whole: bool,
        state: &mut State<'_>,
        out: &mut Writer,
    ) -> u64 {
        let dependencies: Vec<Hash32> = self.dependencies().collect();
        let skeleton = state.dictionary.skeleton(self.kind);
        let before: &[(Hash32, u64)] = state
            .records
            .get(record)
            .map_or(&[], |seen| seen.changes.as_slice());
        let mut listed = Vec::new();
        let mut hashes = Vec::new();
        let mut held = |hash: &Hash32| {
            let length = if whole { 32 } else { 4 };
            hashes.extend_from_slice(&hash.0[..length]);
        };
        let (on, expected) = match (dependencies.as_slice(), before.last(), skeleton) {
            ([one], Some((last, op)), _) if one == last => (ON_LAST, op + 1),
            ([one], _, Some(skeleton)) if *one == skeleton.hash => {
                (ON_SKELETON, skeleton.operations + 1)
            }
            ([one], _, _) if before.iter().all(|(hash, _)| hash != one) => {
                held(one);
                (ON_ONE_HELD, 0)
            }
            (many, _, _) => {
                put(&mut listed, many.len() as u64);
                for hash in many {
                    let back = before.iter().rev().position(|(h, _)| h == hash);
                    if skeleton.is_some_and(|s| s.hash == *hash) {
                        put(&mut listed, 1);
                    } else if let Some(back) = back {
                        put(&mut listed, back as u64 + 2);
                    } else {
                        put(&mut listed, 0);
                        held(hash);
                    }
                }
                (ON_LISTED, 0)
            }
        };
        let start = self.change.start_op.get();
        let sequence = state.next_sequence(record, author);
        let mut flags = on;
        let mut numbers = Vec::new();
        if self.rebuild != 0 {
            flags |= REBUILD;
            numbers.push(self.rebuild);
        }
        if self.change.seq != sequence {
            flags |= SEQUENCE;
            put(&mut numbers, self.change.seq);
        }
        if start != expected {
            flags |= START;
            put(&mut numbers, start);
        }
        out.at(PLACE).push(flags);
        out.at(NUMBERS).extend_from_slice(&numbers);
        out.at(NUMBERS).extend_from_slice(&listed);
        out.at(OPAQUE).extend_from_slice(&hashes);
        start
    }

    fn put_shape(&self, state: &mut State<'_>, out: &mut Writer) {
        for sort in &self.sorts {
            if state.sorts.place(sort).is_none() {
                state.sorts.add(sort.clone());
            }
        }
        // New sorts are numbered in the order in which the shape names them.
        let known = |sort: &Sort| state.sorts.place(sort).unwrap_or_default() as u32;
        let shape = Shape {
            kind: self.kind,
            sorts: self.sorts.iter().map(known).collect(),
        };
        if let Some(place) = state.shapes.place(&shape) {
            return put(out.at(SHAPE), place as u64 + 1);
        }
        put(out.at(SHAPE), 0);
        out.at(SHAPE).push(self.kind);
        put(out.at(SHAPE), shape.sorts.len() as u64);
        for (place, sort) in std::iter::zip(&shape.sorts, &self.sorts) {
            put(out.at(SHAPE), u64::from(*place));
            if state.described <= *place as usize {
                state.described = *place as usize + 1;
                let key = sort.key.as_deref();
                let bytes = [
                    sort.map,
                    sort.class,
                    sort.overwrites,
                    u8::from(key.is_some()),
                ];
                out.at(SHAPE).extend_from_slice(&bytes);
                if let Some(key) = key {
                    put_text(key, SHAPE, state, out);
                }
            }
        }
        state.shapes.add(shape);
    }
}

fn put_value(value: &ScalarValue, place: Place, state: &mut State<'_>, out: &mut Writer) {
    let Place {
        column,
        time,
        scope,
    } = place;
    let Some(class) = Class::of(value, scope) else {
        return;
    };
    match (class, value) {
        (Class::Int, ScalarValue::Int(n)) => put_signed(out.at(column), *n),
        (Class::Float, ScalarValue::F64(x)) => {
            out.at(column).extend_from_slice(&x.to_bits().to_le_bytes());
        }
        (Class::Structure, ScalarValue::Bytes(bytes)) => structure::pack(bytes, place, state, out),
        (Class::Bytes, ScalarValue::Bytes(bytes)) => {
            put(out.at(column), bytes.len() as u64);
            out.at(OPAQUE).extend_from_slice(bytes);
        }
        (Class::Date, ScalarValue::Str(text)) => {
            let day = value::day(text).unwrap_or_default();
            put_signed(out.at(column), day - value::local_day(time));
        }
        (Class::Record, ScalarValue::Str(text)) => {
            if let Some((writer, counter)) = text.parse().ok().as_ref().and_then(written) {
                put_writer(writer, column, state, out);
                put(out.at(column), u64::from(counter));
            }
        }
        (Class::Media, ScalarValue::Str(text)) => {
            if let Some((hash, mime, size)) = value::media(text) {
                out.at(OPAQUE).extend_from_slice(&hash.0);
                put_text(mime, column, state, out);
                put(out.at(column), size);
            }
        }
        (Class::Hex, ScalarValue::Str(text)) => {
            let bytes = value::hex(text).unwrap_or_default();
            put(out.at(column), bytes.len() as u64);
            out.at(OPAQUE).extend_from_slice(&bytes);
        }
        (_, ScalarValue::Str(text)) if class == Class::Text => put_text(text, column, state, out),
        _ => {}
    }
}
