//! The entries of one segment as the one value that both databases keep: small heads first, then all bodies, compressed
//! together. What follows from the rest is not there: ordinals, hashes, positions that follow each other, checksums of changes.
//!
//! Version 1, all of it [`super::squeeze`]d; numbers are LEB128:
//!
//! ```text
//! 01 ‖ count ‖ head… ‖ body…
//! head = flags ‖ kind ‖ [record (13)] ‖ [position − (the position before + 1), zigzag] ‖ [change (32) ‖ leaf (32)] ‖ length of body
//! ```

use std::ops::Range;

use xunge_protocol::{Entry, EntryKind, Hash32, RecordId, WriterId};

use super::squeeze::{number, put_number, squeeze, unfold};
use super::{EntryRow, StoreError, StoreResult};

const VERSION: u8 = 1;

/// It has a position.
const PLACED: u8 = 1;
/// It arrived after the grant was closed.
const LATE: u8 = 2;
/// Its record is the writer's next after the one before it here.
const NEXT: u8 = 4;
/// Its hashes are written down, since no body says them.
const HASHES: u8 = 8;
/// Its body is a change chunk, without magic and checksum.
const CHUNK: u8 = 16;

/// First bytes of a change chunk; four bytes of its hash follow.
const CHUNK_MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Bytes of a change chunk before what its hash covers: magic and checksum.
pub(crate) const CHUNK_PREFIX: usize = 8;

/// What the header commits to of an entry: of a system item the digest of its body, of a change that of its chunk after
/// magic and checksum. Whether the bytes are such a chunk, the guard says.
pub(crate) fn change_hash(entry: &Entry) -> Hash32 {
    match entry.kind.is_system() {
        true => Hash32::of(&entry.body),
        false => Hash32::of(entry.body.get(CHUNK_PREFIX..).unwrap_or_default()),
    }
}

/// `rows`, all entries of a segment of `writer` in order, as they are kept.
pub(super) fn pack(writer: WriterId, rows: &[EntryRow]) -> StoreResult<Vec<u8>> {
    let mut out = vec![VERSION];
    put_number(&mut out, rows.len() as u64);
    let mut bodies = Vec::new();
    let (mut position, mut next) = (0u64, None);
    for (n, row) in rows.iter().enumerate() {
        if row.ordinal as usize != n {
            return Err(StoreError::Corrupt(format!(
                "entry {} of a segment came as number {n}",
                row.ordinal
            )));
        }
        let entry = &row.entry;
        let change = change_hash(entry);
        let says_hashes =
            entry.body.is_empty() || row.change != change || row.leaf != entry.leaf(change).hash();
        let is_chunk = !entry.kind.is_system()
            && entry.body.get(..4) == Some(&CHUNK_MAGIC)
            && entry.body.get(4..CHUNK_PREFIX) == change.0.get(..4);
        let is_next = Some(entry.record) == next;
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        out.push(
            flag(row.position.is_some(), PLACED)
                | flag(row.late, LATE)
                | flag(is_next, NEXT)
                | flag(says_hashes, HASHES)
                | flag(is_chunk, CHUNK),
        );
        out.push(entry.kind.0);
        if !is_next {
            out.extend_from_slice(&entry.record.0);
        }
        next = following(writer, entry.record).or(next);
        if let Some(at) = row.position {
            put_number(&mut out, zigzag(at.wrapping_sub(position + 1)));
            position = at;
        }
        if says_hashes {
            out.extend_from_slice(&row.change.0);
            out.extend_from_slice(&row.leaf.0);
        }
        let kept = match is_chunk {
            true => entry.body.get(CHUNK_PREFIX..).unwrap_or_default(),
            false => &entry.body,
        };
        put_number(&mut out, kept.len() as u64);
        bodies.extend_from_slice(kept);
    }
    out.extend_from_slice(&bodies);
    squeeze(&out)
}

/// The record that the writer opens after `record`, if that is one of its own.
fn following(writer: WriterId, record: RecordId) -> Option<RecordId> {
    let [1, of @ .., a, b, c, d] = record.0 else {
        return None;
    };
    let counter = u32::from_be_bytes([a, b, c, d]).checked_add(1)?;
    (of == writer.0).then(|| RecordId::written(writer, counter))
}

fn zigzag(n: u64) -> u64 {
    let n = n.cast_signed();
    ((n << 1) ^ (n >> 63)).cast_unsigned()
}

fn unzigzag(n: u64) -> u64 {
    (n >> 1) ^ (n & 1).wrapping_neg()
}

/// What stands before a body.
struct Head {
    flags: u8,
    kind: EntryKind,
    record: RecordId,
    position: Option<u64>,
    hashes: Option<(Hash32, Hash32)>,
    body: Range<usize>,
}

/// The entries of a segment, opened. Rows are made as they are asked for.
pub(super) struct Opened {
    plain: Vec<u8>,
    heads: Vec<Head>,
}

