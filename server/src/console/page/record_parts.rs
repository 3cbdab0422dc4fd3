//! Parts of a record's file: facts, differing values, recordings, timeline, actions.

use xunge_protocol::{Hash32, ScopeId, WriterId};
use xunge_records::{
    Alternative, Effect, EventBody, Fields, Kind, MediaRef, Record, Review, Value, Verb,
};

use crate::console::context::Context;
use crate::console::error::ConsoleError;
use crate::console::view::{Action, Choice, Difference, Fact, Media, Step};
use crate::console::words::{field, is_masked, mask};
use crate::store::RecordRow;
use xunge_records::model::field::FieldType;

/// Fields in the order of their kind, media and empty ones left out; and whether some are personal.
pub(super) fn facts(
    context: &Context<'_>,
    kind: &Kind,
    fields: &Fields,
    revealed: bool,
) -> (Vec<Fact>, bool) {
    let mut facts: Vec<(usize, Fact)> = Vec::new();
    let mut personal = false;
    for (path, value) in &fields.0 {
        let found = field(*kind, path);
        let ty = found.map(|f| f.ty);
        if ty == Some(FieldType::Media) || value.value == Value::Text(String::new()) {
            continue;
        }
        let masked = is_masked(*kind, path);
        personal |= masked;
        let is_member = matches!(ty, Some(FieldType::Codes(_) | FieldType::Records(_)));
        if is_member && value.value != Value::Bool(true) {
            continue;
        }
        let plain = in_words(context, *kind, path, &value.value, revealed);
        let root = path.split('/').next().unwrap_or(path);
        let order = kind.fields().iter().position(|f| f.name == root);
        // Members of a set stand in one line.
        if is_member && let Some((_, fact)) = facts.iter_mut().find(|(_, fact)| fact.path == root) {
            fact.value.push_str(" · ");
            fact.value.push_str(&plain);
            continue;
        }
        let href = match (ty, &value.value) {
            (Some(FieldType::Record(_)), Value::Text(id)) => format!("/records/{id}"),
            _ => String::new(),
        };
        facts.push((
            order.unwrap_or(usize::MAX),
            Fact {
                path: if is_member { root.into() } else { path.clone() },
                label: context.words.label(*kind, path),
                value: plain,
                href,
                masked: masked && !revealed,
            },
        ));
    }
    facts.sort_by_key(|(order, _)| *order);
    (facts.into_iter().map(|(_, fact)| fact).collect(), personal)
}

/// A value in words, masked unless revealed.
fn in_words(
    context: &Context<'_>,
    kind: Kind,
    path: &str,
    value: &Value,
    revealed: bool,
) -> String {
    let place = match (field(kind, path).map(|f| f.ty), value.as_text()) {
        (Some(FieldType::Scope), Some(text)) => text.parse::<ScopeId>().ok(),
        _ => None,
    };
    let plain = match place {
        Some(scope) => context.places.full_name(scope),
        None => context
            .words
            .value(kind, path, value, &|id| context.record_name(id)),
    };
    if revealed || !is_masked(kind, path) {
        plain
    } else {
        mask(kind, path, &plain)
    }
}

/// Fields on which people differ, each value with who wrote it and when, masked like any other until revealed.
pub(super) fn differences(
    context: &Context<'_>,
    record: &Record,
    revealed: bool,
) -> Vec<Difference> {
    let choice = |path: &str, value: &Value, writer: WriterId, at, first| Choice {
        sends: format!("{path}={}", serde_json::json!(value)),
        value: in_words(context, record.kind, path, value, revealed),
        who: context.writer(writer),
        when: context.words.when(at),
        sure: context.words.lang.text(if context.is_relay(writer) {
            "sure.relay"
        } else {
            "sure.unknown"
        }),
        first,
    };
    record
        .fields
        .conflicts()
        .map(|(path, field)| {
            let mut choices = vec![choice(path, &field.value, field.writer, field.at, true)];
            let others = field.others.iter();
            choices.extend(others.map(|other: &Alternative| {
                choice(path, &other.value, other.writer, other.at, false)
            }));
            Difference {
                path: path.into(),
                label: context.words.label(record.kind, path),
                choices,
            }
        })
        .collect()
}

