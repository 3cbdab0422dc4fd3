//! The structure of an event: one CBOR item, written so that times, writers and texts stand for themselves.
//!
//! Heads that CBOR leaves unassigned mark what is written otherwise. Only items in their shortest form are taken apart,
//! so that putting them together again gives the same bytes; which event a map describes is not known here.

use super::BatchError;
use super::columns::{OPAQUE, Reader, Writer};
use super::input::{Input, put_signed};
use super::state::State;
use super::text;
use crate::ids::{ScopeId, WriterId};

/// Milliseconds since 1970, as the difference from the change's own time.
const TIME: u8 = 0x1c;
/// Eight bytes, from the table of writers.
const WRITER: u8 = 0x5c;
/// Eight bytes, the segment's scope.
const SCOPE: u8 = 0x5d;
/// A text.
const TEXT: u8 = 0x7c;

/// One head of an item, with the bytes that belong to it.
enum Token<'a> {
    /// A number, an array, a map, a tag, a simple value: only its head.
    Head(&'a [u8], u64),
    Bytes(&'a [u8], &'a [u8]),
    Text(&'a str),
}

/// The next head of an item in its shortest form.
fn token<'a>(input: &mut Input<'a>) -> Option<(u8, Token<'a>)> {
    let before = input.0;
    let first = input.byte().ok()?;
    let (major, info) = (first >> 5, first & 31);
    let value = match info {
        0..24 => u64::from(info),
        24 => u64::from(input.byte().ok()?),
        25 => u64::from(u16::from_be_bytes(input.array().ok()?)),
        26 => u64::from(u32::from_be_bytes(input.array().ok()?)),
        27 => u64::from_be_bytes(input.array().ok()?),
        _ => return None,
    };
    let shortest = match info {
        0..24 => true,
        24 => value >= 24 && major != 7,
        25 => value > u64::from(u8::MAX) || major == 7,
        26 => value > u64::from(u16::MAX) || major == 7,
        _ => value > u64::from(u32::MAX) || major == 7,
    };
    if !shortest {
        return None;
    }
    let head = &before[..before.len() - input.0.len()];
    let token = match major {
        2 => Token::Bytes(head, input.take(usize::try_from(value).ok()?).ok()?),
        3 => Token::Text(std::str::from_utf8(input.take(usize::try_from(value).ok()?).ok()?).ok()?),
        _ => Token::Head(head, value),
    };
    Some((major, token))
}

/// Items that follow a head of this major type.
fn children(major: u8, value: u64) -> u64 {
    match major {
        4 => value,
        5 => value.saturating_mul(2),
        6 => 1,
        _ => 0,
    }
}

/// Whether `bytes` are one item that [`pack`] takes apart.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let mut left = 1u64;
    while left > 0 {
        let Some((major, token)) = token(&mut input) else {
            return false;
        };
        left -= 1;
        if let Token::Head(_, value) = token {
            left = left.saturating_add(children(major, value));
        }
    }
    input.0.is_empty()
}

/// Where an item stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) column: usize,
    /// Of the change, in seconds.
    pub(super) time: i64,
    pub(super) scope: ScopeId,
}

/// Writes an item that [`is_plain`].
pub(super) fn pack(bytes: &[u8], place: Place, state: &mut State<'_>, out: &mut Writer) {
    let mut input = Input(bytes);
    while let Some((major, token)) = token(&mut input) {
        match token {
            Token::Head(head, value) => match near(value, place.time) {
                Some(difference) if major == 0 => {
                    out.at(place.column).push(TIME);
                    put_signed(out.at(place.column), difference);
                }
                _ => out.at(place.column).extend_from_slice(head),
            },
            Token::Bytes(head, bytes) => match <[u8; 8]>::try_from(bytes) {
                Ok(id) if id == place.scope.0 => out.at(place.column).push(SCOPE),
                Ok(id) => {
                    out.at(place.column).push(WRITER);
                    text::put_writer(WriterId(id), place.column, state, out);
                }
                Err(_) => {
                    out.at(place.column).extend_from_slice(head);
                    out.at(OPAQUE).extend_from_slice(bytes);
                }
            },
            Token::Text(words) => {
                out.at(place.column).push(TEXT);
                text::put_text(words, place.column, state, out);
            }
        }
    }
}

/// The difference of a number from `time`, if it is a time of about the same year.
fn near(value: u64, time: i64) -> Option<i64> {
    let millis = time.checked_mul(1000)?;
    let difference = i64::try_from(value).ok()?.checked_sub(millis)?;
    (value > u64::from(u32::MAX) && difference.unsigned_abs() < 1 << 36).then_some(difference)
}

/// Reads what [`pack`] wrote.
pub(super) fn open(
    place: Place,
    state: &mut State<'_>,
    from: &mut Reader<'_>,
) -> Result<Vec<u8>, BatchError> {
    let mut out = Vec::new();
    let mut left = 1u64;
    while left > 0 {
        left -= 1;
        state.spend(1)?;
        let first = from.at(place.column)?.byte()?;
        match first {
            TIME => {
                let difference = from.at(place.column)?.signed()?;
                let millis = place
                    .time
                    .checked_mul(1000)
                    .and_then(|t| t.checked_add(difference));
                let value = millis.and_then(|m| u64::try_from(m).ok());
                head(&mut out, 0, value.ok_or(BatchError::Malformed("a time"))?);
            }
            WRITER => {
                let id = text::writer(place.column, state, from)?;
                head(&mut out, 2, 8);
                out.extend_from_slice(&id.0);
            }
            SCOPE => {
                head(&mut out, 2, 8);
                out.extend_from_slice(&place.scope.0);
            }
            TEXT => {
                let words = text::text(place.column, state, from)?;
                head(&mut out, 3, words.len() as u64);
                out.extend_from_slice(words.as_bytes());
            }
            _ => {
                let column = from.at(place.column)?;
                let (major, info) = (first >> 5, first & 31);
                let more = match info {
                    0..24 => 0,
                    24 => 1,
                    25 => 2,
                    26 => 4,
                    27 => 8,
                    _ => return Err(BatchError::Malformed("an item's head")),
                };
                let rest = column.take(more)?;
                let value = match more {
                    0 => u64::from(info),
                    _ => rest.iter().fold(0, |n, b| n << 8 | u64::from(*b)),
                };
                out.push(first);
                out.extend_from_slice(rest);
                match major {
                    2 => {
                        let length = usize::try_from(value).unwrap_or(usize::MAX);
                        out.extend_from_slice(from.at(OPAQUE)?.take(length)?);
                    }
                    3 => return Err(BatchError::Malformed("a text out of place")),
                    _ => left = left.saturating_add(children(major, value)),
                }
            }
        }
    }
    Ok(out)
}

/// The shortest head of a major type and a value.
fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    let major = major << 5;
    if value < 24 {
        out.push(major | value as u8);
    } else if let Ok(n) = u8::try_from(value) {
        out.extend_from_slice(&[major | 24, n]);
    } else if let Ok(n) = u16::try_from(value) {
        out.push(major | 25);
        out.extend_from_slice(&n.to_be_bytes());
    } else if let Ok(n) = u32::try_from(value) {
        out.push(major | 26);
        out.extend_from_slice(&n.to_be_bytes());
    } else {
        out.push(major | 27);
        out.extend_from_slice(&value.to_be_bytes());
    }
}
