//! A change put together again from columns.

use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Change, ChangeHash, ExpandedChange, ScalarValue};

use super::change::{
    MOST_DEPENDENCIES, MOST_SORTS, ON_LAST, ON_ONE_HELD, ON_SKELETON, REBUILD, SEQUENCE, START,
    actor, event_key, named,
};
use super::columns::{NUMBERS, OPAQUE, Reader, SHAPE, TIME};
use super::dictionary::{Shape, Sort};
use super::state::State;
use super::structure::{self, Place};
use super::text::{text, writer};
use super::value::{self, Class};
use super::{BatchError, Held};
use crate::header::SegmentHeader;
use crate::ids::{Hash32, RecordId};

/// Longest run of bytes that nothing is known of.
const MOST_BYTES: usize = 1 << 20;

/// A change as it was read, before it is known which record it belongs to.
pub(super) struct Draft {
    pub(super) kind: u8,
    rebuild: u8,
    sequence: Option<u64>,
    start: u64,
    dependencies: Vec<Dependency>,
    time: i64,
    operations: Vec<Op>,
}

enum Dependency {
    Last,
    Skeleton,
    Back(usize),
    Prefix([u8; 4]),
    Whole(Hash32),
}

/// Where changes are read from, and in what order of things.
pub(super) struct Source<'r, 'a, 'd> {
    pub(super) from: &'r mut Reader<'a>,
    pub(super) state: &'r mut State<'d>,
    /// Hashes outside the batch are whole.
    pub(super) whole: bool,
    /// Operations that may still come.
    pub(super) operations_left: &'r mut usize,
}