impl Opened {
    /// What [`pack`] made of a segment of `writer`.
    pub(super) fn of(writer: WriterId, kept: &[u8]) -> StoreResult<Self> {
        let plain = unfold(kept)?;
        let heads = heads(writer, &plain)
            .ok_or_else(|| StoreError::Corrupt("the entries of a segment do not read".into()))?;
        Ok(Self { plain, heads })
    }

    /// Bytes that it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        self.plain.len() + self.heads.len() * size_of::<Head>()
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// All entries, in order.
    pub(super) fn rows(&self) -> Vec<EntryRow> {
        (0..self.len()).filter_map(|n| self.row(n)).collect()
    }

    /// The entries of a record.
    pub(super) fn rows_of(&self, record: RecordId) -> impl Iterator<Item = EntryRow> {
        let heads = self.heads.iter().enumerate();
        heads.filter_map(move |(n, head)| (head.record == record).then(|| self.row(n)).flatten())
    }

    /// Positions within `span` with the place of the entry in the segment, in order.
    pub(super) fn placed(&self, span: Range<u64>) -> Vec<(u64, usize)> {
        let mut placed: Vec<_> = self
            .heads
            .iter()
            .enumerate()
            .filter_map(|(n, head)| Some((head.position.filter(|at| span.contains(at))?, n)))
            .collect();
        placed.sort_unstable();
        placed
    }

    /// Positions of a document's accepted entries, with their places in the segment.
    pub(super) fn accepted(&self, record: RecordId) -> impl Iterator<Item = (u64, u32)> {
        let heads = self.heads.iter().enumerate();
        heads.filter_map(move |(n, head)| {
            let is = head.record == record && !head.kind.is_system();
            Some((head.position.filter(|_| is)?, u32::try_from(n).ok()?))
        })
    }

    /// All entries, those of a document without their bodies: hashes and positions stay.
    pub(super) fn without(&self, record: RecordId) -> Vec<EntryRow> {
        let mut rows = self.rows();
        for row in &mut rows {
            if row.entry.record == record && !row.entry.kind.is_system() {
                row.entry.body.clear();
            }
        }
        rows
    }

    /// Leaf hashes, in order.
    pub(super) fn leaves(&self) -> Vec<Hash32> {
        self.rows().into_iter().map(|row| row.leaf).collect()
    }

    /// Entry number `n`.
    pub(super) fn row(&self, n: usize) -> Option<EntryRow> {
        let head = self.heads.get(n)?;
        let (body, hash) = self.body(head)?;
        let entry = Entry {
            record: head.record,
            kind: head.kind,
            body,
        };
        let (change, leaf) = match head.hashes {
            Some(hashes) => hashes,
            None => {
                let change = hash.unwrap_or_else(|| change_hash(&entry));
                (change, entry.leaf(change).hash())
            }
        };
        Some(EntryRow {
            ordinal: u32::try_from(n).ok()?,
            position: head.position,
            late: head.flags & LATE != 0,
            entry,
            change,
            leaf,
        })
    }

    /// The body, and its hash where that was needed to make it.
    fn body(&self, head: &Head) -> Option<(Vec<u8>, Option<Hash32>)> {
        let kept = self.plain.get(head.body.clone())?;
        if head.flags & CHUNK == 0 {
            return Some((kept.to_vec(), None));
        }
        let hash = Hash32::of(kept);
        Some(([&CHUNK_MAGIC, hash.0.get(..4)?, kept].concat(), Some(hash)))
    }
}

