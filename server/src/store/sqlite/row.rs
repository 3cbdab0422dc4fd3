//! How the protocol's values stand in columns.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use xunge_protocol::{RecordId, ScopeId, Timestamp};

/// An id or a hash as a byte string.
pub(super) struct Bytes<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> ToSql for Bytes<N> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl<const N: usize> FromSql for Bytes<N> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| FromSqlError::InvalidBlobSize {
                expected_size: N,
                blob_size: bytes.len(),
            })
    }
}

/// A time as milliseconds.
pub(super) struct Millis(pub(super) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|ms| Self(Timestamp(ms)))
    }
}

/// The time in column `at`, if it is not null.
pub(super) fn time(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<Millis>>(at)?.map(|m| m.0))
}

/// The scope in column `at`, if it is not null.
pub(super) fn scope(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<ScopeId>> {
    Ok(row.get::<_, Option<Bytes<8>>>(at)?.map(|b| ScopeId(b.0)))
}

/// The record id in column `at`, if it is not null.
pub(super) fn record(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Option<RecordId>> {
    Ok(row.get::<_, Option<Bytes<13>>>(at)?.map(|b| RecordId(b.0)))
}

/// A number that SQLite keeps signed.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A number that this program never writes negative.
pub(super) fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Scopes as a JSON array of hex text, for `json_each`.
pub(super) fn scope_list(scopes: &[ScopeId]) -> String {
    serde_json::Value::from(scopes.iter().map(ToString::to_string).collect::<Vec<_>>()).to_string()
}
