//! One walk over a form's questions: which are relevant, which are asked, and what each one's answer is now.

use std::collections::BTreeMap;

use jiff::civil::Date;
use xunge_records::Value;
use xunge_records::model::field::FieldType;

use super::answer::Answer;
use super::choices;
use super::definition::{QuestionDef, QuestionKind};
use super::fields;
use super::interview::{Context, Interview};
use super::knowledge::Known;
use super::screen;
use super::xpath::{Expr, Reference, Scope, Val, eval};
use crate::locale::Locale;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// There is none.
    None,
    /// From the user, in this interview.
    Given,
    /// Worked out, or the interview's subject.
    Derived,
    /// It stands in the record already.
    Record,
}

/// A question in the light of all answers so far.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Whether its condition holds.
    pub(super) relevant: bool,
    /// Whether it has a screen.
    pub(super) asked: bool,
    /// Whether that screen is done with.
    pub(super) settled: bool,
    /// Its answer.
    pub(super) answer: Option<Answer>,
    /// Whence.
    pub(super) source: Source,
}

/// Everything that is known at one moment of an interview.
pub(super) struct Facts<'a> {
    context: &'a Context<'a>,
    interview: &'a Interview,
    /// The record as it was, when it exists already.
    pub(super) record: Option<Known>,
    entries: BTreeMap<&'a str, Entry>,
}

impl<'a> Facts<'a> {
    pub(super) fn gather(context: &'a Context<'a>, interview: &'a Interview) -> Self {
        let record = interview
            .amends
            .as_deref()
            .map(|id| context.knowledge.record(id).unwrap_or_default());
        let mut facts = Self {
            context,
            interview,
            record,
            entries: BTreeMap::new(),
        };
        // A condition refers to earlier questions only, so one walk in order is enough.
        for question in &context.form.questions {
            let entry = facts.judge(question);
            facts.entries.insert(&question.name, entry);
        }
        facts
    }

    /// The record that the interview is about.
    pub(super) fn subject(&self) -> Option<&str> {
        self.interview.subject.as_deref()
    }

    /// The state of a question.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The questions that have a screen, in order.
    pub(super) fn asked(&self) -> impl Iterator<Item = (&'a QuestionDef, &Entry)> {
        self.context.form.questions.iter().filter_map(|question| {
            let entry = self.entries.get(question.name.as_str())?;
            entry.asked.then_some((question, entry))
        })
    }

    /// The answer to a question.
    pub(super) fn answer(&self, name: &str) -> Option<&Answer> {
        self.entries.get(name)?.answer.as_ref()
    }

    /// Evaluates an expression of the form.
    pub(super) fn eval(&self, expr: &Expr) -> Val {
        self.eval_on(expr, None)
    }

    /// Evaluates with an answer under test.
    pub(super) fn eval_on(&self, expr: &Expr, current: Option<&Answer>) -> Val {
        let current = current.map_or(Val::empty(), Answer::to_val);
        eval(
            expr,
            &View {
                facts: self,
                current,
            },
        )
    }

    fn holds(&self, expr: Option<&Expr>) -> bool {
        expr.is_none_or(|e| self.eval(e).truth())
    }

    fn judge(&self, question: &QuestionDef) -> Entry {
        let none = Entry {
            relevant: false,
            asked: false,
            settled: false,
            answer: None,
            source: Source::None,
        };
        if !self.holds(question.relevant.as_ref()) {
            return none;
        }
        let stored = self.stored(question);
        let held = Entry {
            relevant: true,
            source: if stored.is_some() {
                Source::Record
            } else {
                Source::None
            },
            answer: stored,
            ..none
        };
        if let Some(subject) = self.subject_of(question) {
            return Entry {
                answer: Some(subject.into()),
                source: Source::Derived,
                ..held
            };
        }
        if !self.is_open(question, held.answer.is_some()) || self.is_passed_over(question) {
            return held;
        }
        if let Some(answer) = self.derived(question) {
            return Entry {
                answer: Some(answer),
                source: Source::Derived,
                ..held
            };
        }
        if let Some(answer) = self.interview.answers.get(&question.name) {
            return Entry {
                asked: true,
                settled: true,
                answer: Some(answer.clone()),
                source: Source::Given,
                ..held
            };
        }
        Entry {
            asked: true,
            settled: self.interview.skipped.contains(&question.name),
            ..held
        }
    }

    /// Whether this interview may change the answer: in an existing record only what was picked or is missing.
    fn is_open(&self, question: &QuestionDef, stored: bool) -> bool {
        if self.record.is_none() {
            return true;
        }
        match &question.pick {
            Some(_) => self.is_picked(question) || (!question.optional && !stored),
            None => !(stored && question.known.is_some()),
        }
    }

