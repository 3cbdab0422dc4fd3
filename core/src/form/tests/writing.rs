//! What happens to somebody who writes a form: complaints with a place, newer versions, newer kinds of question.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use xunge_records::Kind;

use super::*;
use crate::form::xpath::Expr;

fn words(text: &str) -> Json {
    json!({"zh-CN": text, "en": text})
}

fn small(version: u32, questions: Json) -> Json {
    json!({
        "id": "visit", "version": version, "kind": "visit", "title": words("t"), "picture": "visit",
        "subject": "household", "questions": questions
    })
}

fn fixed() -> Vec<Json> {
    vec![
        json!({"name": "day", "kind": "date", "text": words("d"), "picture": "calendar", "field": "visited_on",
            "known": "today()"}),
        json!({"name": "home", "kind": "household", "text": words("h"), "picture": "household", "field": "household"}),
        json!({"name": "why", "kind": "choice", "text": words("w"), "picture": "visit", "field": "purposes",
            "choices": {"list": "visit_purpose"}}),
        json!({"name": "met", "kind": "choice", "text": words("m"), "picture": "people", "field": "met",
            "choices": {"list": "met_who"}}),
    ]
}

fn with(extra: Json) -> String {
    let mut questions = fixed();
    questions.push(extra);
    small(1, Json::Array(questions)).to_string()
}

