//! What a finished interview writes: fields, media to attach, events. Identity, time and signature are the app's.

use std::collections::BTreeMap;

use xunge_records::model::field::FieldType;
use xunge_records::{FormRef, Kind, MediaRef, Value, Verb};

use super::answer::Answer;
use super::choices;
use super::definition::{ChoicesDef, EventRule, QuestionDef, QuestionKind};
use super::error::AnswerError;
use super::facts::{Facts, Source};
use super::fields;
use super::interview::{Context, Interview};
use super::xpath::Expr;
use crate::locale::Locale;

/// A file that becomes the value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Path of the field.
    pub field: String,
    /// Path of the file.
    pub file: String,
}

/// An event without id, time, author and basis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    /// What was done.
    pub verb: Verb,
    /// Why.
    pub reason: Option<String>,
    /// What is said to the town.
    pub note: Option<String>,
    /// Code of the list that the verb takes.
    pub code: Option<String>,
    /// Whether the parties are content.
    pub content: Option<bool>,
    /// Path of a sound file, or a media reference.
    pub audio: Option<String>,
    /// Path of a picture, or a media reference.
    pub photo: Option<String>,
    /// Propose: what the relay is asked to do.
    pub proposed: Option<Verb>,
}

/// Everything that saving an interview changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The form that made it.
    pub form: FormRef,
    /// Kind of the record.
    pub kind: Kind,
    /// The record to change; none for a new one.
    pub amends: Option<String>,
    /// Fields by path, each once; what the record holds already is left out.
    pub writes: Vec<(String, Value)>,
    /// Files to take in and to set as fields. What arrived as a media reference stands in `writes`.
    pub media: Vec<Attachment>,
    /// Events to add, in this order.
    pub events: Vec<EventDraft>,
}

impl Edit {
    /// The value written to a field.
    pub fn value(&self, path: &str) -> Option<&Value> {
        self.writes.iter().find(|(p, _)| p == path).map(|(_, v)| v)
    }

    /// Whether saving it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.media.is_empty() && self.events.is_empty()
    }
}

impl Interview {
    /// What to write, once nothing is left to ask. Answers to questions that are no longer relevant are left out.
    ///
    /// # Errors
    /// `incomplete` while a question is open, `app_too_old` when this app cannot ask it.
    pub fn to_edit(&self, context: &Context<'_>) -> Result<Edit, AnswerError> {
        let facts = Facts::gather(context, self);
        if let Some((question, _)) = facts.asked().find(|(_, entry)| !entry.settled) {
            return Err(match question.kind {
                QuestionKind::Unknown(_) => AnswerError::AppTooOld,
                _ => AnswerError::Incomplete(question.name.clone()),
            });
        }
        let form = context.form;
        let mut out = Writer {
            context,
            facts: &facts,
            writes: BTreeMap::new(),
            media: Vec::new(),
        };
        if let (Some(field), Some(subject)) = (form.subject_field(), &self.subject) {
            out.set(field, subject.clone().into());
        }
        for question in &form.questions {
            let Some(entry) = facts.entry(&question.name) else {
                continue;
            };
            if let (Some(answer), Source::Given | Source::Derived) = (&entry.answer, entry.source) {
                out.question(question, answer);
            }
        }
        let (writes, media) = (out.changed(), out.media);
        let events = form
            .events
            .iter()
            .filter(|rule| rule.relevant.as_ref().is_none_or(|e| facts.eval(e).truth()))
            .map(|rule| draft(&facts, rule))
            .collect();
        Ok(Edit {
            form: form.reference(),
            kind: form.kind,
            amends: self.amends.clone(),
            writes,
            media,
            events,
        })
    }
}

struct Writer<'a> {
    context: &'a Context<'a>,
    facts: &'a Facts<'a>,
    writes: BTreeMap<String, Value>,
    media: Vec<Attachment>,
}

impl Writer<'_> {
    fn set(&mut self, path: &str, value: Value) {
        self.writes.insert(path.into(), value);
    }

    fn question(&mut self, question: &QuestionDef, answer: &Answer) {
        if let Some(path) = &question.field {
            self.field(question, path, answer);
        }
        for (path, value) in &question.writes {
            self.set(path, value.clone());
        }
        let codes: &[String] = match answer {
            Answer::Text(code) => std::slice::from_ref(code),
            Answer::List(codes) => codes,
            _ => &[],
        };
        for code in codes {
            for (path, value) in choices::definition(question, code).map_or(&[][..], |c| &c.writes)
            {
                self.set(path, value.clone());
            }
        }
    }

    fn field(&mut self, question: &QuestionDef, path: &str, answer: &Answer) {
        let ty = fields::type_of(self.context.form.kind, path);
        match (answer, ty) {
            (Answer::List(codes), _) => {
                let before = self.facts.record.as_ref().map(|r| r.members(path));
                for gone in before.unwrap_or_default() {
                    self.set(&format!("{path}/{gone}"), false.into());
                }
                for code in codes {
                    self.set(&format!("{path}/{code}"), true.into());
                }
            }
            (Answer::Text(code), Some(FieldType::Codes(_))) => {
                self.set(&format!("{path}/{code}"), true.into());
            }
            (Answer::Text(file), Some(FieldType::Media)) => match file.parse::<MediaRef>() {
                Ok(_) => self.set(path, file.clone().into()),
                Err(_) => self.media.push(Attachment {
                    field: path.into(),
                    file: file.clone(),
                }),
            },
            (Answer::Text(text), ty) => {
                let words = ty == Some(FieldType::Text) && question.choices != ChoicesDef::None;
                let value = if words {
                    self.words(question, text)
                } else {
                    text.clone()
                };
                self.set(path, value.into());
            }
            (Answer::Flag(b), _) => self.set(path, (*b).into()),
            // The answer was checked to be whole and small enough.
            (Answer::Number(n), Some(FieldType::Integer)) => self.set(path, (*n as i64).into()),
            (Answer::Number(n), _) => self.set(path, Value::Float(*n)),
        }
    }

    /// The words of a choice, in the language of the files.
    fn words(&self, question: &QuestionDef, code: &str) -> String {
        choices::fixed(self.context, question, Locale::ZhCn)
            .into_iter()
            .find(|c| c.code == code)
            .map_or_else(|| code.into(), |c| c.text)
    }

    fn changed(&self) -> Vec<(String, Value)> {
        let held = self.facts.record.as_ref();
        self.writes
            .iter()
            .filter(|(path, value)| held.and_then(|r| r.fields.get(*path)) != Some(value))
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect()
    }
}

fn draft(facts: &Facts<'_>, rule: &EventRule) -> EventDraft {
    let text = |expr: &Option<Expr>| {
        let text = facts.eval(expr.as_ref()?).text();
        (!text.is_empty()).then_some(text)
    };
    let file = |name: &Option<String>| {
        let answer = facts.answer(name.as_deref()?)?;
        answer.as_text().map(Into::into)
    };
    EventDraft {
        verb: rule.verb,
        reason: text(&rule.reason),
        note: text(&rule.note),
        code: text(&rule.code),
        content: rule
            .content
            .as_ref()
            .map(|e| facts.eval(e))
            .filter(|v| !v.is_empty())
            .map(|v| v.truth()),
        audio: file(&rule.audio),
        photo: file(&rule.photo),
        proposed: rule.proposed,
    }
}
