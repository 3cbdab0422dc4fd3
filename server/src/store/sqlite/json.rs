//! How the content of a row of `records` is kept: as text where queries read it for each row of a list, else compressed.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSqlError, Value, ValueRef};
use rusqlite::{Connection, Row};
use xunge_records::Kind;

use crate::store::squeeze::{squeeze, unfold};
use crate::store::{StoreError, StoreResult};

/// Kinds whose lists look into each record, and of which there are few: an index may rest on their text.
const AS_TEXT: [Kind; 2] = [Kind::Household, Kind::Warning];

/// `json` of a record of `kind`, for its column.
pub(super) fn kept(kind: Kind, json: &str) -> StoreResult<Value> {
    Ok(match AS_TEXT.contains(&kind) {
        true => Value::Text(json.into()),
        false => Value::Blob(squeeze(json.as_bytes())?),
    })
}

/// The text in column `at`.
pub(super) fn text(r: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    let value = r.get_ref(at)?;
    plain(value)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(at, value.data_type(), e.into()))
}

fn plain(value: ValueRef<'_>) -> Result<String, FromSqlError> {
    let bytes = match value {
        ValueRef::Blob(kept) => unfold(kept).map_err(FromSqlError::other)?,
        text => text.as_bytes()?.to_vec(),
    };
    String::from_utf8(bytes).map_err(FromSqlError::other)
}

/// Lets queries look inside: `plain_json(json)` is the text. And `kept_json(kind, json)` is how a text is kept, for migrations.
pub(super) fn teach(conn: &Connection) -> StoreResult<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| rusqlite::Error::UserFunctionError(error);
    conn.create_scalar_function("plain_json", 1, flags, move |call| {
        plain(call.get_raw(0)).map_err(|e| failed(e.into()))
    })?;
    conn.create_scalar_function("kept_json", 2, flags, move |call| {
        let number: u8 = call.get(0)?;
        let json = plain(call.get_raw(1)).map_err(|e| failed(e.into()))?;
        let kind = Kind::from_entry_kind(xunge_protocol::EntryKind(number))
            .ok_or_else(|| failed(StoreError::Corrupt(format!("kind {number}")).into()))?;
        kept(kind, &json).map_err(|e| failed(e.into()))
    })?;
    Ok(())
}