impl Source<'_, '_, '_> {
    /// Reads what [`super::change::Plan::write`] wrote after `place`. `record` is none while only the values say which
    /// it is.
    pub(super) fn draft(
        &mut self,
        place: u8,
        record: Option<&RecordId>,
        header: &SegmentHeader,
    ) -> Result<Draft, BatchError> {
        let rebuild = match place & REBUILD {
            0 => 0,
            _ => self.from.at(NUMBERS)?.byte()?,
        };
        let sequence = self.number_if(place & SEQUENCE != 0)?;
        let start = self.number_if(place & START != 0)?;
        let dependencies = self.dependencies(place)?;
        let difference = self.from.at(TIME)?.signed()?;
        let time = self.state.time.checked_add(difference);
        let time = time.ok_or(BatchError::Malformed("a time"))?;
        self.state.time = time;
        let shape = self.shape()?;
        *self.operations_left = self
            .operations_left
            .checked_sub(shape.sorts.len())
            .ok_or(BatchError::TooLarge("operations"))?;
        let start = match start {
            Some(start) => start,
            None => self.expected_start(&dependencies, shape.kind, record)?,
        };
        let mut draft = Draft {
            kind: shape.kind,
            rebuild,
            sequence,
            start,
            dependencies,
            time,
            operations: Vec::with_capacity(shape.sorts.len()),
        };
        for sort in shape.sorts {
            let op = self.operation(sort as usize, &draft, header)?;
            draft.operations.push(op);
        }
        Ok(draft)
    }

    fn number_if(&mut self, given: bool) -> Result<Option<u64>, BatchError> {
        Ok(match given {
            true => Some(self.from.at(NUMBERS)?.number()?),
            false => None,
        })
    }

    fn dependencies(&mut self, place: u8) -> Result<Vec<Dependency>, BatchError> {
        Ok(match place & 3 {
            ON_LAST => vec![Dependency::Last],
            ON_SKELETON => vec![Dependency::Skeleton],
            ON_ONE_HELD => vec![self.held()?],
            _ => {
                let numbers = self.from.at(NUMBERS)?;
                let count = numbers.count(MOST_DEPENDENCIES)?;
                let listed: Vec<u64> = (0..count)
                    .map(|_| numbers.number())
                    .collect::<Result<_, _>>()?;
                let listed = listed.into_iter().map(|number| match number {
                    0 => self.held(),
                    1 => Ok(Dependency::Skeleton),
                    back => Ok(Dependency::Back(
                        usize::try_from(back - 2).unwrap_or(usize::MAX),
                    )),
                });
                listed.collect::<Result<_, _>>()?
            }
        })
    }

    fn held(&mut self) -> Result<Dependency, BatchError> {
        let opaque = self.from.at(OPAQUE)?;
        Ok(match self.whole {
            true => Dependency::Whole(Hash32(opaque.array()?)),
            false => Dependency::Prefix(opaque.array()?),
        })
    }

    fn expected_start(
        &self,
        dependencies: &[Dependency],
        kind: u8,
        record: Option<&RecordId>,
    ) -> Result<u64, BatchError> {
        let before = match dependencies {
            [Dependency::Skeleton] => self.state.dictionary.skeleton(kind).map(|s| s.operations),
            [Dependency::Last] => record
                .and_then(|record| self.state.records.get(record)?.changes.last())
                .map(|(_, op)| *op),
            _ => None,
        };
        let start = before.and_then(|op| op.checked_add(1));
        start.ok_or(BatchError::Malformed("an expected first operation"))
    }

    fn shape(&mut self) -> Result<Shape, BatchError> {
        let place = self.from.at(SHAPE)?.count(self.state.shapes.len())?;
        if let Some(place) = place.checked_sub(1) {
            let known = self.state.shapes.get(place).cloned();
            return known.ok_or(BatchError::Malformed("an unknown shape"));
        }
        let kind = self.from.at(SHAPE)?.byte()?;
        let count = self.from.at(SHAPE)?.count(MOST_SORTS)?;
        let mut sorts = Vec::new();
        for _ in 0..count {
            let place = self.from.at(SHAPE)?.count(self.state.sorts.len())?;
            if place == self.state.sorts.len() {
                let [map, class, overwrites, named] = self.from.at(SHAPE)?.array()?;
                let key = match named {
                    0 => None,
                    _ => Some(text(SHAPE, self.state, self.from)?),
                };
                self.state.sorts.add(Sort {
                    map,
                    key,
                    class,
                    overwrites,
                });
            }
            sorts.push(place as u32);
        }
        let shape = Shape { kind, sorts };
        self.state.shapes.add(shape.clone());
        Ok(shape)
    }

    fn operation(
        &mut self,
        sort: usize,
        draft: &Draft,
        header: &SegmentHeader,
    ) -> Result<Op, BatchError> {
        let column = self.state.column(sort);
        let sort = self.state.sorts.get(sort).cloned();
        let sort = sort.ok_or(BatchError::Malformed("an unknown sort"))?;
        let mut pred = Vec::new();
        for _ in 0..sort.overwrites {
            let back = self.from.at(NUMBERS)?.number()?;
            let n = draft.start.checked_sub(back);
            let n = n.ok_or(BatchError::Malformed("an operation before the first"))?;
            let writer = writer(NUMBERS, self.state, self.from)?;
            let rebuild = self.from.at(NUMBERS)?.byte()?;
            pred.push(OpId(n, actor(writer, rebuild)));
        }
        let key = match sort.key {
            Some(key) => key,
            None => {
                let writer = writer(column, self.state, self.from)?;
                let last = self.state.events.get(&writer).copied().unwrap_or_default();
                let difference = self.from.at(column)?.signed()?;
                let n = difference.checked_add(i64::from(last) + 1);
                let n = n.and_then(|n| u32::try_from(n).ok());
                let n = n.ok_or(BatchError::Malformed("an event's number"))?;
                self.state.events.insert(writer, n);
                event_key(writer, n)
            }
        };
        let place = Place {
            column,
            time: draft.time,
            scope: header.scope,
        };
        let class = Class::from_number(sort.class);
        let class = class.ok_or(BatchError::Malformed("an unknown class of value"))?;
        let action = match class {
            Class::Delete => OpType::Delete,
            class => OpType::Put(self.value(class, place)?),
        };
        let obj = match sort.map {
            0 => ObjectId::Root,
            n => {
                let skeleton = self.state.dictionary.skeleton(draft.kind);
                let skeleton = skeleton.ok_or(BatchError::Malformed("an unknown kind"))?;
                ObjectId::Id(OpId(n.into(), ActorId::from(skeleton.actor.as_slice())))
            }
        };
        Ok(Op {
            action,
            obj,
            key: Key::Map(key.into()),
            pred: SortedVec::from(pred),
            insert: false,
        })
    }

    fn value(&mut self, class: Class, place: Place) -> Result<ScalarValue, BatchError> {
        let column = place.column;
        let words = match class {
            Class::Delete | Class::Null => return Ok(ScalarValue::Null),
            Class::False => return Ok(ScalarValue::Boolean(false)),
            Class::True => return Ok(ScalarValue::Boolean(true)),
            Class::Int => return Ok(ScalarValue::Int(self.from.at(column)?.signed()?)),
            Class::Float => {
                let bits = u64::from_le_bytes(self.from.at(column)?.array()?);
                return Ok(ScalarValue::F64(f64::from_bits(bits)));
            }
            Class::Structure => {
                let bytes = structure::open(place, self.state, self.from)?;
                return Ok(ScalarValue::Bytes(bytes));
            }
            Class::Bytes => {
                let length = self.from.at(column)?.count(MOST_BYTES)?;
                self.state.spend(length)?;
                let bytes = self.from.at(OPAQUE)?.take(length)?;
                return Ok(ScalarValue::Bytes(bytes.to_vec()));
            }
            Class::Text => text(column, self.state, self.from)?,
            Class::Date => {
                let difference = self.from.at(column)?.signed()?;
                let day = value::local_day(place.time).checked_add(difference);
                let date = day.and_then(value::date);
                date.ok_or(BatchError::Malformed("a day"))?
            }
            Class::Record => {
                let writer = writer(column, self.state, self.from)?;
                let counter = self.from.at(column)?.number()?;
                let counter = u32::try_from(counter);
                let counter = counter.map_err(|_| BatchError::Malformed("a record's counter"))?;
                RecordId::written(writer, counter).to_string()
            }
            Class::Scope => place.scope.to_string(),
            Class::Media => {
                let hash = Hash32(self.from.at(OPAQUE)?.array()?);
                let mime = text(column, self.state, self.from)?;
                let size = self.from.at(column)?.number()?;
                format!("{hash} {mime} {size}")
            }
            Class::Hex => {
                let length = self.from.at(column)?.count(MOST_BYTES)?;
                self.state.spend(length)?;
                hex::encode(self.from.at(OPAQUE)?.take(length)?)
            }
        };
        self.state.spend(words.len())?;
        Ok(ScalarValue::Str(words.into()))
    }
}

