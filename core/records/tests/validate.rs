//! Validation and JSON of records: both come from the kinds' tables, so what passes the one is valid by the other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use xunge_protocol::{Confidence, Hash32, RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::model::schema::{fields_json, schema, to_json};
use xunge_records::model::validate::{ProblemCode, validate};
use xunge_records::{
    Author, CodeLists, Document, Edit, EventBody, EventId, FieldValue, Fields, Kind, MediaRef,
    Open, Value, Verb, check_change,
};

fn household() -> String {
    RecordId::written(WriterId([1; 8]), 7).to_string()
}

fn fields(list: &[(&str, Value)]) -> Fields {
    let field = |value: &Value| FieldValue {
        value: value.clone(),
        writer: WriterId([1; 8]),
        at: Timestamp(0),
        others: Vec::new(),
    };
    Fields(
        list.iter()
            .map(|(p, v)| (p.to_string(), field(v)))
            .collect(),
    )
}

fn problems(kind: Kind, list: &[(&str, Value)]) -> Vec<(String, ProblemCode)> {
    let lists = CodeLists::embedded().unwrap();
    validate(kind, &fields(list), &lists)
        .into_iter()
        .map(|p| (p.path, p.code))
        .collect()
}

fn visit() -> Vec<(&'static str, Value)> {
    vec![
        ("household", household().into()),
        ("visited_on", "2026-11-23".into()),
        ("purposes/VP01", true.into()),
        ("purposes/VP02", false.into()),
        ("met", "MW01".into()),
    ]
}

/// Enough of JSON Schema for what our schemas use.
fn conforms(schema: &Json, value: &Json) -> Result<(), String> {
    let fail = |why: String| Err(format!("{value} {why}"));
    match schema["type"].as_str().unwrap() {
        "object" => {
            let Some(object) = value.as_object() else {
                return fail("is no object".into());
            };
            for name in schema["required"].as_array().into_iter().flatten() {
                if !object.contains_key(name.as_str().unwrap()) {
                    return fail(format!("lacks {name}"));
                }
            }
            for (name, inner) in object {
                if let Some(property) = schema["properties"].get(name) {
                    conforms(property, inner)?;
                }
            }
            Ok(())
        }
        "array" => {
            let Some(list) = value.as_array() else {
                return fail("is no array".into());
            };
            if (list.len() as u64) < schema["minItems"].as_u64().unwrap() {
                return fail("is too short".into());
            }
            list.iter()
                .try_for_each(|item| conforms(&schema["items"], item))
        }
        "string" if value.is_string() => Ok(()),
        "integer" if value.is_i64() => Ok(()),
        "number" if value.is_number() => Ok(()),
        "boolean" if value.is_boolean() => Ok(()),
        other => fail(format!("is no {other}")),
    }
}

#[test]
fn a_whole_visit_has_no_problem_and_is_valid_by_its_schema() {
    assert_eq!(problems(Kind::Visit, &visit()), []);
    let json = fields_json(Kind::Visit, &fields(&visit()));
    assert_eq!(json["purposes"], json!(["VP01"]));
    conforms(&schema(Kind::Visit), &json).unwrap();
}

#[test]
fn what_is_missing_is_named_and_invalid_by_the_schema() {
    let missing = problems(Kind::Visit, &[("purposes/VP02", false.into())]);
    let required = |p: &str| (p.to_owned(), ProblemCode::Required);
    assert_eq!(
        missing,
        ["household", "visited_on", "purposes", "met"].map(required)
    );
    assert!(conforms(&schema(Kind::Visit), &json!({})).is_err());
}

#[test]
fn each_type_is_looked_at() {
    use ProblemCode::*;
    for (path, value, code) in [
        ("household", Value::from("somewhere"), NotARecord),
        ("visited_on", "23.11.2026".into(), NotADate),
        ("visited_on", "2026-02-30".into(), NotADate),
        ("purposes/VP77", true.into(), UnknownCode),
        ("purposes/VP03", "yes".into(), WrongType),
        ("met", "nobody".into(), UnknownCode),
        ("met", 3.into(), WrongType),
        ("met", " ".into(), UnknownCode),
        ("all_well", 1.into(), WrongType),
        ("note", Value::Text("字".repeat(4001)), TooLong),
        ("voice", "recording.mp3".into(), NotMedia),
    ] {
        let mut list = visit();
        list.retain(|(p, _)| *p != path);
        list.push((path, value));
        assert!(
            problems(Kind::Visit, &list).contains(&(path.to_owned(), code)),
            "{path}"
        );
    }
}

#[test]
fn what_a_later_version_wrote_is_no_problem_and_is_shown() {
    let mut list = visit();
    list.push(("mood/before", "calm".into()));
    list.push(("household/extra", 1.into()));
    assert_eq!(problems(Kind::Visit, &list), []);
    let json = fields_json(Kind::Visit, &fields(&list));
    assert_eq!(json["mood"]["before"], "calm");
    assert_eq!(json["household"], household());
    assert_eq!(json["household/extra"], 1);
}

