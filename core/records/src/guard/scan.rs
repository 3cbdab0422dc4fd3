//! A first look at a change chunk without Automerge: that it is one, what its hash is, and that nothing in it unfolds.
//!
//! A column of a few bytes can claim 2⁶² rows by run-length encoding, and Automerge would walk them all. So all rows of
//! all columns are counted here before Automerge reads any. The layout is that of Automerge's storage format.

use std::cmp::Ordering;

use leb128::{read, write};
use sha2::{Digest, Sha256};
use xunge_protocol::Hash32;

use super::error::GuardError;
use crate::caps;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE: u8 = 1;

/// What the first look tells.
pub(super) struct Scanned {
    /// Hash over type, length and content.
    pub(super) hash: Hash32,
}

/// Looks at `bytes`, which must be one whole uncompressed change chunk.
pub(super) fn scan(bytes: &[u8]) -> Result<Scanned, GuardError> {
    if bytes.len() > caps::MAX_CHANGE_BYTES {
        return Err(GuardError::TooLarge("bytes of the change"));
    }
    let mut chunk = Reader(bytes);
    if chunk.take(4)? != MAGIC {
        return Err(GuardError::Malformed("magic bytes"));
    }
    let checksum = chunk.take(4)?;
    if chunk.take(1)? != [CHANGE] {
        return Err(GuardError::Malformed("chunk type"));
    }
    // The hash covers the length as it is written, and the shortest writing is the only one Automerge makes.
    let written = chunk.0;
    chunk.unsigned()?;
    let length = shortest(chunk.0.len() as u64);
    if written.strip_prefix(length.as_slice()) != Some(chunk.0) {
        return Err(GuardError::Malformed("chunk length"));
    }
    let hash: [u8; 32] = Sha256::new()
        .chain_update([CHANGE])
        .chain_update(&length)
        .chain_update(chunk.0)
        .finalize()
        .into();
    if hash[..4] != *checksum {
        return Err(GuardError::Malformed("checksum"));
    }
    content(chunk)?;
    Ok(Scanned { hash: Hash32(hash) })
}

/// Dependencies, actor, numbers, message, other actors, columns.
fn content(mut chunk: Reader<'_>) -> Result<(), GuardError> {
    let dependencies = chunk.count(caps::MAX_DEPENDENCIES, "dependencies")?;
    chunk.take(dependencies * 32)?;
    actor(&mut chunk)?;
    let _seq = chunk.unsigned()?;
    let _start_op = chunk.unsigned()?;
    let _time = chunk.signed()?;
    if chunk.unsigned()? != 0 {
        return Err(GuardError::OperationNotAllowed("a message"));
    }
    let others = chunk.count(caps::MAX_OTHER_ACTORS, "other actors")?;
    for _ in 0..others {
        actor(&mut chunk)?;
    }
    let columns = chunk.count(64, "columns")?;
    let mut specs = Vec::with_capacity(columns);
    for _ in 0..columns {
        let spec = chunk.unsigned()?;
        let length = chunk.count(caps::MAX_CHANGE_BYTES, "bytes of a column")?;
        specs.push((spec, length));
    }
    for (spec, length) in specs {
        if spec & 0b1000 != 0 {
            return Err(GuardError::Malformed("a compressed column"));
        }
        rows(spec & 0b111, Reader(chunk.take(length)?))?;
    }
    if chunk.0.is_empty() {
        Ok(())
    } else {
        Err(GuardError::OperationNotAllowed("extra bytes"))
    }
}

fn actor(chunk: &mut Reader<'_>) -> Result<(), GuardError> {
    let length = chunk.count(caps::MAX_ACTOR_BYTES, "an actor id")?;
    chunk.take(length).map(|_| ())
}

/// Counts the rows of one column of the given type against the cap.
fn rows(kind: u64, mut column: Reader<'_>) -> Result<(), GuardError> {
    const BOOLEAN: u64 = 4;
    const STRING: u64 = 5;
    const RAW: u64 = 7;
    let mut rows = 0u64;
    let mut add = |n: u64| {
        rows = rows.saturating_add(n);
        if rows > caps::MAX_OPERATIONS as u64 {
            return Err(GuardError::TooLarge("rows of a column"));
        }
        Ok(())
    };
    let value = |column: &mut Reader<'_>| match kind {
        STRING => {
            let length = column.count(caps::MAX_KEY_BYTES, "a key")?;
            column.take(length).map(|_| ())
        }
        // A number with a sign is as long as one without.
        _ => column.unsigned().map(|_| ()),
    };
    if kind == RAW {
        return Ok(());
    }
    while !column.0.is_empty() {
        if kind == BOOLEAN {
            add(column.unsigned()?)?;
            continue;
        }
        let run = column.signed()?;
        match run.cmp(&0) {
            Ordering::Equal => add(column.unsigned()?)?,
            Ordering::Greater => {
                add(run.unsigned_abs())?;
                value(&mut column)?;
            }
            Ordering::Less => {
                add(run.unsigned_abs())?;
                for _ in 0..run.unsigned_abs() {
                    value(&mut column)?;
                }
            }
        }
    }
    Ok(())
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], GuardError> {
        let (head, rest) = self
            .0
            .split_at_checked(n)
            .ok_or(GuardError::Malformed("it ends early"))?;
        self.0 = rest;
        Ok(head)
    }

    /// A number that must not exceed `limit`.
    fn count(&mut self, limit: usize, what: &'static str) -> Result<usize, GuardError> {
        match usize::try_from(self.unsigned()?) {
            Ok(n) if n <= limit => Ok(n),
            _ => Err(GuardError::TooLarge(what)),
        }
    }

    fn unsigned(&mut self) -> Result<u64, GuardError> {
        read::unsigned(&mut self.0).map_err(no_number)
    }

    fn signed(&mut self) -> Result<i64, GuardError> {
        read::signed(&mut self.0).map_err(no_number)
    }
}

fn no_number(error: read::Error) -> GuardError {
    GuardError::Malformed(match error {
        read::Error::IoError(_) => "it ends early",
        read::Error::Overflow => "a number is too long",
    })
}

/// A number as Automerge writes it.
fn shortest(n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = write::unsigned(&mut bytes, n);
    debug_assert!(written.is_ok(), "memory takes all that is written");
    bytes
}
