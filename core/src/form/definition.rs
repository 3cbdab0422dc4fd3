//! A form as the interview uses it: read by `parse`, proven by `check`, groups already flattened.

use std::fmt;

use xunge_records::{FormRef, Kind, Value, Verb};

use super::xpath::Expr;
use crate::locale::Words;

/// A form: a version of the questions that fill in one kind of record.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Stable id, the name under which an interview is started.
    pub id: String,
    /// Counts up with every change.
    pub version: u32,
    /// Kind of the record.
    pub kind: Kind,
    /// Shown above the questions.
    pub title: Words,
    /// Picture of the form.
    pub picture: String,
    /// What the interview may be started with.
    pub subject: Option<Subject>,
    /// In the order in which they are asked.
    pub questions: Vec<QuestionDef>,
    /// What is done to the record beside its fields.
    pub events: Vec<EventRule>,
}

/// What the `subject` of an interview is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The record itself, which the interview edits.
    Itself,
    /// The record that this field names.
    Field(String),
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuestionKind {
    /// One code; goes on by itself.
    Choice,
    /// Several codes.
    Choices,
    /// True or false.
    YesNo,
    /// Id of a household.
    Household,
    /// Id of a person.
    Person,
    /// Number of zero or more.
    Number,
    /// ISO date.
    Date,
    /// Text.
    Text,
    /// Path of a sound file.
    Voice,
    /// Path of a picture.
    Photo,
    /// Path of a picture of what was drawn.
    Signature,
    /// True only.
    Confirm,
    /// A kind of a later version.
    Unknown(String),
}

/// The kinds that this version asks, by name.
const KINDS: [(&str, QuestionKind); 12] = [
    ("choice", QuestionKind::Choice),
    ("choices", QuestionKind::Choices),
    ("yes_no", QuestionKind::YesNo),
    ("household", QuestionKind::Household),
    ("person", QuestionKind::Person),
    ("number", QuestionKind::Number),
    ("date", QuestionKind::Date),
    ("text", QuestionKind::Text),
    ("voice", QuestionKind::Voice),
    ("photo", QuestionKind::Photo),
    ("signature", QuestionKind::Signature),
    ("confirm", QuestionKind::Confirm),
];

impl QuestionKind {
    /// The kind of a name; unknown ones are kept by name.
    pub fn of(name: &str) -> Self {
        KINDS
            .iter()
            .find(|(n, _)| *n == name)
            .map_or_else(|| Self::Unknown(name.into()), |(_, kind)| kind.clone())
    }

    /// Name in forms and in the API.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(name) => name,
            known => KINDS
                .iter()
                .find(|(_, kind)| kind == known)
                .map_or("", |(name, _)| name),
        }
    }

    /// Whether the answer is the path of a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::Voice | Self::Photo | Self::Signature)
    }
}

impl fmt::Display for QuestionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionDef {
    /// Stable name, unique in its form.
    pub name: String,
    /// What it takes.
    pub kind: QuestionKind,
    /// The question, with `${references}`.
    pub text: Words,
    /// Read aloud.
    pub speech: Words,
    /// Short name of the answer, for the review.
    pub label: Words,
    /// Name of its picture.
    pub picture: String,
    /// Whether it can be skipped.
    pub optional: bool,
    /// Whether it is asked at all; groups' conditions are joined in.
    pub relevant: Option<Expr>,
    /// What can be chosen.
    pub choices: ChoicesDef,
    /// Path of the field that the answer goes to.
    pub field: Option<String>,
    /// Proposed answer, where the record has none.
    pub default: Option<Expr>,
    /// The answer itself where it yields one: the question is not asked.
    pub known: Option<Expr>,
    /// Fields set when the question was answered.
    pub writes: Writes,
    /// Text shown and read out before the question, for instance a warning's.
    pub quote: Option<Expr>,
    /// What must hold of the answer `.`, and what is said if it does not.
    pub constraint: Option<(Expr, Words)>,
    /// Whether the last answer given to this question is proposed.
    pub remember: bool,
    /// Number behind a call button.
    pub dial: Option<String>,
    /// Person: question that names the household.
    pub of: Option<String>,
    /// Household: only those of the subject that were not reached yet.
    pub unheard: bool,
    /// In an existing record: asked only if this question has this code among its answers.
    pub pick: Option<(String, String)>,
}

/// Constant fields, by path.
pub(super) type Writes = Vec<(String, Value)>;

/// Where the choices of a question come from.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ChoicesDef {
    /// No choices.
    #[default]
    None,
    /// Written in the form.
    Inline(Vec<ChoiceDef>),
    /// Rows of a code list.
    List {
        /// Its name.
        list: String,
        /// Only these codes, in this order; empty: all, those of `show` first.
        only: Vec<String>,
        /// The form's own words and pictures for some codes.
        show: Vec<ChoiceDef>,
    },
    /// The questions that can be changed, by name.
    Questions(Vec<String>),
}

/// A choice, or the form's own words for a code of a list (then `text` may be absent).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChoiceDef {
    /// Its code.
    pub code: String,
    /// Its words.
    pub text: Option<Words>,
    /// Read aloud, if not the same.
    pub speech: Option<Words>,
    /// Its picture.
    pub picture: Option<String>,
    /// Fields set when it is chosen.
    pub writes: Writes,
}

/// An event that a form adds to the record; each value is an expression, absent where empty.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRule {
    /// What was done; never one that only the relay may write.
    pub verb: Verb,
    /// When it is added.
    pub relevant: Option<Expr>,
    /// Why.
    pub reason: Option<Expr>,
    /// What is said to the town.
    pub note: Option<Expr>,
    /// A code of the list that the verb takes.
    pub code: Option<Expr>,
    /// Whether the parties are content.
    pub content: Option<Expr>,
    /// Name of a voice question.
    pub audio: Option<String>,
    /// Name of a photo question.
    pub photo: Option<String>,
    /// Propose: what the relay is asked to do.
    pub proposed: Option<Verb>,
}

impl Form {
    /// Id and version.
    pub fn reference(&self) -> FormRef {
        FormRef {
            id: self.id.clone(),
            version: self.version,
        }
    }

    /// The question of a name.
    pub fn question(&self, name: &str) -> Option<&QuestionDef> {
        self.questions.iter().find(|q| q.name == name)
    }

    /// The field that the subject goes to.
    pub fn subject_field(&self) -> Option<&str> {
        match &self.subject {
            Some(Subject::Field(field)) => Some(field),
            _ => None,
        }
    }

    /// Whether it cannot be started without a subject: no question asks for it.
    pub fn needs_subject(&self) -> bool {
        self.subject_field()
            .is_some_and(|f| !self.questions.iter().any(|q| q.field.as_deref() == Some(f)))
    }
}
