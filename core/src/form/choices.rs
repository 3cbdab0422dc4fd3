//! What a question offers to choose from.

use super::answer::Answer;
use super::definition::{ChoiceDef, ChoicesDef, QuestionDef, QuestionKind};
use super::facts::Facts;
use super::interview::Context;
use super::knowledge::{Candidate, HouseholdQuery};
use super::screen::Choice;
use crate::locale::Locale;

/// How many households stand on a screen; search finds the others.
const HOUSEHOLDS: usize = 12;

/// The choices of a question, in the order of the screen.
pub(super) fn of(context: &Context<'_>, facts: &Facts<'_>, question: &QuestionDef) -> Vec<Choice> {
    match (&question.kind, &question.choices) {
        (QuestionKind::Household, _) => {
            let query = match facts.subject() {
                Some(warning) if question.unheard => HouseholdQuery::Unheard(warning),
                _ => HouseholdQuery::Likely(context.form.kind),
            };
            let mut choices = candidates(context.knowledge.households(query, HOUSEHOLDS), question);
            // Whoever is named already is rarely meant again: the other party is another household.
            let named = named(context, facts, question);
            choices.sort_by_key(|choice| named.contains(&choice.code.as_str()));
            choices
        }
        (QuestionKind::Person, _) => {
            let household = question.of.as_deref().and_then(|of| facts.answer(of));
            let members = household
                .and_then(Answer::as_text)
                .map_or_else(Vec::new, |id| context.knowledge.members(id));
            candidates(members, question)
        }
        (_, ChoicesDef::Questions(names)) => names
            .iter()
            .filter(|name| facts.entry(name).is_some_and(|e| e.relevant))
            .filter_map(|name| context.form.question(name))
            .map(|q| Choice {
                code: q.name.clone(),
                text: q.label.get(context.locale).into(),
                speech: q.label.get(context.locale).into(),
                picture: q.picture.clone(),
            })
            .collect(),
        _ => fixed(context, question, context.locale),
    }
}

/// The households that other questions of this interview name.
fn named<'a>(context: &Context<'_>, facts: &'a Facts<'_>, question: &QuestionDef) -> Vec<&'a str> {
    let others = context.form.questions.iter();
    others
        .filter(|q| q.kind == QuestionKind::Household && q.name != question.name)
        .filter_map(|q| facts.answer(&q.name)?.as_text())
        .collect()
}

/// The choices that depend on no answer: written in the form, or rows of a code list.
pub(super) fn fixed(context: &Context<'_>, question: &QuestionDef, locale: Locale) -> Vec<Choice> {
    match &question.choices {
        ChoicesDef::Inline(choices) => choices
            .iter()
            .map(|c| shown(c, None, question, locale))
            .collect(),
        ChoicesDef::List { list, only, show } => {
            let rows = context.lists.rows(list, locale);
            let row = |code: &str| rows.iter().find(|r| r.code == code);
            let order: Vec<&str> = if only.is_empty() {
                let first = show.iter().map(|c| c.code.as_str());
                let rest = rows.iter().map(|r| r.code.as_str());
                first
                    .chain(rest.filter(|code| show.iter().all(|c| c.code != *code)))
                    .collect()
            } else {
                only.iter().map(String::as_str).collect()
            };
            // A code that the county has struck from its list is no longer offered.
            order
                .into_iter()
                .filter_map(|code| {
                    let plain = ChoiceDef {
                        code: code.into(),
                        ..ChoiceDef::default()
                    };
                    let own = show.iter().find(|c| c.code == code).unwrap_or(&plain);
                    Some(shown(own, Some(&row(code)?.text), question, locale))
                })
                .collect()
        }
        ChoicesDef::None | ChoicesDef::Questions(_) => Vec::new(),
    }
}

/// The form's own entry for a code, with the fields that choosing it sets.
pub(super) fn definition<'a>(question: &'a QuestionDef, code: &str) -> Option<&'a ChoiceDef> {
    match &question.choices {
        ChoicesDef::Inline(choices) | ChoicesDef::List { show: choices, .. } => {
            choices.iter().find(|c| c.code == code)
        }
        ChoicesDef::None | ChoicesDef::Questions(_) => None,
    }
}

fn shown(own: &ChoiceDef, listed: Option<&str>, question: &QuestionDef, locale: Locale) -> Choice {
    let text = own
        .text
        .as_ref()
        .map_or_else(|| listed.unwrap_or(&own.code), |words| words.get(locale));
    let speech = own
        .speech
        .as_ref()
        .map_or_else(|| plain(text), |words| words.get(locale));
    Choice {
        code: own.code.clone(),
        text: text.into(),
        speech: speech.into(),
        picture: own
            .picture
            .clone()
            .unwrap_or_else(|| question.picture.clone()),
    }
}

/// A list's words without what stands in brackets, which nobody says aloud.
fn plain(text: &str) -> &str {
    match text.split(['(', '（']).next().map(str::trim) {
        Some(plain) if !plain.is_empty() => plain,
        _ => text,
    }
}

fn candidates(found: Vec<Candidate>, question: &QuestionDef) -> Vec<Choice> {
    found
        .into_iter()
        .map(|c| Choice {
            code: c.id,
            speech: if c.speech.is_empty() {
                c.text.clone()
            } else {
                c.speech
            },
            text: c.text,
            picture: if c.picture.is_empty() {
                question.picture.clone()
            } else {
                c.picture
            },
        })
        .collect()
}