fn heads(writer: WriterId, plain: &[u8]) -> Option<Vec<Head>> {
    let mut rest = plain.strip_prefix(&[VERSION])?;
    let count = usize::try_from(number(&mut rest)?).ok()?;
    let mut heads: Vec<Head> = Vec::with_capacity(count.min(rest.len()));
    let (mut position, mut next, mut bytes) = (0u64, None, 0usize);
    for _ in 0..count {
        let [flags, kind] = take::<2>(&mut rest)?;
        let record = match flags & NEXT != 0 {
            true => next?,
            false => RecordId(take(&mut rest)?),
        };
        next = following(writer, record).or(next);
        let placed = match flags & PLACED != 0 {
            true => {
                position = (position + 1).wrapping_add(unzigzag(number(&mut rest)?));
                Some(position)
            }
            false => None,
        };
        let hashes = match flags & HASHES != 0 {
            true => Some((Hash32(take(&mut rest)?), Hash32(take(&mut rest)?))),
            false => None,
        };
        let length = usize::try_from(number(&mut rest)?).ok()?;
        heads.push(Head {
            flags,
            kind: EntryKind(kind),
            record,
            position: placed,
            hashes,
            body: bytes..bytes.checked_add(length)?,
        });
        bytes = bytes.checked_add(length)?;
    }
    let start = plain.len().checked_sub(bytes)?;
    // Bodies go to the end, and nothing stands between.
    (rest.len() == bytes).then(|| {
        for head in &mut heads {
            head.body = start + head.body.start..start + head.body.end;
        }
        heads
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

/// Positions that follow each other: the first, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) count: u64,
}

/// The runs among positions, in their order.
pub(super) fn runs(positions: impl Iterator<Item = u64>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut sorted: Vec<u64> = positions.collect();
    sorted.sort_unstable();
    for position in sorted {
        match runs.last_mut() {
            Some(run) if run.first + run.count == position => run.count += 1,
            _ => runs.push(Run {
                first: position,
                count: 1,
            }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITER: WriterId = WriterId([7; 8]);

    fn row(ordinal: u32, record: RecordId, kind: u8, body: &[u8]) -> EntryRow {
        let entry = Entry {
            record,
            kind: EntryKind(kind),
            body: body.to_vec(),
        };
        let change = change_hash(&entry);
        EntryRow {
            ordinal,
            position: None,
            late: false,
            leaf: entry.leaf(change).hash(),
            change,
            entry,
        }
    }

    fn chunk(content: &[u8]) -> Vec<u8> {
        let hash = Hash32::of(content);
        [&CHUNK_MAGIC, &hash.0[..4], content].concat()
    }

    /// Whatever may stand in a segment.
    fn all() -> Vec<EntryRow> {
        let own = |n| RecordId::written(WRITER, n);
        let mut rows = vec![
            row(0, own(4), 3, &chunk(b"the first visit")),
            row(1, own(5), 3, &chunk(b"the second visit")),
            row(2, RecordId([9; 13]), 0x85, b"a system item"),
            row(3, own(6), 4, b"no chunk at all"),
            row(
                4,
                own(6),
                4,
                &[CHUNK_MAGIC.as_slice(), b"4 wrong bytes"].concat(),
            ),
            row(5, RecordId::written(WriterId([1; 8]), 1), 3, &chunk(b"")),
            row(6, own(u32::MAX), 3, b""),
            row(7, own(0), 3, b"tiny"),
        ];
        rows[0].position = Some(70);
        rows[1].position = Some(71);
        rows[2].position = Some(9);
        rows[5].position = Some(u64::MAX >> 1);
        rows[5].late = true;
        // Erased, and a header that commits to something else.
        rows[6].leaf = Hash32([3; 32]);
        rows[7].change = Hash32([4; 32]);
        rows
    }

    fn same(a: &EntryRow, b: &EntryRow) -> bool {
        format!("{a:?}") == format!("{b:?}")
    }

    #[test]
    fn a_segment_comes_back_entry_by_entry() {
        let rows = all();
        let opened = Opened::of(WRITER, &pack(WRITER, &rows).unwrap()).unwrap();
        assert_eq!(opened.len(), rows.len());
        assert!(std::iter::zip(opened.rows(), &rows).all(|(a, b)| same(&a, b)));
        let of: Vec<_> = opened.rows_of(rows[3].entry.record).collect();
        assert!(of.len() == 2 && same(&of[0], &rows[3]) && same(&of[1], &rows[4]));
        let none = Opened::of(WRITER, &pack(WRITER, &[]).unwrap()).unwrap();
        assert!(none.rows().is_empty());
    }

    #[test]
    fn an_erased_entry_keeps_hashes_and_position_and_nothing_else() {
        let rows = all();
        let before = rows[1].clone();
        let opened = Opened::of(WRITER, &pack(WRITER, &rows).unwrap()).unwrap();
        let rows = opened.without(before.entry.record);
        let kept = unfold(&pack(WRITER, &rows).unwrap()).unwrap();
        assert!(!kept.windows(6).any(|w| w == b"second"));
        let after = Opened::of(WRITER, &pack(WRITER, &rows).unwrap()).unwrap();
        let after = after.row(1).unwrap();
        assert_eq!((after.change, after.leaf), (before.change, before.leaf));
        assert_eq!((after.position, after.entry.body.len()), (Some(71), 0));
    }

    #[test]
    fn what_follows_is_not_written_down() {
        let visits: Vec<_> = (0..100)
            .map(|n| {
                let body = chunk(format!("visit {}", n % 3).as_bytes());
                EntryRow {
                    position: Some(1_000 + u64::from(n)),
                    ..row(n, RecordId::written(WRITER, 50 + n), 3, &body)
                }
            })
            .collect();
        let kept = pack(WRITER, &visits).unwrap();
        assert!(kept.len() < 160, "{} bytes", kept.len());
    }

    #[test]
    fn bytes_that_are_no_segment_do_not_open() {
        let rows = all();
        let plain = unfold(&pack(WRITER, &rows).unwrap()).unwrap();
        for cut in 0..plain.len() {
            assert!(heads(WRITER, &plain[..cut]).is_none(), "cut at {cut}");
        }
        assert!(heads(WRITER, &[plain.as_slice(), b"x"].concat()).is_none());
        let mut missing = rows;
        missing.remove(2);
        assert!(pack(WRITER, &missing).is_err());
    }

    #[test]
    fn positions_that_follow_each_other_are_one_run() {
        let run = |first, count| Run { first, count };
        let found = runs([7, 8, 3, 9, 20].into_iter());
        assert_eq!(found, [run(3, 1), run(7, 3), run(20, 1)]);
    }
}
