//! JSON for outsiders: the schema of a kind's fields (JSON Schema 2020-12), and a record in that shape.
//!
//! Both come from the kind's table. Groups are objects, sets are arrays, media are objects. Codes are not listed in the
//! schema, since a county changes its lists without a new program: `x-code-list` names the list instead.

use serde_json::{Map, Value as Json, json};
use xunge_protocol::Hash32;

use super::field::{Field, FieldType, MAX_TEXT_CHARS};
use super::kind::Kind;
use super::media::{MEDIA_TYPES, MediaRef};
use super::record::{FORMER_ID, FORMER_OPENING, FieldValue, Fields, FoldedEvent, Record};
use super::value::Value;

/// The schema of the member `fields` of a record of this kind.
pub fn schema(kind: Kind) -> Json {
    let mut schema = object(kind.fields());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(format!("/api/v1/schemas/{kind}"));
    schema["title"] = json!(kind.name());
    schema["x-state-list"] = json!(kind.state_list());
    schema
}

fn object(fields: &[Field]) -> Json {
    let properties: Map<String, Json> = fields
        .iter()
        .map(|f| (f.name.to_owned(), property(f)))
        .collect();
    let required: Vec<_> = fields
        .iter()
        .filter(|f| f.required)
        .map(|f| f.name)
        .collect();
    // A later version may have written further fields: they are kept and shown.
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": true,
    })
}

