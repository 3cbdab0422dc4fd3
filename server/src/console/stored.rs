//! A row of the projection with its fields, for lists: read from the row's JSON without the document.

use serde_json::Value as Json;
use xunge_protocol::RecordId;
use xunge_records::Kind;

use crate::store::RecordRow;

/// Fields of a stored record.
pub struct Stored {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: RecordId,
    json: Json,
}

impl Stored {
    /// The record of a row.
    pub fn of(row: &RecordRow) -> Self {
        Self {
            kind: row.kind,
            id: row.record,
            // The relay wrote it; a row that does not read shows without fields, and its file says more.
            json: serde_json::from_str(&row.json).unwrap_or_default(),
        }
    }

    /// The first value of a field, which may lie in a group: `party_a/name`.
    pub fn value(&self, path: &str) -> Option<&Json> {
        let fields = self.json.get("fields")?;
        path.split('/').try_fold(fields, |at, part| at.get(part))
    }

    /// The text of a field; empty if there is none.
    pub fn text(&self, path: &str) -> &str {
        self.value(path).and_then(Json::as_str).unwrap_or_default()
    }

    /// Whether a field holds true.
    pub fn is(&self, path: &str) -> bool {
        self.value(path).and_then(Json::as_bool).unwrap_or_default()
    }

    /// The number of a field.
    pub fn number(&self, path: &str) -> Option<f64> {
        self.value(path).and_then(Json::as_f64)
    }

    /// Paths on which people differ, with how many values each has.
    pub fn differing(&self) -> Vec<(String, usize)> {
        let conflicts = self.json.get("conflicts").and_then(Json::as_object);
        let values = |list: &Json| list.as_array().map_or(0, Vec::len);
        conflicts
            .into_iter()
            .flatten()
            .map(|(path, list)| (path.clone(), values(list)))
            .collect()
    }

    /// Members of a set.
    pub fn members(&self, set: &str) -> Vec<String> {
        let list = self.value(set).and_then(Json::as_array);
        let texts = list.into_iter().flatten().filter_map(Json::as_str);
        texts.map(str::to_owned).collect()
    }

    /// The last event of a verb: one of its texts.
    pub fn last_event(&self, verb: &str, key: &str) -> Option<&str> {
        let events = self.json.get("events")?.as_array()?;
        let last = events
            .iter()
            .rev()
            .find(|e| e.get("verb").and_then(Json::as_str) == Some(verb))?;
        last.get(key)?.as_str()
    }
}
