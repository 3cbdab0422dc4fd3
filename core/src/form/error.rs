//! What can be wrong in a form, and in an answer.

use std::fmt;

use crate::locale::{Catalog, Locale, Phrase, Words};

/// A form that cannot be used, with the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct FormError {
    /// Id of the form, as far as it could be read.
    pub form: String,
    /// Name of the question or group, or its place as `#3`.
    pub question: Option<String>,
    /// Key inside it.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "form {}", self.form)?;
        if let Some(question) = &self.question {
            write!(f, ", question {question}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key {key}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Why an answer was not taken. The interview is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The code is none of the choices.
    #[error("{0} is none of the choices")]
    NotAChoice(String),
    /// Not an ISO 8601 calendar date.
    #[error("not a date such as 2026-11-23")]
    NotADate,
    /// Not a finite number of zero or more.
    #[error("not a number of zero or more")]
    NotANumber,
    /// A whole number was asked for.
    #[error("not a whole number")]
    NotWhole,
    /// Not a text, or an empty one.
    #[error("not a text")]
    NotText,
    /// Not true or false.
    #[error("neither true nor false")]
    NotYesNo,
    /// The step goes on only with `true`.
    #[error("must be confirmed with true")]
    MustConfirm,
    /// Longer than a field of a record may be.
    #[error("text longer than {0} characters")]
    TooLong(usize),
    /// No such file.
    #[error("no file at this path")]
    FileMissing,
    /// A file without content.
    #[error("the file is empty")]
    FileEmpty,
    /// Neither the sound nor the picture that was asked for.
    #[error("the file is of another type")]
    FileType,
    /// No such household on this phone.
    #[error("unknown household {0}")]
    UnknownHousehold(String),
    /// No such person on this phone.
    #[error("unknown person {0}")]
    UnknownPerson(String),
    /// The form's own condition does not hold.
    #[error("the answer breaks the form's constraint")]
    Constraint(Words),
    /// Only an optional question can be skipped.
    #[error("this question is not optional")]
    NotOptional,
    /// All is answered; there is nothing to answer or skip.
    #[error("no question is open")]
    NothingAsked,
    /// Questions are still open.
    #[error("the question {0} is still open")]
    Incomplete(String),
    /// The form has a question that this version of the app does not know.
    #[error("the app is too old for this form")]
    AppTooOld,
    /// The form needs to be told what it is about.
    #[error("this form needs a subject")]
    SubjectMissing,
}

impl AnswerError {
    /// Stable code; its words are in the resource files under `error.CODE`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAChoice(_) => "not_a_choice",
            Self::NotADate => "not_a_date",
            Self::NotANumber => "not_a_number",
            Self::NotWhole => "not_whole",
            Self::NotText => "not_text",
            Self::NotYesNo => "not_yes_no",
            Self::MustConfirm => "must_confirm",
            Self::TooLong(_) => "too_long",
            Self::FileMissing => "file_missing",
            Self::FileEmpty => "file_empty",
            Self::FileType => "file_type",
            Self::UnknownHousehold(_) => "unknown_household",
            Self::UnknownPerson(_) => "unknown_person",
            Self::Constraint(_) => "constraint",
            Self::NotOptional => "not_optional",
            Self::NothingAsked => "nothing_asked",
            Self::Incomplete(_) => "incomplete",
            Self::AppTooOld => "app_too_old",
            Self::SubjectMissing => "subject_missing",
        }
    }

    /// What the user reads and hears: the form's own words where it has some for this.
    pub fn phrase(&self, locale: Locale) -> Phrase {
        let phrase = Catalog::of(locale).error(self.code());
        match self {
            Self::Constraint(words) if !words.get(locale).is_empty() => Phrase {
                text: words.get(locale).into(),
                speech: words.get(locale).into(),
                remedy: phrase.remedy,
            },
            _ => phrase,
        }
    }
}