impl Draft {
    /// Records that the values name, in order.
    pub(super) fn named(&self) -> Vec<RecordId> {
        named(&self.operations)
    }

    /// The bytes of the change, now that it is known to belong to `record`.
    pub(super) fn body(
        self,
        record: RecordId,
        header: &SegmentHeader,
        held: &dyn Held,
        state: &mut State<'_>,
    ) -> Result<Vec<u8>, BatchError> {
        let author = (header.writer, self.rebuild);
        let seen = state.records.get(&record);
        let before = seen.map_or(&[][..], |seen| seen.changes.as_slice());
        let back = |n: usize| {
            let change = before.iter().rev().nth(n).map(|(hash, _)| *hash);
            change.ok_or(BatchError::Malformed(
                "a change that the batch did not hold",
            ))
        };
        let mut deps = Vec::with_capacity(self.dependencies.len());
        for dependency in &self.dependencies {
            let hash = match dependency {
                Dependency::Last => back(0)?,
                Dependency::Back(n) => back(*n)?,
                Dependency::Whole(hash) => *hash,
                Dependency::Skeleton => {
                    let skeleton = state.dictionary.skeleton(self.kind);
                    skeleton
                        .ok_or(BatchError::Malformed("an unknown kind"))?
                        .hash
                }
                Dependency::Prefix(prefix) => held
                    .change(header.scope, &record, *prefix)
                    .ok_or(BatchError::Unknown("a change"))?,
            };
            deps.push(ChangeHash(hash.0));
        }
        let sequence = match self.sequence {
            Some(sequence) => sequence,
            None => state.next_sequence(&record, author),
        };
        let last = self.start.checked_add(self.operations.len() as u64);
        let last = last.ok_or(BatchError::Malformed("an operation's number"))?;
        let start_op = NonZeroU64::new(self.start);
        let change = Change::from(ExpandedChange {
            operations: self.operations,
            actor_id: actor(header.writer, self.rebuild),
            hash: None,
            seq: sequence,
            start_op: start_op.ok_or(BatchError::Malformed("an operation's number"))?,
            time: self.time,
            message: None,
            deps,
            extra_bytes: Vec::new(),
            author: None,
        });
        let hash = Hash32(change.hash().0);
        state.note(record, author, sequence, hash, last.saturating_sub(1));
        let body = change.raw_bytes();
        state.spend(body.len())?;
        Ok(body.to_vec())
    }
}
