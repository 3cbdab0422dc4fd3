//! From the JSON of a form to a [`Form`]: strict, so that a slip is found when a form is written, not in a village.

use serde_json::{Map, Value as Json};
use xunge_records::{Kind, Value, Verb};

use super::check::check;
use super::definition::{
    ChoiceDef, ChoicesDef, EventRule, Form, QuestionDef, QuestionKind, Subject, Writes,
};
use super::error::FormError;
use super::keys::Keys;
use super::xpath::{Expr, Function};
use crate::locale::Words;

impl Form {
    /// Reads and proves a form.
    ///
    /// # Errors
    /// Names the question and the key, and says what is wrong there.
    pub fn parse(json: &str) -> Result<Self, FormError> {
        let json: Json = serde_json::from_str(json).map_err(|e| FormError {
            form: "?".into(),
            what: format!("not JSON: {e}"),
            ..FormError::default()
        })?;
        let mut keys = Keys::new(json, "?", None)?;
        let id: String = keys.need("id")?;
        keys.name(&id, None);
        let kind: Kind = keys
            .need::<String>("kind")?
            .parse()
            .map_err(|e| keys.error("kind", format!("{e}")))?;
        let mut form = Self {
            version: keys.need("version")?,
            kind,
            title: keys.need("title")?,
            picture: keys.need("picture")?,
            subject: keys.may::<String>("subject")?.map(|s| match s.as_str() {
                "." => Subject::Itself,
                _ => Subject::Field(s),
            }),
            questions: Vec::new(),
            events: Vec::new(),
            id,
        };
        let items: Vec<Json> = keys.need("questions")?;
        keys.finish()?;
        let group = Group::default();
        for (n, item) in items.into_iter().enumerate() {
            form.read_item(item, n, &group)?;
        }
        check(&form)?;
        Ok(form)
    }

    fn read_item(&mut self, item: Json, n: usize, outer: &Group) -> Result<(), FormError> {
        let place = name_of(&item, n);
        let mut keys = Keys::new(item, &self.id, Some(place))?;
        if !keys.has("group") {
            let mut question = read_question(&mut keys, &self.id)?;
            keys.finish()?;
            outer.mark(&mut question);
            self.questions.push(question);
            return Ok(());
        }
        keys.need::<String>("group")?;
        let group = Group {
            relevant: Expr::both(outer.relevant.clone(), keys.expr("relevant")?),
            pick: outer.pick.clone(),
        };
        self.read_events(&mut keys, &group)?;
        let amend = keys.raw("amend");
        let items: Vec<Json> = keys.need("questions")?;
        keys.finish()?;
        self.read_group(items, amend, group)
    }

    /// Flattens a group: its condition goes to each of its questions, and in an existing record the question `amend`
    /// comes first and asks which of the others are to be changed.
    fn read_group(
        &mut self,
        items: Vec<Json>,
        amend: Option<Json>,
        mut group: Group,
    ) -> Result<(), FormError> {
        let mut at = None;
        if let Some(amend) = amend {
            let mut keys = Keys::new(amend, &self.id, Some("amend".into()))?;
            let mut question = read_question(&mut keys, &self.id)?;
            keys.finish()?;
            group.mark(&mut question);
            let amending = Expr::Call(Function::Amending, Vec::new());
            question.relevant = Expr::both(question.relevant, Some(amending));
            group.pick = Some(question.name.clone());
            at = Some(self.questions.len());
            self.questions.push(question);
            self.events.push(fix(&group));
        }
        let start = self.questions.len();
        for (n, item) in items.into_iter().enumerate() {
            self.read_item(item, n, &group)?;
        }
        if let Some(at) = at {
            let offered = self.questions[start..]
                .iter()
                .filter(|q| q.pick.as_ref().is_some_and(|(_, code)| *code == q.name))
                .map(|q| q.name.clone())
                .collect();
            self.questions[at].choices = ChoicesDef::Questions(offered);
        }
        Ok(())
    }

    fn read_events(&mut self, keys: &mut Keys, group: &Group) -> Result<(), FormError> {
        for event in keys.may::<Vec<Json>>("events")?.unwrap_or_default() {
            let mut keys = Keys::new(event, &self.id, Some("events".into()))?;
            let verb = |keys: &Keys, key: &str, text: String| {
                text.parse::<Verb>()
                    .map_err(|()| keys.error(key, format!("unknown verb {text}")))
            };
            let text: String = keys.need("verb")?;
            let rule = EventRule {
                verb: verb(&keys, "verb", text)?,
                relevant: Expr::both(group.relevant.clone(), keys.expr("relevant")?),
                reason: keys.expr("reason")?,
                note: keys.expr("note")?,
                code: keys.expr("code")?,
                content: keys.expr("content")?,
                audio: keys.may("audio")?,
                photo: keys.may("photo")?,
                proposed: keys
                    .may::<String>("proposed")?
                    .map(|text| verb(&keys, "proposed", text))
                    .transpose()?,
            };
            if rule.verb.is_relay_only() {
                return Err(keys.error("verb", "only the relay may write this event"));
            }
            keys.finish()?;
            self.events.push(rule);
        }
        Ok(())
    }
}

/// What a group gives to its questions.
#[derive(Debug, Clone, Default)]
struct Group {
    relevant: Option<Expr>,
    pick: Option<String>,
}

