//! What an interview may ask the phone about, answered from the store. A failure of the store reads as "unknown", and
//! stands in the log: an interview never stops because a proposal could not be made.

use xunge_protocol::RecordId;
use xunge_records::{Kind, Review, Verb};

use super::error::AppError;
use super::session::Session;
use super::words::Words;
use crate::form::{Answer, Candidate, HouseholdQuery, Knowledge, Known, ListRow, Lists};
use crate::locale::Locale;
use crate::store::{HouseholdRow, RecordRow, StoreError};

/// The store of one worker as an interview sees it.
pub(super) struct KnownHere<'a> {
    pub(super) session: &'a Session,
    pub(super) words: &'a Words,
    /// A record is known with what was refused of it, not as the town has it.
    pub(super) refused: bool,
}

impl KnownHere<'_> {
    fn household_candidate(&self, row: &HouseholdRow) -> Candidate {
        let values = [
            ("title", row.head_name.as_str()),
            ("door", row.door.as_str()),
        ];
        let phrase = self.words.phrase("search.household", &values);
        Candidate {
            id: row.record.to_string(),
            text: phrase.text,
            speech: phrase.speech,
            picture: String::new(),
        }
    }

    fn person_candidate(&self, row: &RecordRow) -> Candidate {
        Candidate {
            id: row.record.to_string(),
            text: row.title.clone(),
            speech: row.title.clone(),
            picture: String::new(),
        }
    }

    /// The households of a warning that have not heard it; all of them once each has.
    fn unheard(&self, warning: &RecordId) -> Result<Vec<HouseholdRow>, StoreError> {
        let unheard = self.session.store.unheard(warning)?;
        if !unheard.is_empty() {
            return Ok(unheard);
        }
        let mut all = Vec::new();
        if let Some(record) = self.session.store.load_record(warning)? {
            for household in record.fields.members("households") {
                if let Ok(household) = household.parse() {
                    all.extend(self.session.store.household(&household)?);
                }
            }
        }
        Ok(all)
    }

    fn person_row(&self, id: &str) -> Option<RecordRow> {
        let row = or_unknown(self.session.store.record(&id.parse().ok()?))??;
        (row.kind == Kind::Person).then_some(row)
    }

    /// The household that `id` means where one is asked for: itself, or that of a person.
    pub(super) fn household_of(&self, id: &str) -> Option<String> {
        let household = self.person_row(id)?.subject?;
        Some(household.to_string())
    }

    /// The person that `id` means where one is asked for: the first member of a household.
    pub(super) fn person_of(&self, id: &str) -> Option<String> {
        let household: RecordId = id.parse().ok()?;
        or_unknown(self.session.store.household(&household))??;
        let members = or_unknown(self.session.store.members(&household))?;
        members.first().map(|member| member.record.to_string())
    }

    fn known(&self, id: &RecordId) -> Result<Option<Known>, AppError> {
        let store = &self.session.store;
        let record = match self.refused {
            true => store.load_refused(id)?,
            false => store.load_kept(id)?,
        };
        let Some(record) = record else {
            return Ok(None);
        };
        let note = record
            .events
            .iter()
            .rev()
            .find(|e| e.body.verb() == Verb::Return)
            .and_then(|e| e.body.note.clone().or_else(|| e.body.reason.clone()));
        let fields = record.fields.0.into_iter();
        Ok(Some(Known {
            fields: fields.map(|(path, held)| (path, held.value)).collect(),
            returned: matches!(record.state.review, Review::Returned { .. }),
            note,
        }))
    }
}

impl Knowledge for KnownHere<'_> {
    fn households(&self, query: HouseholdQuery<'_>, limit: usize) -> Vec<Candidate> {
        let rows = match query {
            HouseholdQuery::Likely(_) => self.session.store.likeliest_households(limit),
            HouseholdQuery::Unheard(warning) => match warning.parse() {
                Ok(warning) => self.unheard(&warning),
                Err(_) => Ok(Vec::new()),
            },
        };
        let rows = or_unknown(rows).unwrap_or_default();
        let rows = rows.iter().take(limit);
        rows.map(|row| self.household_candidate(row)).collect()
    }

    fn household(&self, id: &str) -> Option<Candidate> {
        let row = or_unknown(self.session.store.household(&id.parse().ok()?))??;
        Some(self.household_candidate(&row))
    }

    fn members(&self, household: &str) -> Vec<Candidate> {
        let Ok(household) = household.parse() else {
            return Vec::new();
        };
        let rows = or_unknown(self.session.store.members(&household)).unwrap_or_default();
        rows.iter().map(|row| self.person_candidate(row)).collect()
    }

    fn person(&self, id: &str) -> Option<Candidate> {
        Some(self.person_candidate(&self.person_row(id)?))
    }

    fn record(&self, id: &str) -> Option<Known> {
        or_unknown(self.known(&id.parse().ok()?))?
    }

    fn last_answer(&self, form: &str, question: &str) -> Option<Answer> {
        let kept = or_unknown(self.session.store.remembered(form, question))??;
        serde_json::from_str(&kept).ok()
    }
}

impl Lists for Words {
    fn rows(&self, list: &str, _: Locale) -> Vec<ListRow> {
        let codes = self.lists.get(list).map(|list| list.codes());
        codes
            .unwrap_or_default()
            .iter()
            .map(|code| ListRow {
                code: code.code.clone(),
                text: self.code(list, &code.code),
            })
            .collect()
    }
}

fn or_unknown<T, E: Into<AppError>>(outcome: Result<T, E>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) => {
            let error: AppError = error.into();
            tracing::warn!(%error, "the store did not answer an interview");
            None
        }
    }
}