    /// Whether the user said that the answer in an existing record is to change.
    pub(super) fn is_picked(&self, question: &QuestionDef) -> bool {
        let Some((pick, code)) = &question.pick else {
            return false;
        };
        self.record.is_some()
            && match self.answer(pick) {
                Some(Answer::List(codes)) => codes.contains(code),
                Some(Answer::Text(one)) => one == code,
                _ => false,
            }
    }

    /// Optional questions that this app cannot ask, or that have nothing to choose from.
    fn is_passed_over(&self, question: &QuestionDef) -> bool {
        question.optional
            && match question.kind {
                QuestionKind::Unknown(_) => true,
                QuestionKind::Person => choices::of(self.context, self, question).is_empty(),
                _ => false,
            }
    }

    fn subject_of(&self, question: &QuestionDef) -> Option<&str> {
        let subject = self.interview.subject.as_deref()?;
        let field = self.context.form.subject_field()?;
        (question.field.as_deref() == Some(field)).then_some(subject)
    }

    fn derived(&self, question: &QuestionDef) -> Option<Answer> {
        let value = self.eval(question.known.as_ref()?);
        if value.is_empty() {
            return None;
        }
        as_answer(question, value)
    }

    /// What the record holds for a question.
    fn stored(&self, question: &QuestionDef) -> Option<Answer> {
        let (record, path) = (self.record.as_ref()?, question.field.as_deref()?);
        if let Some(FieldType::Codes(_)) = fields::type_of(self.context.form.kind, path) {
            let members = record.members(path);
            return match question.kind {
                QuestionKind::Choice => members.into_iter().next().map(Answer::Text),
                _ => (!members.is_empty()).then_some(Answer::List(members)),
            };
        }
        Some(match record.fields.get(path)? {
            Value::Bool(b) => Answer::Flag(*b),
            Value::Int(n) => Answer::Number(*n as f64),
            Value::Float(n) => Answer::Number(*n),
            Value::Text(text) if text.is_empty() => return None,
            // The record keeps the words of a choice where its field takes no code.
            Value::Text(text) => choices::fixed(self.context, question, Locale::ZhCn)
                .into_iter()
                .find(|c| c.text == *text)
                .map_or_else(|| text.clone(), |c| c.code)
                .into(),
        })
    }
}

/// A worked-out value as an answer to a question, if it can be one.
pub(super) fn as_answer(question: &QuestionDef, value: Val) -> Option<Answer> {
    match (&question.kind, value) {
        (QuestionKind::YesNo | QuestionKind::Confirm, value) => Some(Answer::Flag(value.truth())),
        (QuestionKind::Choices, Val::Codes(codes)) => Some(Answer::List(codes)),
        (QuestionKind::Choices, value) => Some(Answer::List(
            value.text().split_whitespace().map(Into::into).collect(),
        )),
        (QuestionKind::Number, Val::Number(n)) => Some(Answer::Number(n)),
        (QuestionKind::Number, value) => value.text().parse().ok().map(Answer::Number),
        (_, value) if value.is_empty() => None,
        (_, value) => Some(Answer::Text(value.text())),
    }
}

/// The facts as an expression sees them.
struct View<'a> {
    facts: &'a Facts<'a>,
    current: Val,
}

impl Scope for View<'_> {
    fn value(&self, reference: &Reference) -> Val {
        let facts = self.facts;
        let subject = || {
            let field = facts.context.form.subject_field()?;
            let held = || {
                Some(
                    facts
                        .record
                        .as_ref()?
                        .fields
                        .get(field)?
                        .as_text()?
                        .to_owned(),
                )
            };
            let id = facts.interview.subject.clone().or_else(held)?;
            (field == reference.name).then_some(Answer::Text(id))
        };
        let own = facts.answer(&reference.name).cloned().or_else(subject);
        let value = own.map_or(Val::empty(), |a| a.to_val());
        let Some(field) = &reference.field else {
            return value;
        };
        let record = facts.context.knowledge.record(&value.text());
        match record.as_ref().and_then(|r| r.fields.get(field)) {
            Some(Value::Bool(b)) => Val::Bool(*b),
            Some(Value::Int(n)) => Val::Number(*n as f64),
            Some(Value::Float(n)) => Val::Number(*n),
            Some(Value::Text(text)) => Val::Text(text.clone()),
            None => Val::empty(),
        }
    }

    fn label(&self, reference: &Reference) -> String {
        let facts = self.facts;
        let question = facts.context.form.question(&reference.name);
        match (question, facts.answer(&reference.name)) {
            (Some(question), Some(answer)) => {
                screen::describe(facts.context, facts, question, answer, Locale::ZhCn).text
            }
            _ => String::new(),
        }
    }

    fn current(&self) -> Val {
        self.current.clone()
    }

    fn today(&self) -> Date {
        self.facts.context.today
    }

    fn amending(&self) -> bool {
        self.facts.record.is_some()
    }

    fn returned(&self) -> bool {
        self.facts.record.as_ref().is_some_and(|r| r.returned)
    }
}
