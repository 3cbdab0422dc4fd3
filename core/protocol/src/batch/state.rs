//! What packer and reader have seen so far of a batch. Both keep it in step, so that each may refer to what was before.

use std::collections::HashMap;
use std::hash::Hash;

use super::columns::VALUES;
use super::dictionary::{Dictionary, Shape, Sort};
use super::{BatchError, Parties};
use crate::ids::{Hash32, RecordId, ScopeId, WriterId};

/// Bytes of a change chunk before what its hash covers: magic and checksum.
const CHUNK_PREFIX: usize = 8;

/// Things numbered in the order in which they first came.
#[derive(Debug)]
pub(super) struct Table<T> {
    items: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T: Clone + Eq + Hash> Table<T> {
    fn new(known: &[T]) -> Self {
        let mut table = Self {
            items: Vec::with_capacity(known.len()),
            places: HashMap::with_capacity(known.len()),
        };
        for item in known {
            table.add(item.clone());
        }
        table
    }

    /// Gives `item` the next number, unless it has one.
    pub(super) fn add(&mut self, item: T) {
        let next = self.items.len();
        self.places.entry(item.clone()).or_insert(next);
        self.items.push(item);
    }

    pub(super) fn place<Q: ?Sized + Hash + Eq>(&self, item: &Q) -> Option<usize>
    where
        T: std::borrow::Borrow<Q>,
    {
        self.places.get(item).copied()
    }

    pub(super) fn get(&self, place: usize) -> Option<&T> {
        self.items.get(place)
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}

/// A record of which the batch held a change already.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Hash and last operation of its changes, in order.
    pub(super) changes: Vec<(Hash32, u64)>,
    /// Last sequence number by writer and rebuild byte.
    pub(super) sequence: HashMap<(WriterId, u8), u64>,
}

/// Everything seen.
#[derive(Debug)]
pub(super) struct State<'d> {
    pub(super) dictionary: &'d Dictionary,
    pub(super) writers: Table<WriterId>,
    pub(super) scopes: Table<ScopeId>,
    pub(super) strings: Table<String>,
    pub(super) sorts: Table<Sort>,
    pub(super) shapes: Table<Shape>,
    /// Counter of the last record by writer.
    pub(super) counters: HashMap<WriterId, u32>,
    /// Number of the last event by writer.
    pub(super) events: HashMap<WriterId, u32>,
    /// Time of the last change, in seconds.
    pub(super) time: i64,
    pub(super) record: Option<RecordId>,
    pub(super) records: HashMap<RecordId, Seen>,
    /// Number of sorts that packer and reader both know by now.
    pub(super) described: usize,
    /// The column of each sort, in the order in which they first came.
    columns: HashMap<usize, usize>,
    /// The last text of each column.
    pub(super) texts: HashMap<usize, String>,
    /// The last position in a scope.
    pub(super) positions: HashMap<ScopeId, u64>,
    /// Bytes that a reader may still make.
    pub(super) left: usize,
    /// Hash of each header so far.
    pub(super) headers: HashMap<(ScopeId, WriterId, u64), Hash32>,
}

impl<'d> State<'d> {
    pub(super) fn new(dictionary: &'d Dictionary, parties: &Parties) -> Self {
        Self {
            dictionary,
            writers: Table::new(&parties.writers),
            scopes: Table::new(&parties.scopes),
            strings: Table::new(&dictionary.strings),
            sorts: Table::new(&dictionary.sorts),
            shapes: Table::new(&dictionary.shapes),
            counters: HashMap::new(),
            events: HashMap::new(),
            time: 0,
            record: None,
            records: HashMap::new(),
            described: dictionary.sorts.len(),
            columns: HashMap::new(),
            texts: HashMap::new(),
            positions: HashMap::new(),
            left: usize::MAX,
            headers: HashMap::new(),
        }
    }

    /// The column for the values of a sort.
    pub(super) fn column(&mut self, sort: usize) -> usize {
        let next = VALUES + self.columns.len();
        *self.columns.entry(sort).or_insert(next)
    }

    /// Takes `bytes` from what a reader may still make.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), BatchError> {
        self.left = self
            .left
            .checked_sub(bytes)
            .ok_or(BatchError::TooLarge("bytes"))?;
        Ok(())
    }

    /// Notes a change of `record`.
    pub(super) fn note(
        &mut self,
        record: RecordId,
        author: (WriterId, u8),
        sequence: u64,
        hash: Hash32,
        last_operation: u64,
    ) {
        let seen = self.records.entry(record).or_default();
        seen.changes.push((hash, last_operation));
        seen.sequence.insert(author, sequence);
    }

    /// Notes a change of `record` that was not taken apart.
    pub(super) fn note_raw(&mut self, record: RecordId, body: &[u8]) {
        if let Some(hashed) = body.get(CHUNK_PREFIX..) {
            let seen = self.records.entry(record).or_default();
            seen.changes.push((Hash32::of(hashed), 0));
        }
    }

    /// The sequence number that the next change of `author` most likely has.
    pub(super) fn next_sequence(&self, record: &RecordId, author: (WriterId, u8)) -> u64 {
        let last = self
            .records
            .get(record)
            .and_then(|seen| seen.sequence.get(&author));
        last.map_or(1, |n| n.saturating_add(1))
    }

    /// Notes which record an entry belonged to.
    pub(super) fn note_record(&mut self, record: RecordId) {
        if let Some((writer, counter)) = written(&record) {
            self.counters.insert(writer, counter);
        }
        self.record = Some(record);
    }
}

/// Writer and counter of a record that names its opener.
pub(super) fn written(record: &RecordId) -> Option<(WriterId, u32)> {
    let writer = record.opener()?;
    let mut counter = [0; 4];
    counter.copy_from_slice(&record.0[9..]);
    Some((writer, u32::from_be_bytes(counter)))
}
