//! The columns of a batch: values of one sort together, so that the compressor sees what is alike side by side.
//!
//! A batch of a few entries is written as rows instead, all columns interleaved in the order of writing: columns have
//! to say how long they are, and that would cost more than it saves.

use super::BatchError;
use super::input::{Input, put};

/// Segments: who, where, which.
pub(super) const HEAD: usize = 0;
/// Which record an entry belongs to.
pub(super) const RECORD: usize = 1;
/// What an entry builds on, and which of its numbers are not as expected.
pub(super) const PLACE: usize = 2;
/// Numbers that were not as expected; operations overwritten.
pub(super) const NUMBERS: usize = 3;
/// Times of changes.
pub(super) const TIME: usize = 4;
/// Which shape a change has; new shapes.
pub(super) const SHAPE: usize = 5;
/// Lengths of literal texts.
pub(super) const LENGTH: usize = 6;
/// Positions in the log.
pub(super) const POSITION: usize = 7;
/// The first column of values; there is one for each sort of operation.
pub(super) const VALUES: usize = 8;

/// More sorts of operations than any honest batch has.
const MOST_COLUMNS: usize = 4096;

/// Literal text, one after the other: not a column of its own number, since it always comes last but one.
pub(super) const TEXT: usize = usize::MAX - 1;
/// Hashes, signatures and bytes that nothing is known of.
pub(super) const OPAQUE: usize = usize::MAX;

/// Columns being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    rows: bool,
    columns: Vec<Vec<u8>>,
    text: Vec<u8>,
    opaque: Vec<u8>,
}

impl Writer {
    pub(super) fn new(rows: bool) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }

    /// The end of column `n`.
    pub(super) fn at(&mut self, n: usize) -> &mut Vec<u8> {
        let n = match n {
            _ if self.rows => 0,
            TEXT => return &mut self.text,
            OPAQUE => return &mut self.opaque,
            n => n,
        };
        if self.columns.len() <= n {
            self.columns.resize_with(n + 1, Vec::new);
        }
        &mut self.columns[n]
    }

    /// All columns, each but the last with its length in front of all.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        if self.rows {
            out.append(self.at(HEAD));
            return;
        }
        self.columns.push(self.text);
        put(out, self.columns.len() as u64);
        for column in &self.columns {
            put(out, column.len() as u64);
        }
        for column in &self.columns {
            out.extend_from_slice(column);
        }
        out.extend_from_slice(&self.opaque);
    }
}

/// Columns being read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rows: bool,
    columns: Vec<Input<'a>>,
    text: Input<'a>,
    opaque: Input<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(rows: bool, mut bytes: Input<'a>) -> Result<Self, BatchError> {
        let mut reader = Self {
            rows,
            columns: Vec::new(),
            text: Input::default(),
            opaque: Input::default(),
        };
        if rows {
            reader.columns.push(bytes);
            return Ok(reader);
        }
        let count = bytes.count(MOST_COLUMNS)?;
        let mut lengths = Vec::new();
        for _ in 0..count {
            lengths.push(bytes.count(u32::MAX as usize)?);
        }
        for length in lengths {
            reader.columns.push(Input(bytes.take(length)?));
        }
        reader.text = reader.columns.pop().unwrap_or_default();
        reader.opaque = bytes;
        Ok(reader)
    }

    /// What is left of column `n`.
    pub(super) fn at(&mut self, n: usize) -> Result<&mut Input<'a>, BatchError> {
        match n {
            _ if self.rows => self.columns.get_mut(0),
            TEXT => Some(&mut self.text),
            OPAQUE => Some(&mut self.opaque),
            n => self.columns.get_mut(n),
        }
        .ok_or(BatchError::Malformed("a column is missing"))
    }

    /// Fails if anything is left.
    pub(super) fn finish(self) -> Result<(), BatchError> {
        let empty = self.columns.iter().all(|c| c.0.is_empty());
        if empty && self.text.0.is_empty() && self.opaque.0.is_empty() {
            Ok(())
        } else {
            Err(BatchError::Malformed("bytes after the end"))
        }
    }
}