/// Recordings and pictures among the fields.
pub(super) fn media(context: &Context<'_>, record: &Record) -> Result<Vec<Media>, ConsoleError> {
    let mut found = Vec::new();
    for (path, value) in &record.fields.0 {
        let is_media = field(record.kind, path).is_some_and(|f| f.ty == FieldType::Media);
        if let (true, Some(text)) = (is_media, value.value.as_text()) {
            let label = context.words.label(record.kind, path);
            found.extend(one_media(context, record, label, text)?);
        }
    }
    // What was said comes before what was photographed.
    found.sort_by_key(|media| !media.sound);
    Ok(found)
}

fn one_media(
    context: &Context<'_>,
    record: &Record,
    label: String,
    reference: &str,
) -> Result<Option<Media>, ConsoleError> {
    let Ok(media) = reference.parse::<MediaRef>() else {
        return Ok(None);
    };
    let kilobytes = media.bytes.div_ceil(1024);
    Ok(Some(Media {
        label,
        href: format!("/records/{}/media/{}", record.id, media.hash),
        sound: media.mime.starts_with("audio/"),
        here: context.tx.media(media.hash)?.is_some(),
        size: context.words.lang.fill("size.kb", &[("n", &kilobytes)]),
    }))
}

/// Whether a record refers to a media file, in a field or an event.
pub(super) fn refers_to(record: &Record, hash: Hash32) -> bool {
    let is = |text: &str| {
        text.parse::<MediaRef>()
            .is_ok_and(|media| media.hash == hash)
    };
    let fields = record.fields.0.values();
    fields.clone().any(|f| f.value.as_text().is_some_and(is))
        || fields
            .flat_map(|f| &f.others)
            .any(|other| other.value.as_text().is_some_and(is))
        || record.events.iter().any(|event| {
            let media = [&event.body.audio, &event.body.photo];
            media.into_iter().flatten().any(|text| is(text))
        })
}

/// What happened, from the first report on.
pub(super) fn steps(
    context: &Context<'_>,
    record: &Record,
    row: &RecordRow,
) -> Result<Vec<Step>, ConsoleError> {
    let lang = context.words.lang;
    let mut steps = vec![Step {
        verb: "open".into(),
        what: lang.text("file.step.open"),
        who: context.writer(row.writer),
        when: context.words.when(row.received_at),
        sure: String::new(),
        lines: Vec::new(),
        media: Vec::new(),
        effective: true,
    }];
    for event in &record.events {
        let body = &event.body;
        let verb = body.verb();
        let mut media = Vec::new();
        for (key, reference) in [("file.audio", &body.audio), ("file.photo", &body.photo)] {
            if let Some(reference) = reference {
                media.extend(one_media(context, record, lang.text(key), reference)?);
            }
        }
        let by_relay = context.is_relay(event.id.writer);
        steps.push(Step {
            verb: verb.name().into(),
            what: lang.text(&format!("verb.{}", verb.name())),
            who: match (&body.name, by_relay) {
                (Some(name), true) => name.clone(),
                _ => context.writer(event.id.writer),
            },
            when: context.words.when(body.at),
            sure: if by_relay {
                String::new()
            } else {
                context.words.sure(body.confidence)
            },
            lines: lines(context, record.kind, body),
            media,
            effective: event.effect == Effect::Effective,
        });
    }
    Ok(steps)
}

