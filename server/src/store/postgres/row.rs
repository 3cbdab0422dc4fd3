//! How the protocol's values stand in columns, and how they come back.

use std::borrow::Cow;

use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use xunge_protocol::{EntryKind, Hash32, RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::Kind;

use crate::store::{StoreError, StoreResult};

type NotSql = Box<dyn std::error::Error + Sync + Send>;

/// What PostgreSQL cannot keep in a text is shown as the sign for an unreadable character.
const UNREADABLE: char = '\u{fffd}';

/// A text without the character zero, which PostgreSQL has no place for. A phone may send one in any text.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', &UNREADABLE.to_string()))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text as a parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl ToSql for Text<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, NotSql> {
        clean(self.0).as_ref().to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

/// JSON text as a parameter.
#[derive(Debug, Clone)]
pub(super) struct Json(String);

impl Json {
    pub(super) fn new(text: &str) -> Self {
        const ZERO: &str = "\\u0000";
        if !text.contains(ZERO) {
            return Self(text.into());
        }
        // Rare; an escaped backslash before `u0000` is no zero, so the text is read properly.
        let cleaned = serde_json::from_str(text).map(|mut value| {
            clean_value(&mut value);
            serde_json::Value::to_string(&value)
        });
        Self(cleaned.unwrap_or_else(|_| text.into()))
    }
}

fn clean_value(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = clean(text).into_owned(),
        serde_json::Value::Array(values) => values.iter_mut().for_each(clean_value),
        serde_json::Value::Object(members) => {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    clean_value(&mut value);
                    (clean(&name).into_owned(), value)
                })
                .collect();
        }
        _ => {}
    }
}

impl ToSql for Json {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, NotSql> {
        // Version of the binary form of jsonb.
        out.extend_from_slice(&[1]);
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }

    to_sql_checked!();
}

/// Scopes for `= ANY`.
pub(super) fn scopes(scopes: &[ScopeId]) -> Vec<Vec<u8>> {
    scopes.iter().map(|s| s.0.to_vec()).collect()
}

fn fixed<const N: usize>(bytes: &[u8]) -> StoreResult<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt(format!("{} bytes where {N} belong", bytes.len())))
}

/// The byte string of a known length in column `at`.
pub(super) fn bytes<const N: usize>(row: &Row, at: usize) -> StoreResult<[u8; N]> {
    fixed(row.try_get(at)?)
}

fn maybe_bytes<const N: usize>(row: &Row, at: usize) -> StoreResult<Option<[u8; N]>> {
    row.try_get::<_, Option<&[u8]>>(at)?.map(fixed).transpose()
}

/// The scope in column `at`.
pub(super) fn scope(row: &Row, at: usize) -> StoreResult<ScopeId> {
    Ok(ScopeId(bytes(row, at)?))
}

/// The scope in column `at`, if it is not null.
pub(super) fn maybe_scope(row: &Row, at: usize) -> StoreResult<Option<ScopeId>> {
    Ok(maybe_bytes(row, at)?.map(ScopeId))
}

/// The writer in column `at`.
pub(super) fn writer(row: &Row, at: usize) -> StoreResult<WriterId> {
    Ok(WriterId(bytes(row, at)?))
}

/// The writer in column `at`, if it is not null.
pub(super) fn maybe_writer(row: &Row, at: usize) -> StoreResult<Option<WriterId>> {
    Ok(maybe_bytes(row, at)?.map(WriterId))
}

/// The record id in column `at`.
pub(super) fn record(row: &Row, at: usize) -> StoreResult<RecordId> {
    Ok(RecordId(bytes(row, at)?))
}

/// The record id in column `at`, if it is not null.
pub(super) fn maybe_record(row: &Row, at: usize) -> StoreResult<Option<RecordId>> {
    Ok(maybe_bytes(row, at)?.map(RecordId))
}

/// The hash in column `at`.
pub(super) fn hash(row: &Row, at: usize) -> StoreResult<Hash32> {
    Ok(Hash32(bytes(row, at)?))
}

/// The hash in column `at`, if it is not null.
pub(super) fn maybe_hash(row: &Row, at: usize) -> StoreResult<Option<Hash32>> {
    Ok(maybe_bytes(row, at)?.map(Hash32))
}

/// The time in column `at`.
pub(super) fn time(row: &Row, at: usize) -> StoreResult<Timestamp> {
    Ok(Timestamp(row.try_get(at)?))
}

/// The time in column `at`, if it is not null.
pub(super) fn maybe_time(row: &Row, at: usize) -> StoreResult<Option<Timestamp>> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(Timestamp))
}

/// The number in column `at`, as what this program wrote there.
pub(super) fn number<T: TryFrom<i64>>(row: &Row, at: usize) -> StoreResult<T> {
    let n: i64 = row.try_get(at)?;
    T::try_from(n).map_err(|_| StoreError::Corrupt(format!("number {n} is out of range")))
}

/// The number in column `at`, if it is not null.
pub(super) fn maybe_number<T: TryFrom<i64>>(row: &Row, at: usize) -> StoreResult<Option<T>> {
    match row.try_get::<_, Option<i64>>(at)? {
        Some(_) => Ok(Some(number(row, at)?)),
        None => Ok(None),
    }
}

/// The kind of entry in column `at`.
pub(super) fn entry_kind(row: &Row, at: usize) -> StoreResult<EntryKind> {
    Ok(EntryKind(number(row, at)?))
}

/// The kind of record in column `at`.
pub(super) fn kind(row: &Row, at: usize) -> StoreResult<Kind> {
    let kind = entry_kind(row, at)?;
    Kind::from_entry_kind(kind)
        .ok_or_else(|| StoreError::Corrupt(format!("no kind of record has number {}", kind.0)))
}

/// A number that PostgreSQL keeps signed.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_in_json_becomes_the_sign_for_an_unreadable_character_and_an_escaped_backslash_stays()
    {
        let text = serde_json::json!({"a\0": ["x\0y", "\\u0000"]}).to_string();
        let kept: serde_json::Value = serde_json::from_str(&Json::new(&text).0).unwrap();
        assert_eq!(
            kept,
            serde_json::json!({"a\u{fffd}": ["x\u{fffd}y", "\\u0000"]})
        );
    }
}
