//! What may still be said of a record when a person that it names is erased. Knows no store.

use xunge_protocol::RecordId;
use xunge_records::{Kind, MediaRef, Record, Value};

/// Stands where a name stood (某某: "a certain person").
const SOMEBODY: &str = "某某";
/// Shorter texts are no names: they stand in too many other words.
const SHORTEST_NAME: usize = 2;

/// A person who is to be named no more.
#[derive(Debug)]
pub(super) struct Redaction {
    person: RecordId,
    /// Texts that identify the person.
    pub(super) names: Vec<String>,
}

impl Redaction {
    /// Whoever `record` is about: a person, or the head of a household. Of other records nobody.
    pub(super) fn of(record: &Record) -> Self {
        let paths: &[&str] = match record.kind {
            Kind::Person => &["name", "phone"],
            Kind::Household => &["head_name", "phone"],
            _ => &[],
        };
        let names = paths
            .iter()
            .filter_map(|path| record.fields.text(path))
            .map(|text| text.trim().to_owned())
            .filter(|text| text.chars().count() >= SHORTEST_NAME)
            .collect();
        Self {
            person: record.id,
            names,
        }
    }

    /// `text` without the person's names.
    pub(super) fn redact(&self, text: &str) -> String {
        self.names
            .iter()
            .fold(text.to_owned(), |text, name| text.replace(name, SOMEBODY))
    }

    /// The fields of `record` without the person; none if nothing of it may stay: it is about the person alone, or its
    /// id says what it is.
    pub(super) fn redacted(&self, record: &Record) -> Option<Vec<(String, Value)>> {
        let same_person = record.kind == Kind::Person
            && record
                .fields
                .text("name")
                .is_some_and(|n| self.names.iter().any(|m| m == n.trim()));
        if same_person || record.kind == Kind::WarningAck {
            return None;
        }
        let person = self.person.to_string();
        let kept = record.fields.0.iter().filter_map(|(path, field)| {
            let value = match &field.value {
                // A recording may say the name, a picture show the face: nobody can tell here.
                Value::Text(text) if text.parse::<MediaRef>().is_ok() => return None,
                Value::Text(text) if *text == person => return None,
                Value::Text(text) => Value::Text(self.redact(text)),
                Value::Bool(false) => return None,
                other => other.clone(),
            };
            Some((path.clone(), value))
        });
        Some(kept.collect())
    }
}