impl Group {
    fn mark(&self, question: &mut QuestionDef) {
        question.relevant = Expr::both(self.relevant.clone(), question.relevant.take());
        let with = question.pick.take().map(|(_, code)| code);
        // What is always worked out is never asked, so it cannot be picked either.
        let constant = matches!(question.known, Some(Expr::Literal(_) | Expr::Call(..)));
        if let Some(pick) = self.pick.as_ref().filter(|_| !constant) {
            let code = with.unwrap_or_else(|| question.name.clone());
            question.pick = Some((pick.clone(), code));
        }
    }
}

/// Whoever changes what the town sent back mends it.
fn fix(group: &Group) -> EventRule {
    let returned = Expr::Call(Function::Returned, Vec::new());
    EventRule {
        verb: Verb::Fix,
        relevant: Expr::both(group.relevant.clone(), Some(returned)),
        reason: None,
        note: None,
        code: None,
        content: None,
        audio: None,
        photo: None,
        proposed: None,
    }
}

fn name_of(item: &Json, n: usize) -> String {
    ["name", "group"]
        .iter()
        .find_map(|key| item.get(key)?.as_str())
        .map_or_else(|| format!("#{}", n + 1), Into::into)
}

fn read_question(keys: &mut Keys, form: &str) -> Result<QuestionDef, FormError> {
    let name: String = keys.need("name")?;
    keys.name(form, Some(name.clone()));
    let kind = QuestionKind::of(&keys.need::<String>("kind")?);
    let text: Words = keys.need("text")?;
    if matches!(kind, QuestionKind::Unknown(_)) {
        return unknown(keys, name, kind, text);
    }
    let constraint = match (keys.expr("constraint")?, keys.may("constraint_text")?) {
        (None, None) => None,
        (Some(expr), Some(words)) => Some((expr, words)),
        (None, Some(_)) => return Err(keys.error("constraint", "is missing")),
        (Some(_), None) => return Err(keys.error("constraint_text", "is missing")),
    };
    Ok(QuestionDef {
        speech: keys.may("speech")?.unwrap_or_else(|| text.clone()),
        label: keys.may("label")?.unwrap_or_else(|| text.clone()),
        picture: keys.need("picture")?,
        optional: keys.may("optional")?.unwrap_or(false),
        relevant: keys.expr("relevant")?,
        choices: read_choices(keys, form, &name)?,
        field: keys.may("field")?,
        default: keys.expr("default")?,
        known: keys.expr("known")?,
        writes: read_writes(keys)?,
        quote: keys.expr("quote")?,
        constraint,
        remember: keys.may("remember")?.unwrap_or(false),
        dial: keys.may("dial")?,
        of: keys.may("of")?,
        unheard: keys.may("unheard")?.unwrap_or(false),
        pick: keys
            .may::<String>("changed_with")?
            .map(|code| (String::new(), code)),
        name,
        kind,
        text,
    })
}

/// A question of a later version: its other keys are not judged.
fn unknown(
    keys: &mut Keys,
    name: String,
    kind: QuestionKind,
    text: Words,
) -> Result<QuestionDef, FormError> {
    let question = QuestionDef {
        speech: text.clone(),
        label: text.clone(),
        picture: "update".into(),
        optional: keys.may("optional")?.unwrap_or(false),
        relevant: keys.expr("relevant").unwrap_or(None),
        choices: ChoicesDef::None,
        field: None,
        default: None,
        known: None,
        writes: Vec::new(),
        quote: None,
        constraint: None,
        remember: false,
        dial: None,
        of: None,
        unheard: false,
        pick: None,
        name,
        kind,
        text,
    };
    keys.clear();
    Ok(question)
}

fn read_choices(keys: &mut Keys, form: &str, name: &str) -> Result<ChoicesDef, FormError> {
    match keys.raw("choices") {
        None => Ok(ChoicesDef::None),
        Some(Json::Array(items)) => Ok(ChoicesDef::Inline(read_choice_defs(items, form, name)?)),
        Some(json) => {
            let mut inner = Keys::new(json, form, Some(name.into()))?;
            let choices = ChoicesDef::List {
                list: inner.need("list")?,
                only: inner.may("only")?.unwrap_or_default(),
                show: read_choice_defs(
                    inner.may::<Vec<Json>>("show")?.unwrap_or_default(),
                    form,
                    name,
                )?,
            };
            inner.finish()?;
            Ok(choices)
        }
    }
}

fn read_choice_defs(items: Vec<Json>, form: &str, name: &str) -> Result<Vec<ChoiceDef>, FormError> {
    items
        .into_iter()
        .map(|item| {
            let mut keys = Keys::new(item, form, Some(name.into()))?;
            let choice = ChoiceDef {
                code: keys.need("code")?,
                text: keys.may("text")?,
                speech: keys.may("speech")?,
                picture: keys.may("picture")?,
                writes: read_writes(&mut keys)?,
            };
            keys.finish()?;
            Ok(choice)
        })
        .collect()
}

fn read_writes(keys: &mut Keys) -> Result<Writes, FormError> {
    let map: Map<String, Json> = keys.may("writes")?.unwrap_or_default();
    map.into_iter()
        .map(|(path, json)| {
            serde_json::from_value::<Value>(json)
                .map(|value| (path, value))
                .map_err(|_| keys.error("writes", "expected a text, a number, true or false"))
        })
        .collect()
}
