//! What an interview answers with.

use serde::Serialize;

use crate::form::{self, Line, Question};

/// Answer of `start` and `amend`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Started {
    /// To be passed to `answer` and the others.
    pub interview: String,
    /// What to do now.
    #[serde(flatten)]
    pub step: Step,
}

/// What comes next. Exactly one of the two is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The question to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// After the last question: what will be saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Vec<Line>>,
}

impl From<form::Step> for Step {
    fn from(step: form::Step) -> Self {
        match step {
            form::Step::Question(question) => Self {
                question: Some(question),
                review: None,
            },
            form::Step::Review(lines) => Self {
                question: None,
                review: Some(lines),
            },
        }
    }
}

/// Answer of `save` and `discard`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saved {
    /// The record; none when a draft of a new record was discarded.
    pub record: Option<String>,
    /// Its sync state.
    pub sync_state: Option<String>,
}