fn lines(context: &Context<'_>, kind: Kind, body: &EventBody) -> Vec<String> {
    let words = &context.words;
    let lang = words.lang;
    let mut lines = Vec::new();
    let mut say = |key: &str, name: &str, value: Option<String>| {
        if let Some(value) = value {
            lines.push(lang.fill(key, &[(name, &value)]));
        }
    };
    say("file.step.number", "number", body.number.clone());
    say("file.step.owner", "owner", body.owner.clone());
    say(
        "file.step.deadline",
        "when",
        body.deadline.map(|at| words.day_of(at)),
    );
    let proposed = body.proposed.map(|n| Verb::from_number(n).name());
    say(
        "file.step.proposed",
        "verb",
        proposed.map(|name| lang.text(&format!("verb.{name}"))),
    );
    let list = match body.verb() {
        Verb::Resolve if body.code.as_deref() == Some("S61") => "dispute_state",
        Verb::Resolve => "resolution_method",
        Verb::Agree => "ack_method",
        Verb::Hear => "fraud_warning_state",
        _ => "dispute_state",
    };
    let code = body.code.as_deref().filter(|code| !code.is_empty());
    say(
        "file.step.method",
        "method",
        code.map(|code| words.code(list, code)),
    );
    // Who wrote only a note gave it as the reason too: it is told once.
    let reason = body
        .reason
        .clone()
        .filter(|reason| body.note.as_ref() != Some(reason));
    say("file.step.reason", "reason", reason);
    say("file.step.note", "note", body.note.clone());
    if let Some(path) = &body.field {
        let label = words.label(kind, path);
        let value = body
            .value
            .as_deref()
            .and_then(|v| serde_json::from_str::<Value>(v).ok());
        lines.push(match value {
            Some(value) => {
                let value = in_words(context, kind, path, &value, false);
                lang.fill("file.step.settle", &[("field", &label), ("value", &value)])
            }
            None => lang.fill("file.step.fix", &[("field", &label)]),
        });
    }
    if let Some(content) = body.content {
        let key = if content { "yes" } else { "no" };
        lines.push(lang.text(&format!("file.step.content.{key}")));
    }
    lines
}

/// What may be done now, the usual next step first. The fold decides; what it would not let have an effect is not
/// offered.
pub(super) fn actions(
    context: &Context<'_>,
    record: &Record,
    row: &RecordRow,
    may_act: bool,
) -> Vec<Action> {
    let state = &record.state;
    let case = record.kind.is_case();
    let registered = state.number.is_some();
    let closed = state.closed;
    let withdrawn = matches!(state.code.as_str(), "S63" | "R50");
    if !may_act || withdrawn || record.kind == Kind::Warning {
        return Vec::new();
    }
    let approved = matches!(state.review, Review::Approved { .. });
    let filed = state.code == "S80";
    // Households and persons are kept, not reported: there is something to approve only where somebody asked.
    let report = !matches!(record.kind, Kind::Household | Kind::Person);
    let asked = matches!(state.review, Review::Fixed { .. }) || row.without_effect > 0;
    let by_worker = !context.is_relay(row.writer);
    let legal: [(&'static str, bool); 8] = [
        (
            "approve",
            (report || asked) && (!approved || (case && closed && !filed)),
        ),
        (
            "return",
            (report || by_worker) && !matches!(state.review, Review::Returned { .. }),
        ),
        ("assign", case && registered && !closed),
        ("escalate", case && registered && !closed),
        ("transfer", case && registered && !closed),
        ("agree", case && !closed && state.code != "S50"),
        (
            "resolve",
            (case && registered || record.kind == Kind::WarningAck) && !closed,
        ),
        (
            "reopen",
            closed && (case || record.kind == Kind::WarningAck),
        ),
    ];
    legal
        .into_iter()
        .filter(|(_, legal)| *legal)
        .map(|(verb, _)| Action {
            verb,
            group: match verb {
                "approve" | "return" => "review",
                "assign" | "escalate" | "transfer" => "owner",
                _ => "end",
            },
            label: context.words.lang.text(&format!("verb.{verb}")),
            consequence: context.words.lang.text(&format!("consequence.{verb}")),
            main: verb == "approve",
        })
        .collect()
}