#[test]
fn a_slip_in_a_form_is_named_with_question_and_key() {
    let base =
        json!({"name": "q", "kind": "text", "text": words("q"), "picture": "pen", "field": "note"});
    let changed = |key: &str, value: Json| {
        let mut question = base.clone();
        question[key] = value;
        with(question)
    };
    for (form, key, what) in [
        (changed("colour", json!("red")), "colour", "is not a key"),
        (changed("picture", json!(7)), "picture", "invalid type"),
        (
            changed("field", json!("nothing")),
            "field",
            "visit has no field nothing",
        ),
        (
            changed("field", json!("photo")),
            "field",
            "kind text cannot fill photo",
        ),
        (
            changed("relevant", json!("${met} =")),
            "relevant",
            "expected an expression",
        ),
        (
            changed("relevant", json!("${later} = 1")),
            "relevant",
            "names no earlier question",
        ),
        (
            changed("relevant", json!("sum(1)")),
            "relevant",
            "unknown function sum at character 1",
        ),
        (
            changed("choices", json!([])),
            "choices",
            "kind text has none",
        ),
        (
            changed("constraint", json!(". != ''")),
            "constraint_text",
            "is missing",
        ),
        (
            changed("writes", json!({"nowhere": 1})),
            "writes",
            "visit has no field nowhere",
        ),
        (
            changed("text", json!({"zh-CN": "问"})),
            "text",
            "missing field `en`",
        ),
        (
            changed("text", json!({"zh-CN": "问", "en": " "})),
            "text",
            "has no words in en",
        ),
        (
            changed("text", json!({"zh-CN": "${who}", "en": "x"})),
            "text",
            "names no earlier question",
        ),
    ] {
        let error = Form::parse(&form).unwrap_err();
        assert_eq!(error.question.as_deref(), Some("q"), "{error}");
        assert_eq!(error.key.as_deref(), Some(key), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn a_form_that_leaves_a_required_field_empty_is_refused() {
    let mut questions = fixed();
    questions.pop();
    let error = Form::parse(&small(1, Json::Array(questions)).to_string()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("none fills the required field met"),
        "{error}"
    );
}

#[test]
fn two_questions_of_one_name_are_refused() {
    let error = Form::parse(&with(fixed()[2].clone())).unwrap_err();
    assert_eq!(error.question.as_deref(), Some("why"));
    assert!(error.what.contains("twice"));
}

#[test]
fn an_event_that_only_the_relay_may_write_is_refused() {
    let group = json!({"group": "g", "events": [{"verb": "assign"}], "questions": []});
    let error = Form::parse(&with(group)).unwrap_err();
    assert!(error.to_string().contains("only the relay"), "{error}");
}

#[test]
fn a_newer_form_replaces_an_older_one_and_a_draft_keeps_its_version() {
    let mut library = FormLibrary::embedded().unwrap();
    let old = library.newest("visit").unwrap();
    let draft = Interview::start(&old, None).unwrap();
    let newer = small(2, Json::Array(fixed())).to_string();
    assert!(
        library
            .add_resource("forms/visit.json", newer.as_bytes())
            .unwrap()
    );
    assert_eq!(library.newest("visit").unwrap().version, 2);
    assert_eq!(library.for_kind(Kind::Visit).unwrap().version, 2);
    assert_eq!(library.of(&draft).unwrap().version, 1);
    assert_eq!(library.iter().count(), 5);
}

#[test]
fn a_wrong_form_from_the_county_leaves_the_old_one_in_place() {
    let mut library = FormLibrary::embedded().unwrap();
    let version = library.newest("visit").unwrap().version;
    for (name, content) in [
        ("forms/visit.json", "{".to_owned()),
        (
            "forms/dispute.json",
            small(9, Json::Array(fixed())).to_string(),
        ),
        (
            "forms/visit.json",
            small(0, Json::Array(fixed())).to_string(),
        ),
    ] {
        assert!(library.add_resource(name, content.as_bytes()).is_err());
    }
    assert_eq!(library.newest("visit").unwrap().version, version);
}

#[test]
fn a_question_of_a_later_kind_asks_for_an_update_and_loses_nothing() {
    let later = json!({"name": "walk", "kind": "hologram", "text": words("x"), "sparkle": 3});
    let desk = Desk::with(Arc::new(Form::parse(&with(later)).unwrap()));
    let mut interview = desk.start(Some(WANG));
    desk.answers(
        &mut interview,
        &[("why", "VP01".into()), ("met", "MW01".into())],
    );
    let question = desk.question(&interview);
    assert_eq!(question.kind, "confirm");
    assert!(question.text.contains("更新软件"));
    let error = interview.answer(&desk.context(), true.into()).unwrap_err();
    assert_eq!(error.code(), "app_too_old");
    assert_eq!(
        interview.to_edit(&desk.context()).unwrap_err().code(),
        "app_too_old"
    );
    assert_eq!(interview.answers.len(), 2);
}

#[test]
fn an_optional_question_of_a_later_kind_is_passed_over() {
    let later = json!({"name": "walk", "kind": "hologram", "text": words("x"), "optional": true});
    let desk = Desk::with(Arc::new(Form::parse(&with(later)).unwrap()));
    let mut interview = desk.start(Some(WANG));
    desk.answers(
        &mut interview,
        &[("why", "VP01".into()), ("met", "MW01".into())],
    );
    assert!(desk.at_review(&interview));
}

#[test]
fn an_optional_person_is_asked_only_where_there_are_any() {
    let who = json!({"name": "who", "kind": "person", "text": words("和${home/head_name}家的谁？"), "picture": "person",
        "of": "home", "optional": true, "field": "met_person"});
    let desk = Desk::with(Arc::new(Form::parse(&with(who)).unwrap()));
    for (household, asked) in [(WANG, true), (LI, false)] {
        let mut interview = desk.start(Some(household));
        desk.answers(
            &mut interview,
            &[("why", "VP01".into()), ("met", "MW01".into())],
        );
        assert_eq!(!desk.at_review(&interview), asked);
        if asked {
            assert_eq!(desk.question(&interview).text, "和王桂兰家的谁？");
            desk.answers(&mut interview, &[("who", WANG_HERSELF.into())]);
        }
    }
}

#[test]
fn conditions_count_compare_and_add_days() {
    let desk = Desk::of("visit");
    let interview = desk.start(None);
    let context = desk.context();
    let facts = crate::form::facts::Facts::gather(&context, &interview);
    for (text, expected) in [
        ("1 + 2 = 3 and not(2 > 3)", true),
        ("today() + 7 = '2026-11-30'", true),
        ("'2026-11-23' - '2026-11-20' = 3", true),
        ("'2026-11-09' < '2026-11-10'", true),
        ("selected('a b', 'b') and not(selected('ab', 'b'))", true),
        ("count-selected('a b c') = 3", true),
        ("coalesce('', 'x') = 'x'", true),
        ("if(true(), 'a', 'b') = 'a'", true),
        ("${met} = ''", true),
        ("${met} = false()", false),
        ("'x' < 'y'", false),
        ("-1 < 0 or false()", true),
        ("0.5 < .75", true),
    ] {
        let expr = Expr::parse(text).unwrap();
        assert_eq!(facts.eval(&expr).truth(), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_expression_reader_panic(text in "\\PC{0,80}") {
        let _ = Expr::parse(&text);
    }

    #[test]
    fn no_jumble_of_its_own_words_makes_reader_or_evaluation_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "${met}", "${home/door}", ".", "'a'", "1", "99999999999", "=", "!=", "<", "<=", "and", "or", "not(",
            "selected(", ",", "+", "-", "today()", "if(", "label(", " ", "'2026-11-23'", "count-selected(", "coalesce(",
        ]), 0..40)
    ) {
        if let Ok(expr) = Expr::parse(&parts.concat()) {
            let desk = Desk::with(Arc::new(Form::parse(&small(1, Json::Array(fixed())).to_string()).unwrap()));
            let interview = desk.start(None);
            let context = desk.context();
            let facts = crate::form::facts::Facts::gather(&context, &interview);
            let _ = facts.eval(&expr);
        }
    }

    #[test]
    fn no_json_makes_the_form_reader_panic(text in "\\PC{0,120}") {
        let _ = Form::parse(&text);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    for text in ["(".repeat(5000), "not(".repeat(300), "-".repeat(1000)] {
        assert!(Expr::parse(&text).is_err());
    }
}
