//! Proves a parsed form: names, references, fields, choices, words. What passes here cannot fail in an interview.

use std::collections::BTreeSet;

use xunge_records::model::field::{Field, FieldType};

use super::definition::{ChoiceDef, ChoicesDef, Form, QuestionDef, QuestionKind};
use super::error::FormError;
use super::fields;
use super::screen::template_references;
use super::xpath::{Expr, Reference};
use crate::locale::{Locale, Words};

/// The first thing that is wrong.
pub(super) fn check(form: &Form) -> Result<(), FormError> {
    let whole = Place {
        form,
        question: None,
    };
    whole.require(!form.id.is_empty(), "id", "is empty")?;
    whole.require(form.version > 0, "version", "counts from 1")?;
    whole.require(!form.questions.is_empty(), "questions", "there are none")?;
    whole.words("title", &form.title)?;
    if let Some(field) = form.subject_field() {
        let ty = fields::type_of(form.kind, field);
        whole.require(
            matches!(ty, Some(FieldType::Record(_))),
            "subject",
            format!(
                "{field} is no field of kind {} that names a record",
                form.kind
            ),
        )?;
    }
    let mut seen: BTreeSet<&str> = form.subject_field().into_iter().collect();
    for question in &form.questions {
        check_question(form, question, &seen)?;
        let subject = form.subject_field() == Some(question.name.as_str());
        let place = Place {
            form,
            question: Some(&question.name),
        };
        place.require(
            seen.insert(&question.name) || subject,
            "name",
            "is used twice",
        )?;
    }
    for rule in &form.events {
        let place = Place {
            form,
            question: Some("events"),
        };
        for (key, expr) in [
            ("relevant", &rule.relevant),
            ("reason", &rule.reason),
            ("note", &rule.note),
            ("code", &rule.code),
            ("content", &rule.content),
        ] {
            place.expr(key, expr.as_ref(), &seen)?;
        }
        for (key, name) in [("audio", &rule.audio), ("photo", &rule.photo)] {
            let file = name
                .as_deref()
                .is_none_or(|name| form.question(name).is_some_and(|q| q.kind.is_file()));
            place.require(file, key, "names no voice or photo question")?;
        }
    }
    for field in form.kind.fields().iter().filter(|f| f.required) {
        whole.require(
            fills(form, field),
            "questions",
            format!("none fills the required field {}", field.name),
        )?;
    }
    Ok(())
}

fn check_question(
    form: &Form,
    question: &QuestionDef,
    seen: &BTreeSet<&str>,
) -> Result<(), FormError> {
    let place = Place {
        form,
        question: Some(&question.name),
    };
    place.words("text", &question.text)?;
    place.words("speech", &question.speech)?;
    place.words("label", &question.label)?;
    place.expr("relevant", question.relevant.as_ref(), seen)?;
    if matches!(question.kind, QuestionKind::Unknown(_)) {
        return Ok(());
    }
    place.require(!question.picture.is_empty(), "picture", "is empty")?;
    for (key, expr) in [
        ("default", &question.default),
        ("known", &question.known),
        ("quote", &question.quote),
    ] {
        place.expr(key, expr.as_ref(), seen)?;
    }
    if let Some((expr, words)) = &question.constraint {
        let mut with_self = seen.clone();
        with_self.insert(&question.name);
        place.expr("constraint", Some(expr), &with_self)?;
        place.words("constraint_text", words)?;
    }
    for (key, words) in [("text", &question.text), ("speech", &question.speech)] {
        for locale in Locale::ALL {
            for reference in template_references(words.get(locale)) {
                place.reference(key, &reference, seen)?;
            }
        }
    }
    if let Some(field) = &question.field {
        let ty = fields::type_of(form.kind, field)
            .ok_or_else(|| place.error("field", format!("{} has no field {field}", form.kind)))?;
        place.require(
            fields::fits(&question.kind, ty),
            "field",
            format!("a question of kind {} cannot fill {field}", question.kind),
        )?;
        if let (ChoicesDef::List { list, .. }, FieldType::Code(of) | FieldType::Codes(of)) =
            (&question.choices, ty)
        {
            place.require(
                list == of,
                "choices",
                format!("the field takes codes of {of}"),
            )?;
        }
    }
    check_writes(&place, question.writes.iter().map(|(path, _)| path))?;
    if let Some(of) = &question.of {
        let household = form
            .question(of)
            .is_some_and(|q| q.kind == QuestionKind::Household && seen.contains(of.as_str()));
        place.require(household, "of", "names no earlier household question")?;
    }
    place.require(
        !question.unheard || form.subject_field() == Some("warning"),
        "unheard",
        "needs a warning as subject",
    )?;
    check_choices(&place, question)
}