#[test]
fn a_warning_carries_no_link_and_no_number_and_ends_after_it_begins() {
    let warning = |text: &str, expires: &str| {
        let households = format!("households/{}", household());
        problems(
            Kind::Warning,
            &[
                ("campaign", "c1".into()),
                ("fraud_type", "F01".into()),
                ("level", "3".into()),
                ("text", text.into()),
                ("issued_on", "2026-11-01".into()),
                ("expires_on", expires.into()),
                (&households, true.into()),
            ],
        )
    };
    assert_eq!(warning("不转账,拨打110", "2026-12-01"), []);
    let both = warning("详情见 www.example.com", "2026-10-01");
    assert_eq!(
        both,
        [
            ("text".to_owned(), ProblemCode::LinkOrPhone),
            ("expires_on".to_owned(), ProblemCode::BeforeBegin)
        ]
    );
}

#[test]
fn every_kind_has_a_schema_that_names_its_fields() {
    for kind in Kind::ALL {
        let schema = schema(kind);
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        for field in kind.fields() {
            let property = &schema["properties"][field.name];
            assert!(property["type"].is_string(), "{kind} {}", field.name);
            let required = schema["required"].as_array().unwrap();
            assert_eq!(required.contains(&json!(field.name)), field.required);
        }
    }
}

#[test]
fn a_record_in_json_shows_groups_media_differences_and_events() {
    let (one, two) = (WriterId([1; 8]), WriterId([2; 8]));
    let author = |writer| Author { writer, rebuild: 0 };
    let media = MediaRef {
        hash: Hash32([5; 32]),
        mime: "audio/mp4".into(),
        bytes: 9,
    };
    let mut here = Document::new(Kind::Dispute).unwrap();
    let mut edit = Edit {
        open: Some(Open {
            scope: ScopeId([9; 8]),
            form: "dispute@2".parse().unwrap(),
        }),
        ..Edit::default()
    };
    for (path, value) in [
        ("type", Value::from("02")),
        ("scale", "01".into()),
        ("source", "DS01".into()),
        ("party_a/name", "甲".into()),
        ("party_a/willing", "willing".into()),
        ("voice", media.to_string().into()),
    ] {
        edit = edit.set(path, value);
    }
    let id = EventId { writer: one, n: 1 };
    let event = EventBody::new(Verb::Mediate, Timestamp(5), Confidence::Checked);
    let first = here
        .edit(author(one), Timestamp(1000), &edit.event(id, event))
        .unwrap();
    let mut there = Document::new(Kind::Dispute).unwrap();
    there
        .apply(&check_change(&first.unwrap().bytes).unwrap())
        .unwrap();
    let place = |p: &str| Edit::default().set("place", p);
    here.edit(author(one), Timestamp(2000), &place("村口"))
        .unwrap();
    let other = there
        .edit(author(two), Timestamp(3000), &place("井边"))
        .unwrap();
    here.apply(&check_change(&other.unwrap().bytes).unwrap())
        .unwrap();

    let record = here.read(RecordId::written(one, 1)).unwrap();
    let json = to_json(&record);
    conforms(&schema(Kind::Dispute), &json["fields"]).unwrap();
    assert_eq!(
        json["fields"]["party_a"],
        json!({"name": "甲", "willing": "willing"})
    );
    assert_eq!(json["fields"]["voice"]["bytes"], 9);
    assert_eq!(json["conflicts"]["place"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&json["state"], &json["review"]),
        (&json!("S20"), &json!("open"))
    );
    assert_eq!(
        (&json["writer"], &json["form"]),
        (&json!(one), &json!("dispute@2"))
    );
    let event = &json["events"][0];
    assert_eq!(event["author"], json!(one));
    assert_eq!(event["verb"], "mediate");
    assert_eq!(event["effect"], "effective");
    assert_eq!(event["confidence"], "checked");
    assert_eq!(event["basis"], json!([]));
    assert_eq!(event["id"], json!(id));
    let _: BTreeMap<String, Json> = serde_json::from_value(json).unwrap();
}

#[test]
fn a_value_in_the_place_of_members_is_of_the_wrong_type() {
    for value in [Value::Int(3), true.into(), "VP01".into()] {
        let mut fields = visit();
        fields.push(("purposes", value));
        let wrong = ("purposes".to_owned(), ProblemCode::WrongType);
        assert_eq!(problems(Kind::Visit, &fields), [wrong]);
    }
    let dispute = [
        ("type", "02".into()),
        ("scale", "01".into()),
        ("source", "DS01".into()),
        ("party_a", "张有田".into()),
    ];
    let wrong = ("party_a".to_owned(), ProblemCode::WrongType);
    assert!(problems(Kind::Dispute, &dispute).contains(&wrong));
}