fn property(field: &Field) -> Json {
    let mut property = match field.ty {
        FieldType::Text => json!({"type": "string", "maxLength": MAX_TEXT_CHARS}),
        FieldType::Integer => json!({"type": "integer"}),
        FieldType::Number => json!({"type": "number"}),
        FieldType::Bool => json!({"type": "boolean"}),
        FieldType::Date => json!({
            "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        }),
        FieldType::Code(list) => code(list),
        FieldType::Codes(list) => set(field, code(list)),
        FieldType::Record(kind) => reference(kind),
        FieldType::Records(kind) => set(field, reference(kind)),
        FieldType::Scope => json!({"type": "string", "pattern": "^[0-9a-f]{16}$"}),
        FieldType::Media => json!({
            "type": "object",
            "properties": {
                "hash": {"type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", Hash32::LEN * 2)},
                "type": {"type": "string", "enum": MEDIA_TYPES},
                "bytes": {"type": "integer", "minimum": 0},
            },
            "required": ["hash", "type", "bytes"],
        }),
        FieldType::Group(inner) => object(inner),
    };
    if field.personal {
        property["x-personal"] = json!(true);
    }
    property
}

fn code(list: &str) -> Json {
    json!({"type": "string", "minLength": 1, "x-code-list": list})
}

fn reference(kind: &str) -> Json {
    json!({"type": "string", "pattern": "^[0-9a-f]{26}$", "x-record-kind": kind})
}

fn set(field: &Field, items: Json) -> Json {
    json!({
        "type": "array",
        "items": items,
        "uniqueItems": true,
        "minItems": u8::from(field.required),
    })
}

/// A record for the API: what its document holds and what follows from it. The relay adds what only it knows.
pub fn to_json(record: &Record) -> Json {
    let state = &record.state;
    let conflicts: Map<String, Json> = record
        .fields
        .conflicts()
        .map(|(path, field)| (path.to_owned(), alternatives(record.kind, path, field)))
        .collect();
    let mut review = json!(state.review);
    let review_event = review["event"].take();
    let mut fields = fields_json(record.kind, &record.fields);
    if let Json::Object(fields) = &mut fields {
        fields.remove(FORMER_ID);
        fields.remove(FORMER_OPENING);
    }
    json!({
        "id": record.id,
        "number": state.number,
        "kind": record.kind,
        "scope": record.scope,
        "state": state.code,
        "closed": state.closed,
        "review": review["review"],
        "review_event": review_event,
        "owner": state.owner,
        "owner_scope": state.owner_scope,
        "level": state.level,
        "deadline": state.deadline,
        "hops": state.hops,
        "proposals": state.proposals,
        "version": state.version,
        "former_id": record.fields.text(FORMER_ID),
        "fields": fields,
        "conflicts": conflicts,
        "events": record.events.iter().map(event_json).collect::<Vec<_>>(),
        "writer": record.id.opener().or_else(|| first_writer(record)),
        "form": record.form.as_ref().map(ToString::to_string),
    })
}

/// Who wrote the earliest of the fields that are there: for records that anyone of a scope may open.
fn first_writer(record: &Record) -> Option<xunge_protocol::WriterId> {
    let first = record.fields.0.values().min_by_key(|f| (f.at, f.writer))?;
    Some(first.writer)
}

/// One event: what stands in the document, with author, name of the verb, basis and effect.
pub fn event_json(event: &FoldedEvent) -> Json {
    let mut json = json!(event.body);
    json["id"] = json!(event.id);
    json["author"] = json!(event.id.writer);
    json["verb"] = json!(event.body.verb());
    json["basis"] = json!(event.body.basis);
    json["effect"] = json!(event.effect);
    if let Some(proposed) = event.body.proposed {
        json["proposed"] = json!(super::event::Verb::from_number(proposed));
    }
    json
}

/// Fields as nested JSON, by the kind's schema.
pub fn fields_json(kind: Kind, fields: &Fields) -> Json {
    let mut out = Map::new();
    for (path, field) in &fields.0 {
        match find(kind.fields(), path) {
            Some(Found::Member(set)) => {
                if field.value == Value::Bool(true) {
                    let members = out.entry(set.name).or_insert_with(|| json!([]));
                    if let (Json::Array(list), Some(member)) =
                        (members, path.get(set.name.len() + 1..))
                    {
                        list.push(json!(member));
                    }
                }
            }
            Some(Found::Single(single)) => place(&mut out, path, value_json(single, &field.value)),
            None => place(&mut out, path, json!(field.value)),
        }
    }
    Json::Object(out)
}

enum Found<'a> {
    Single(&'a Field),
    /// A path below a set.
    Member(&'a Field),
}

/// The field of a table that a path belongs to.
fn find<'a>(table: &'a [Field], path: &str) -> Option<Found<'a>> {
    let (name, rest) = match path.split_once('/') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let field = table.iter().find(|f| f.name == name)?;
    match (field.ty, rest) {
        (FieldType::Group(inner), Some(rest)) => find(inner, rest),
        (FieldType::Codes(_) | FieldType::Records(_), Some(_)) => Some(Found::Member(field)),
        (FieldType::Group(_) | FieldType::Codes(_) | FieldType::Records(_), None) => None,
        (_, None) => Some(Found::Single(field)),
        (_, Some(_)) => None,
    }
}

/// Puts a value under its path; where something else stands in the way, under the whole path as one name.
fn place(out: &mut Map<String, Json>, path: &str, value: Json) {
    if let Some((name, rest)) = path.split_once('/') {
        let inner = out.entry(name).or_insert_with(|| json!({}));
        if let Json::Object(inner) = inner {
            return place(inner, rest, value);
        }
    }
    if path.contains('/') || !out.contains_key(path) {
        out.insert(path.to_owned(), value);
    }
}

fn value_json(field: &Field, value: &Value) -> Json {
    let media = match (field.ty, value) {
        (FieldType::Media, Value::Text(text)) => text.parse::<MediaRef>().ok(),
        _ => None,
    };
    match media {
        Some(media) => json!({"hash": media.hash, "type": media.mime, "bytes": media.bytes}),
        None => json!(value),
    }
}

fn alternatives(kind: Kind, path: &str, field: &FieldValue) -> Json {
    let json = |value: &Value| match find(kind.fields(), path) {
        Some(Found::Single(single)) => value_json(single, value),
        _ => json!(value),
    };
    let mut list = vec![json!({
        "value": json(&field.value), "writer": field.writer, "at": field.at,
    })];
    for other in &field.others {
        list.push(json!({"value": json(&other.value), "writer": other.writer, "at": other.at}));
    }
    Json::Array(list)
}