fn check_choices(place: &Place, question: &QuestionDef) -> Result<(), FormError> {
    let takes = matches!(question.kind, QuestionKind::Choice | QuestionKind::Choices);
    match &question.choices {
        ChoicesDef::None => place.require(!takes, "choices", "is missing"),
        ChoicesDef::Questions(_) => Ok(()),
        _ if !takes => Err(place.error("choices", format!("kind {} has none", question.kind))),
        ChoicesDef::Inline(choices) => {
            place.require(!choices.is_empty(), "choices", "is empty")?;
            for choice in choices {
                place.require(
                    choice.text.is_some() && choice.picture.is_some(),
                    "choices",
                    format!("{} needs text and picture", choice.code),
                )?;
            }
            check_shown(place, choices)
        }
        ChoicesDef::List { show, .. } => check_shown(place, show),
    }
}

fn check_shown(place: &Place, choices: &[ChoiceDef]) -> Result<(), FormError> {
    let mut codes = BTreeSet::new();
    for choice in choices {
        let unique = codes.insert(&choice.code) && !choice.code.is_empty();
        place.require(
            unique,
            "choices",
            format!("code {} is empty or used twice", choice.code),
        )?;
        for words in [&choice.text, &choice.speech].into_iter().flatten() {
            place.words("choices", words)?;
        }
        check_writes(place, choice.writes.iter().map(|(path, _)| path))?;
    }
    Ok(())
}

fn check_writes<'a>(
    place: &Place,
    paths: impl Iterator<Item = &'a String>,
) -> Result<(), FormError> {
    for path in paths {
        let kind = place.form.kind;
        place.require(
            fields::type_of(kind, path).is_some(),
            "writes",
            format!("{kind} has no field {path}"),
        )?;
    }
    Ok(())
}

/// Whether some question, constant or the subject can fill a required field.
fn fills(form: &Form, field: &Field) -> bool {
    let hits = |path: &str| path.split('/').next() == Some(field.name);
    form.subject_field().is_some_and(hits)
        || form.questions.iter().any(|q| {
            let choices: &[ChoiceDef] = match &q.choices {
                ChoicesDef::Inline(choices) => choices,
                ChoicesDef::List { show, .. } => show,
                _ => &[],
            };
            q.field.as_deref().is_some_and(hits)
                || q.writes.iter().any(|(path, _)| hits(path))
                || choices
                    .iter()
                    .any(|c| c.writes.iter().any(|(path, _)| hits(path)))
        })
}

/// Where in a form something is judged.
struct Place<'a> {
    form: &'a Form,
    question: Option<&'a str>,
}

impl Place<'_> {
    fn error(&self, key: &str, what: impl Into<String>) -> FormError {
        FormError {
            form: self.form.id.clone(),
            question: self.question.map(Into::into),
            key: Some(key.into()),
            what: what.into(),
        }
    }

    fn require(&self, holds: bool, key: &str, what: impl Into<String>) -> Result<(), FormError> {
        if holds {
            Ok(())
        } else {
            Err(self.error(key, what))
        }
    }

    fn words(&self, key: &str, words: &Words) -> Result<(), FormError> {
        for locale in Locale::ALL {
            self.require(
                !words.get(locale).trim().is_empty(),
                key,
                format!("has no words in {locale}"),
            )?;
        }
        Ok(())
    }

    fn expr(&self, key: &str, expr: Option<&Expr>, seen: &BTreeSet<&str>) -> Result<(), FormError> {
        expr.map(Expr::references)
            .unwrap_or_default()
            .into_iter()
            .try_for_each(|reference| self.reference(key, reference, seen))
    }

    fn reference(
        &self,
        key: &str,
        reference: &Reference,
        seen: &BTreeSet<&str>,
    ) -> Result<(), FormError> {
        self.require(
            seen.contains(reference.name.as_str()),
            key,
            format!("{reference} names no earlier question"),
        )
    }
}
