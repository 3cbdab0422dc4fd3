//! What an interview may ask the phone about: households, people, records, code lists. The app implements it over the
//! store; nothing here reads a database.

use std::collections::BTreeMap;

use xunge_records::lists::Audience;
use xunge_records::{CodeList, CodeLists, Kind, Value};

use super::answer::Answer;
use super::files::{self, FileFault, FileKind};
use crate::locale::Locale;

/// A household or person to choose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// Id of the record, as text.
    pub id: String,
    /// On the screen, for instance `王桂兰 · 12号`.
    pub text: String,
    /// Read aloud.
    pub speech: String,
    /// Picture to show; empty: the question's.
    pub picture: String,
}

/// Which households are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HouseholdQuery<'a> {
    /// The likeliest for a new record of this kind, those due for a visit first.
    Likely(Kind),
    /// Those of this warning that have not heard it; all of the warning's once each has.
    Unheard(&'a str),
}

/// What stands in a record on this phone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// Values by path; of differing ones the first.
    pub fields: BTreeMap<String, Value>,
    /// Whether the town sent it back and it was not mended since.
    pub returned: bool,
    /// What the town said about it.
    pub note: Option<String>,
}

impl Known {
    /// The members of a set, in order.
    pub fn members(&self, set: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter(|(_, value)| **value == Value::Bool(true))
            .filter_map(|(path, _)| Some(path.strip_prefix(set)?.strip_prefix('/')?.to_owned()))
            .collect()
    }
}

/// The phone's knowledge. Every answer is local and fast; what is unknown is empty.
pub trait Knowledge {
    /// The likeliest households, at most `limit`. Never empty while the phone holds a household.
    fn households(&self, query: HouseholdQuery<'_>, limit: usize) -> Vec<Candidate>;
    /// A household by id.
    fn household(&self, id: &str) -> Option<Candidate>;
    /// The members of a household, its head first.
    fn members(&self, household: &str) -> Vec<Candidate>;
    /// A person by id.
    fn person(&self, id: &str) -> Option<Candidate>;
    /// A record of any kind by id.
    fn record(&self, id: &str) -> Option<Known>;
    /// What this worker answered to a question of a form the last time.
    fn last_answer(&self, form: &str, question: &str) -> Option<Answer>;
    /// Whether there is a file of this kind at `path`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn file(&self, path: &str, kind: FileKind) -> Result<(), FileFault> {
        files::inspect(path, kind)
    }
}

/// A row of a code list as a phone may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Its code.
    pub code: String,
    /// Its words in the language that was asked for.
    pub text: String,
}

/// Code lists; rows whose audience is not the phone are never given.
pub trait Lists {
    /// The rows of a list in its own order; empty where there is no such list.
    fn rows(&self, list: &str, locale: Locale) -> Vec<ListRow>;
}

impl Lists for CodeLists {
    fn rows(&self, list: &str, locale: Locale) -> Vec<ListRow> {
        let locale = match locale {
            Locale::ZhCn => xunge_records::Locale::ZhCn,
            Locale::En => xunge_records::Locale::En,
        };
        let codes = self.get(list).map_or(&[][..], CodeList::codes);
        codes
            .iter()
            .filter(|row| row.audience == Audience::Phone)
            .map(|row| ListRow {
                code: row.code.clone(),
                text: row.label(locale).to_owned(),
            })
            .collect()
    }
}
