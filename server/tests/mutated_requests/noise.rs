//! Chance, by a seed, and what it does to bytes, CBOR, text and numbers.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

/// Numbers at which something may end.
const EDGES: [u64; 12] = [
    0,
    1,
    23,
    24,
    127,
    255,
    256,
    65_535,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX - 1,
    u64::MAX,
];

/// Heads of CBOR that promise very much, nothing, or something else.
const HEADS: [u8; 14] = [
    0x00, 0x1b, 0x3b, 0x40, 0x5b, 0x5f, 0x60, 0x7b, 0x80, 0x9b, 0x9f, 0xbb, 0xf6, 0xff,
];

/// Pieces of text that some reader takes for more than text.
const PIECES: [&str; 22] = [
    "",
    " ",
    "\0",
    "\r\n",
    "\u{feff}",
    "\u{202e}",
    "𠮷",
    "é́́́",
    "'",
    "\"",
    "<script>",
    "%",
    "%00",
    "%ff",
    "_",
    "*",
    "../../etc/passwd",
    "-1",
    "99999999999999999999",
    "1e400",
    "2026-02-30",
    "\\",
];

pub(crate) struct Noise(ChaCha8Rng);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `n`, which is not 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill(&mut out[..]);
        out
    }

    /// Up to `most` bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let mut out = vec![0; self.below(most + 1)];
        self.0.fill(&mut out[..]);
        out
    }

    pub(crate) fn number(&mut self) -> u64 {
        match self.below(3) {
            0 => self.0.random(),
            1 => self.below(40) as u64,
            _ => *self.pick(&EDGES),
        }
    }

    /// Bytes with one to four changes.
    pub(crate) fn harmed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let end = out.len();
            let at = self.below(end + 1);
            match self.below(7) {
                0 if at < end => out[at] ^= 1 << self.below(8),
                1 if at < end => out[at] = *self.pick(&HEADS),
                2 if at < end => out[at] = self.below(256) as u8,
                3 => out.truncate(at),
                4 => {
                    let new = self.bytes(12);
                    out.splice(at..at, new);
                }
                5 => {
                    let gone = end.min(at + 1 + self.below(16));
                    out.drain(at..gone);
                }
                _ => {
                    let piece = out[at..end.min(at + 1 + self.below(64))].to_vec();
                    let to = self.below(end + 1);
                    out.splice(to..to, piece);
                }
            }
        }
        out
    }

    /// CBOR in which some items were replaced by others: still CBOR, mostly, and not what was said.
    pub(crate) fn harmed_cbor(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(2) {
            let items = items(&out);
            if items.is_empty() {
                break;
            }
            let target = self.pick(&items).clone();
            let new = match self.below(6) {
                0 => out[self.pick(&items).clone()].to_vec(),
                1 => xunge_protocol::wire::encode(&self.number()),
                2 => xunge_protocol::wire::encode(&minicbor::bytes::ByteVec::from(self.bytes(40))),
                3 => xunge_protocol::wire::encode(&self.text("")),
                4 => vec![*self.pick(&[0x80, 0xa0, 0xf6, 0xf5, 0x40, 0x60])],
                _ => {
                    let inside = out[target.clone()].to_vec();
                    self.harmed(&inside)
                }
            };
            out.splice(target, new);
        }
        out
    }

    /// A text like `text`, or quite another.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(2) {
            let at = self.below(chars.len() + 1);
            let piece: Vec<char> = self.pick(&PIECES).chars().collect();
            match self.below(5) {
                0 => chars.truncate(at),
                1 if at < chars.len() => {
                    chars.remove(at);
                }
                2 => chars = piece,
                3 if self.one_in(20) => {
                    chars = vec!['长'; *self.pick(&[200, 4_000, 4_001, 17_000])];
                }
                _ => {
                    chars.splice(at..at, piece);
                }
            }
        }
        chars.into_iter().collect()
    }
}

/// Where each item of some CBOR stands, whole items only.
fn items(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    const MOST: usize = 4_096;
    let mut found = Vec::new();
    let mut decoder = minicbor::Decoder::new(bytes);
    while decoder.position() < bytes.len() && found.len() < MOST {
        let start = decoder.position();
        if decoder.skip().is_err() {
            break;
        }
        found.push(start..decoder.position());
        // Then what is inside: behind the head, if it is an array or a map.
        decoder.set_position(start);
        let goes_in = match decoder.datatype() {
            Ok(minicbor::data::Type::Array) => decoder.array().is_ok(),
            Ok(minicbor::data::Type::Map) => decoder.map().is_ok(),
            _ => false,
        };
        if !goes_in {
            decoder.set_position(found.last().map_or(bytes.len(), |item| item.end));
        }
    }
    found
}
