//! One filling-in of a form: small, serialisable, the same after a kill.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::answer::{self, Answer};
use super::choices;
use super::definition::{Form, QuestionDef, QuestionKind, Subject};
use super::error::AnswerError;
use super::facts::{Facts, Source};
use super::knowledge::{Knowledge, Lists};
use super::screen::{self, Step};
use crate::locale::Locale;

/// What an interview needs beside its own state.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The form, of the interview's own version.
    pub form: &'a Form,
    /// Code lists, as a phone may see them.
    pub lists: &'a dyn Lists,
    /// What the phone knows.
    pub knowledge: &'a dyn Knowledge,
    /// The user's language.
    pub locale: Locale,
    /// The day, in Asia/Shanghai.
    pub today: Date,
}

/// The state of an interview. Serialise it after each call; what it says is enough to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interview {
    /// Id of the form.
    pub form: String,
    /// Version of the form, which stays the same to the end.
    pub version: u32,
    /// The record that the interview is about, for instance a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The record that the interview changes, if it exists already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends: Option<String>,
    /// Answers by question.
    pub answers: BTreeMap<String, Answer>,
    /// Questions that were skipped.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped: BTreeSet<String>,
    /// The question gone back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl Interview {
    /// Begins an interview for a new record, or for its subject where the form edits its subject.
    ///
    /// # Errors
    /// `subject_missing` where the form cannot do without.
    pub fn start(form: &Form, subject: Option<String>) -> Result<Self, AnswerError> {
        if subject.is_none() && form.needs_subject() {
            return Err(AnswerError::SubjectMissing);
        }
        let itself = form.subject == Some(Subject::Itself);
        let (subject, amends) = if itself {
            (None, subject)
        } else {
            (subject, None)
        };
        Ok(Self::new(form, subject, amends))
    }

    /// Begins to change a record that exists: to mend what the town sent back, or to add what happened since.
    pub fn amend(form: &Form, record: String) -> Self {
        Self::new(form, None, Some(record))
    }

    /// Begins to say again what the record that `context` knows says: each of its answers counts as given, and as what
    /// is to change.
    pub fn again(context: &Context<'_>, record: String) -> Self {
        let mut interview = Self::amend(context.form, record);
        let facts = Facts::gather(context, &interview);
        let mut answers = BTreeMap::new();
        let mut picked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for question in &context.form.questions {
            let said = facts.entry(&question.name);
            let said = said.filter(|entry| entry.source == Source::Record);
            let Some(answer) = said.and_then(|entry| entry.answer.clone()) else {
                continue;
            };
            answers.insert(question.name.clone(), answer);
            if let Some((pick, code)) = &question.pick {
                picked.entry(pick).or_default().insert(code);
            }
        }
        for (pick, codes) in picked {
            let codes = codes.into_iter().map(str::to_owned).collect();
            answers.insert(pick.to_owned(), Answer::List(codes));
        }
        interview.answers = answers;
        interview
    }

    fn new(form: &Form, subject: Option<String>, amends: Option<String>) -> Self {
        Self {
            form: form.id.clone(),
            version: form.version,
            subject,
            amends,
            answers: BTreeMap::new(),
            skipped: BTreeSet::new(),
            at: None,
        }
    }

    /// The screen where the user is.
    pub fn step(&self, context: &Context<'_>) -> Step {
        let facts = Facts::gather(context, self);
        match self.current(&facts) {
            Some(question) => Step::Question(screen::question(context, &facts, question)),
            None => Step::Review(screen::review(context, &facts)),
        }
    }

    /// Takes the answer to the present question and goes on.
    ///
    /// # Errors
    /// Says why it is not taken; the interview stays where it was.
    pub fn answer(&mut self, context: &Context<'_>, value: Answer) -> Result<Step, AnswerError> {
        let facts = Facts::gather(context, self);
        let question = self.current(&facts).ok_or(AnswerError::NothingAsked)?;
        let offered = choices::of(context, &facts, question);
        let value = answer::accept(context, question, &offered, value)?;
        if let Some((constraint, words)) = &question.constraint
            && !facts.eval_on(constraint, Some(&value)).truth()
        {
            return Err(AnswerError::Constraint(words.clone()));
        }
        let name = question.name.clone();
        self.skipped.remove(&name);
        self.answers.insert(name, value);
        self.at = None;
        Ok(self.step(context))
    }

    /// Goes on without an answer. What the record holds stays as it is.
    ///
    /// # Errors
    /// `not_optional` where there must be one.
    pub fn skip(&mut self, context: &Context<'_>) -> Result<Step, AnswerError> {
        let facts = Facts::gather(context, self);
        let question = self.current(&facts).ok_or(AnswerError::NothingAsked)?;
        let record = facts
            .entry(&question.name)
            .is_some_and(|e| e.source == Source::Record);
        if let QuestionKind::Unknown(_) = question.kind {
            return Err(AnswerError::AppTooOld);
        }
        if facts.is_picked(question) || (!question.optional && !record) {
            return Err(AnswerError::NotOptional);
        }
        let name = question.name.clone();
        self.answers.remove(&name);
        self.skipped.insert(name);
        self.at = None;
        Ok(self.step(context))
    }

    /// Goes to the screen before; at the first one it stays.
    pub fn back(&mut self, context: &Context<'_>) -> Step {
        let facts = Facts::gather(context, self);
        let here = self.current(&facts).map(|q| q.name.as_str());
        let before = facts
            .asked()
            .map(|(q, _)| q.name.as_str())
            .take_while(|name| Some(*name) != here)
            .last()
            .map(Into::into);
        if before.is_some() {
            self.at = before;
        }
        self.step(context)
    }

    /// The question that is open, if any: the one gone back to, else the first without an answer.
    pub(super) fn current<'a>(&self, facts: &Facts<'a>) -> Option<&'a QuestionDef> {
        let revisited = facts
            .asked()
            .find(|(q, _)| Some(q.name.as_str()) == self.at.as_deref());
        revisited
            .or_else(|| facts.asked().find(|(_, entry)| !entry.settled))
            .map(|(question, _)| question)
    }
}
