//! What stands on the screen: a question with its choices, or the review, in the user's language.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::choices;
use super::definition::{QuestionDef, QuestionKind};
use super::facts::{Facts, Source, as_answer};
use super::interview::Context;
use super::xpath::{Expr, Reference};
use crate::locale::{Catalog, Locale};

/// Something to tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is answered.
    pub code: String,
    /// Its words.
    pub text: String,
    /// Read aloud.
    pub speech: String,
    /// Name of its picture.
    pub picture: String,
}

/// A text with what is read aloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// On the screen.
    pub text: String,
    /// Read aloud.
    pub speech: String,
}

/// One screen of an interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Name of the question in its form.
    pub id: String,
    /// What it takes: `choice`, `choices`, `yes_no`, `household`, `person`, `number`, `date`, `text`, `voice`, `photo`,
    /// `signature` or `confirm`.
    pub kind: String,
    /// The question.
    pub text: String,
    /// Read aloud.
    pub speech: String,
    /// Name of its picture.
    pub picture: String,
    /// Whether it can be skipped.
    pub optional: bool,
    /// What can be tapped, for the kinds that offer something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Choice>>,
    /// The answer so far, what the record holds, or what is proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Answer>,
    /// Read out before the question: a warning's text, or what the town asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Line>,
    /// Number behind a call button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dial: Option<String>,
    /// Position of this screen, from 1.
    pub step: u64,
    /// Number of screens, as far as can be foreseen.
    pub steps: u64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it at a time, a screen"
)]
pub enum Step {
    /// A question.
    Question(Question),
    /// All is answered: what will be saved, line by line.
    Review(Vec<Line>),
}

/// The screen of a question.
pub(super) fn question(
    context: &Context<'_>,
    facts: &Facts<'_>,
    question: &QuestionDef,
) -> Question {
    let locale = context.locale;
    let position = facts.asked().position(|(q, _)| q.name == question.name);
    let step = position.map_or(1, |p| p + 1);
    if let QuestionKind::Unknown(_) = question.kind {
        return outdated(question, locale, step, facts.asked().count());
    }
    let offered = choices::of(context, facts, question);
    let takes = matches!(
        question.kind,
        QuestionKind::Choice
            | QuestionKind::Choices
            | QuestionKind::Household
            | QuestionKind::Person
    );
    let entry = facts.entry(&question.name);
    let value = entry
        .and_then(|e| e.answer.clone())
        .or_else(|| proposed(context, facts, question, &offered));
    Question {
        id: question.name.clone(),
        kind: question.kind.name().into(),
        text: fill(context, facts, question.text.get(locale)),
        speech: fill(context, facts, question.speech.get(locale)),
        picture: question.picture.clone(),
        // What the record holds may be left as it is, unless the user just said that it changed.
        optional: !facts.is_picked(question)
            && (question.optional || entry.is_some_and(|e| e.source == Source::Record)),
        choices: takes.then_some(offered),
        value,
        quote: quote(facts, question, step),
        dial: question.dial.clone(),
        step: step as u64,
        steps: facts.asked().count() as u64,
    }
}

/// In the place of a question that this app cannot ask.
fn outdated(question: &QuestionDef, locale: Locale, step: usize, steps: usize) -> Question {
    let phrase = Catalog::of(locale).phrase("interview.app_too_old");
    Question {
        id: question.name.clone(),
        kind: QuestionKind::Confirm.name().into(),
        text: phrase.text,
        speech: phrase.speech,
        picture: question.picture.clone(),
        optional: false,
        choices: None,
        value: None,
        quote: None,
        dial: None,
        step: step as u64,
        steps: steps as u64,
    }
}

fn proposed(
    context: &Context<'_>,
    facts: &Facts<'_>,
    question: &QuestionDef,
    offered: &[Choice],
) -> Option<Answer> {
    let last = question
        .remember
        .then(|| {
            context
                .knowledge
                .last_answer(&context.form.id, &question.name)
        })
        .flatten()
        .filter(|answer| {
            let there = |code: &str| offered.iter().any(|c| c.code == code);
            match answer {
                Answer::Text(code) => offered.is_empty() || there(code),
                Answer::List(codes) => codes.iter().all(|c| there(c)),
                _ => true,
            }
        });
    last.or_else(|| {
        let value = facts.eval(question.default.as_ref()?);
        (!value.is_empty()).then(|| as_answer(question, value))?
    })
}

fn quote(facts: &Facts<'_>, question: &QuestionDef, step: usize) -> Option<Line> {
    let town = facts
        .record
        .as_ref()
        .filter(|r| r.returned && step == 1)
        .and_then(|r| r.note.clone());
    let own = question.quote.as_ref().map(|e| facts.eval(e).text());
    let text = town.or(own).filter(|t| !t.is_empty())?;
    Some(Line {
        speech: text.clone(),
        text,
    })
}

