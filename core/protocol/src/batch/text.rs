//! Texts and writers, each written once in a batch and by its number after that.

use super::BatchError;
use super::columns::{LENGTH, OPAQUE, Reader, TEXT, Writer};
use super::input::put;
use super::state::State;
use crate::ids::WriterId;

/// Longest literal text: more than any field or event holds.
const MOST_TEXT: usize = 1 << 20;

const LITERAL: u64 = 0;
const SAME: u64 = 1;
const FIRST: u64 = 2;

/// Writes a text: as before in this column, by number, or as it is.
pub(super) fn put_text(text: &str, column: usize, state: &mut State<'_>, out: &mut Writer) {
    if state.texts.get(&column).is_some_and(|last| last == text) {
        return put(out.at(column), SAME);
    }
    match state.strings.place(text) {
        Some(place) => put(out.at(column), place as u64 + FIRST),
        None => {
            put(out.at(column), LITERAL);
            put(out.at(LENGTH), text.len() as u64);
            out.at(TEXT).extend_from_slice(text.as_bytes());
            state.strings.add(text.into());
        }
    }
    state.texts.insert(column, text.into());
}

/// Reads a text.
pub(super) fn text(
    column: usize,
    state: &mut State<'_>,
    from: &mut Reader<'_>,
) -> Result<String, BatchError> {
    let text = match from.at(column)?.number()? {
        LITERAL => {
            let length = from.at(LENGTH)?.count(MOST_TEXT)?;
            let bytes = from.at(TEXT)?.take(length)?;
            let text = std::str::from_utf8(bytes).map_err(|_| BatchError::Malformed("a text"))?;
            state.strings.add(text.into());
            text.to_owned()
        }
        SAME => {
            let last = state.texts.get(&column).cloned();
            let last = last.ok_or(BatchError::Malformed("no text before"))?;
            state.spend(last.len())?;
            return Ok(last);
        }
        place => {
            let place = usize::try_from(place - FIRST).unwrap_or(usize::MAX);
            let known = state.strings.get(place);
            known
                .cloned()
                .ok_or(BatchError::Malformed("an unknown text"))?
        }
    };
    state.spend(text.len())?;
    state.texts.insert(column, text.clone());
    Ok(text)
}

/// Writes a writer by number, or as it is.
pub(super) fn put_writer(writer: WriterId, column: usize, state: &mut State<'_>, out: &mut Writer) {
    let place = state.writers.place(&writer);
    put(out.at(column), place.unwrap_or(state.writers.len()) as u64);
    if place.is_none() {
        out.at(OPAQUE).extend_from_slice(&writer.0);
        state.writers.add(writer);
    }
}

/// Reads a writer.
pub(super) fn writer(
    column: usize,
    state: &mut State<'_>,
    from: &mut Reader<'_>,
) -> Result<WriterId, BatchError> {
    let place = from.at(column)?.count(state.writers.len())?;
    if let Some(writer) = state.writers.get(place) {
        return Ok(*writer);
    }
    let writer = WriterId(from.at(OPAQUE)?.array()?);
    state.writers.add(writer);
    Ok(writer)
}
