//! An answer as it arrives, and whether a question takes it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use xunge_records::MediaRef;
use xunge_records::model::field::{FieldType, MAX_TEXT_CHARS};

use super::definition::{QuestionDef, QuestionKind};
use super::error::AnswerError;
use super::fields;
use super::files::{FileFault, FileKind};
use super::interview::Context;
use super::screen::Choice;
use super::xpath::Val;

/// The value of an answer, in JSON without a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A code, an id, an ISO date, a text, the path of a file or a media reference.
    Text(String),
    /// Codes.
    List(Vec<String>),
}

impl Answer {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As an expression sees it.
    pub(super) fn to_val(&self) -> Val {
        match self {
            Self::Flag(b) => Val::Bool(*b),
            Self::Number(n) => Val::Number(*n),
            Self::Text(text) => Val::Text(text.clone()),
            Self::List(codes) => Val::Codes(codes.clone()),
        }
    }
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Answer {
    fn from(b: bool) -> Self {
        Self::Flag(b)
    }
}

/// The answer as it is kept, if the question takes it. Constraints are judged elsewhere.
pub(super) fn accept(
    context: &Context<'_>,
    question: &QuestionDef,
    choices: &[Choice],
    answer: Answer,
) -> Result<Answer, AnswerError> {
    match (&question.kind, answer) {
        (QuestionKind::Unknown(_), _) => Err(AnswerError::AppTooOld),
        (QuestionKind::Choice, Answer::Text(code)) => {
            offered(choices, &code)?;
            Ok(Answer::Text(code))
        }
        (QuestionKind::Choice, Answer::List(mut codes)) if codes.len() == 1 => {
            let code = codes.swap_remove(0);
            offered(choices, &code)?;
            Ok(Answer::Text(code))
        }
        (QuestionKind::Choice, _) => Err(AnswerError::NotAChoice(String::new())),
        (QuestionKind::Choices, answer) => several(question, choices, answer),
        (QuestionKind::YesNo, Answer::Flag(b)) => Ok(Answer::Flag(b)),
        (QuestionKind::YesNo, _) => Err(AnswerError::NotYesNo),
        (QuestionKind::Confirm, Answer::Flag(true)) => Ok(Answer::Flag(true)),
        (QuestionKind::Confirm, _) => Err(AnswerError::MustConfirm),
        (QuestionKind::Household, answer) => {
            let id = text(answer).unwrap_or_default();
            match context.knowledge.household(&id) {
                Some(_) => Ok(Answer::Text(id)),
                None => Err(AnswerError::UnknownHousehold(id)),
            }
        }
        (QuestionKind::Person, answer) => {
            let id = text(answer).unwrap_or_default();
            match context.knowledge.person(&id) {
                Some(_) => Ok(Answer::Text(id)),
                None => Err(AnswerError::UnknownPerson(id)),
            }
        }
        (QuestionKind::Number, answer) => number(context, question, answer),
        (QuestionKind::Date, answer) => {
            let date: Date = text(answer)
                .filter(|t| t.len() == 10)
                .and_then(|t| t.parse().ok())
                .ok_or(AnswerError::NotADate)?;
            Ok(Answer::Text(date.to_string()))
        }
        (QuestionKind::Text, answer) => {
            let text = text(answer).ok_or(AnswerError::NotText)?;
            match text.chars().count() {
                0 => Err(AnswerError::NotText),
                n if n > MAX_TEXT_CHARS => Err(AnswerError::TooLong(MAX_TEXT_CHARS)),
                _ => Ok(Answer::Text(text)),
            }
        }
        (QuestionKind::Voice, answer) => file(context, answer, FileKind::Sound),
        (QuestionKind::Photo | QuestionKind::Signature, answer) => {
            file(context, answer, FileKind::Picture)
        }
    }
}

fn text(answer: Answer) -> Option<String> {
    match answer {
        Answer::Text(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn offered(choices: &[Choice], code: &str) -> Result<(), AnswerError> {
    if choices.iter().any(|c| c.code == code) {
        Ok(())
    } else {
        Err(AnswerError::NotAChoice(code.into()))
    }
}

fn several(
    question: &QuestionDef,
    choices: &[Choice],
    answer: Answer,
) -> Result<Answer, AnswerError> {
    let codes = match answer {
        Answer::List(codes) => codes,
        Answer::Text(code) => vec![code],
        _ => return Err(AnswerError::NotAChoice(String::new())),
    };
    codes.iter().try_for_each(|code| offered(choices, code))?;
    if codes.is_empty() && !question.optional {
        return Err(AnswerError::NotOptional);
    }
    // In the order of the screen and each once, so that equal choices are equal answers.
    let chosen = choices.iter().map(|c| &c.code);
    Ok(Answer::List(
        chosen.filter(|c| codes.contains(c)).cloned().collect(),
    ))
}

fn number(
    context: &Context<'_>,
    question: &QuestionDef,
    answer: Answer,
) -> Result<Answer, AnswerError> {
    let number = match answer {
        Answer::Number(number) => Some(number),
        Answer::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|n: &f64| n.is_finite() && *n >= 0.0)
    .ok_or(AnswerError::NotANumber)?;
    let ty = question
        .field
        .as_deref()
        .and_then(|path| fields::type_of(context.form.kind, path));
    let whole = number.fract() == 0.0 && number <= f64::from(u32::MAX);
    if ty == Some(FieldType::Integer) && !whole {
        return Err(AnswerError::NotWhole);
    }
    Ok(Answer::Number(number))
}

fn file(context: &Context<'_>, answer: Answer, kind: FileKind) -> Result<Answer, AnswerError> {
    let path = text(answer)
        .filter(|p| !p.is_empty())
        .ok_or(AnswerError::FileMissing)?;
    // What the app took into its media store already, it hands on as a reference.
    let reference = path.parse::<MediaRef>().ok();
    let fault = match (&reference, kind) {
        (Some(media), FileKind::Sound) => {
            (!media.mime.starts_with("audio/")).then_some(FileFault::Type)
        }
        (Some(media), FileKind::Picture) => {
            (!media.mime.starts_with("image/")).then_some(FileFault::Type)
        }
        (None, kind) => context.knowledge.file(&path, kind).err(),
    };
    match fault {
        None => Ok(Answer::Text(path)),
        Some(FileFault::Missing) => Err(AnswerError::FileMissing),
        Some(FileFault::Empty) => Err(AnswerError::FileEmpty),
        Some(FileFault::Type) => Err(AnswerError::FileType),
    }
}