/// What will be saved: one line for every answer that is new or changed, in the order of the form.
pub(super) fn review(context: &Context<'_>, facts: &Facts<'_>) -> Vec<Line> {
    let catalog = Catalog::of(context.locale);
    let given: Vec<_> = facts
        .asked()
        .filter(|(_, entry)| entry.source == Source::Given)
        .collect();
    // Where a later answer fills the same field, it is the one that is saved.
    let overwritten = |at: usize, question: &QuestionDef| {
        let field = question.field.as_ref();
        field.is_some()
            && given[at + 1..]
                .iter()
                .any(|(q, _)| q.field.as_ref() == field)
    };
    given
        .iter()
        .enumerate()
        .filter(|(at, (question, _))| !overwritten(*at, question))
        .filter_map(|(_, (question, entry))| {
            let said = describe(
                context,
                facts,
                question,
                entry.answer.as_ref()?,
                context.locale,
            );
            let label = question.label.get(context.locale);
            let line = catalog.phrase("review.line");
            Some(Line {
                text: line.with(&[("label", label), ("value", &said.text)]).text,
                speech: line
                    .with(&[("label", label), ("value", unended(&said.speech))])
                    .speech,
            })
        })
        .collect()
}

/// A sentence without its full stop, to be put into a longer one.
fn unended(speech: &str) -> &str {
    speech.trim_end_matches(['。', '.'])
}

/// An answer in words.
pub(super) fn describe(
    context: &Context<'_>,
    facts: &Facts<'_>,
    question: &QuestionDef,
    answer: &Answer,
    locale: Locale,
) -> Line {
    let catalog = Catalog::of(locale);
    let same = |text: String| Line {
        speech: text.clone(),
        text,
    };
    let key = |key: &str| {
        let phrase = catalog.phrase(key);
        Line {
            text: phrase.text,
            speech: phrase.speech,
        }
    };
    let candidate = |found: Option<super::Candidate>, id: &str| match found {
        Some(c) if c.speech.is_empty() => same(c.text),
        Some(c) => Line {
            text: c.text,
            speech: c.speech,
        },
        None => same(id.into()),
    };
    let offered = || match question.choices {
        super::definition::ChoicesDef::Questions(_) => choices::of(context, facts, question),
        _ => choices::fixed(context, question, locale),
    };
    match (&question.kind, answer) {
        (QuestionKind::Confirm, _) => key("answer.confirmed"),
        (_, Answer::Flag(true)) => key("answer.yes"),
        (_, Answer::Flag(false)) => key("answer.no"),
        (_, Answer::Number(n)) => same(n.to_string()),
        (QuestionKind::Voice, _) => key("answer.voice"),
        (QuestionKind::Photo, _) => key("answer.photo"),
        (QuestionKind::Signature, _) => key("answer.signature"),
        (QuestionKind::Household, Answer::Text(id)) => {
            candidate(context.knowledge.household(id), id)
        }
        (QuestionKind::Person, Answer::Text(id)) => candidate(context.knowledge.person(id), id),
        (QuestionKind::Date, Answer::Text(text)) => same(date(text, context.today, catalog)),
        (_, Answer::Text(code)) => offered().into_iter().find(|c| c.code == *code).map_or_else(
            || same(code.clone()),
            |c| Line {
                text: c.text,
                speech: c.speech,
            },
        ),
        (_, Answer::List(codes)) => {
            let chosen: Vec<_> = offered()
                .into_iter()
                .filter(|c| codes.contains(&c.code))
                .collect();
            let join = catalog.text("review.join");
            let all =
                |part: fn(&Choice) -> &str| chosen.iter().map(part).collect::<Vec<_>>().join(&join);
            Line {
                text: all(|c| &c.text),
                speech: all(|c| &c.speech),
            }
        }
    }
}

fn date(text: &str, today: Date, catalog: &Catalog) -> String {
    match text.parse::<Date>() {
        Ok(date) if date == today => catalog.text("answer.today"),
        Ok(date) => {
            let pattern = catalog.text("date.pattern");
            jiff::fmt::strtime::format(&pattern, date).unwrap_or_else(|_| text.into())
        }
        Err(_) => text.into(),
    }
}

/// The `${references}` in a text.
pub(super) fn template_references(text: &str) -> Vec<Reference> {
    split(text)
        .into_iter()
        .filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Plain(_) => None,
        })
        .collect()
}

fn fill(context: &Context<'_>, facts: &Facts<'_>, text: &str) -> String {
    split(text)
        .into_iter()
        .map(|part| match part {
            Part::Plain(text) => text.to_owned(),
            Part::Reference(reference) => {
                let own = reference.field.is_none().then_some(&reference.name);
                let described = own.and_then(|name| {
                    let question = context.form.question(name)?;
                    let answer = facts.answer(name)?;
                    Some(describe(context, facts, question, answer, context.locale).text)
                });
                described.unwrap_or_else(|| facts.eval(&Expr::Reference(reference)).text())
            }
        })
        .collect()
}

enum Part<'a> {
    Plain(&'a str),
    Reference(Reference),
}

/// Plain text and references by turns; what is no reference stays as it is.
fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let end = start + length + 1;
        match Expr::parse(&rest[start..end]) {
            Ok(Expr::Reference(reference)) => {
                parts.push(Part::Plain(&rest[..start]));
                parts.push(Part::Reference(reference));
            }
            _ => parts.push(Part::Plain(&rest[..end])),
        }
        rest = &rest[end..];
    }
    parts.push(Part::Plain(rest));
    parts
}
