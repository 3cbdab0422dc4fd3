//! Practice with made-up households, on the real program: everything works, nothing leaves, nothing stays.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use serde_json::{Value, json};
use support::{Process, rule};

fn practising(data: &std::path::Path) -> Process {
    let mut phone = Process::start(data);
    phone.call("open", json!({"locale": "zh-CN"}));
    phone.call("practice", json!({"on": true}));
    phone
}

#[test]
fn every_kind_of_interview_can_be_practised_to_its_end_by_the_generic_rule() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = practising(dir.path());
    let home = phone.call("home", json!({}));
    assert_eq!(home["tiles"].as_array().unwrap().len(), 4);
    assert_eq!(home["next_visits"].as_array().unwrap().len(), 8);
    let household = home["next_visits"][0]["household"].clone();
    let warning = home["notices"][0]["record"].clone();
    assert_eq!(home["notices"][0]["kind"], "warning");
    let mut saved = 0;
    for skips in [true, false] {
        for (kind, subject) in [
            ("visit", &Value::Null),
            ("visit", &household),
            ("dispute", &Value::Null),
            ("request", &Value::Null),
            ("household", &household),
            ("warning_ack", &warning),
            ("warning_ack", &Value::Null),
        ] {
            let started = phone.call("start", json!({"kind": kind, "subject": subject}));
            let (interview, _) = rule::finish(&mut phone, &started, dir.path(), skips);
            let answer = phone.call("save", json!({"interview": interview}));
            assert!(answer["record"].is_string(), "{kind}: {answer}");
            assert_eq!(answer["sync_state"], "waiting", "{kind}: {answer}");
            let shown = phone.call("record", json!({"record": answer["record"]}));
            assert_eq!(shown["kind"], kind);
            assert!(!shown["fields"].as_array().unwrap().is_empty());
            saved += 1;
        }
    }
    let progress = phone.call("home", json!({}))["progress"].clone();
    assert_eq!(progress["drafts"], 0);
    assert_eq!(progress["saved"], progress["waiting"]);
    // The household was changed twice and is one record.
    assert_eq!(progress["saved"], saved - 1, "{progress}");
}

#[test]
fn nothing_of_practice_leaves_and_nothing_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = practising(dir.path());
    assert_eq!(phone.fail("sync", json!({}))["data"]["code"], "practising");
    let started = phone.call("start", json!({"kind": "visit"}));
    let (interview, _) = rule::finish(&mut phone, &started, dir.path(), true);
    phone.call("save", json!({"interview": interview}));
    assert!(dir.path().join("practice").exists());
    phone.call("practice", json!({"on": false}));
    assert!(!dir.path().join("practice").exists());
    assert_eq!(phone.fail("home", json!({}))["data"]["code"], "locked");

    phone.call("practice", json!({"on": true}));
    assert_eq!(phone.call("home", json!({}))["progress"]["saved"], 0);
    phone.kill();
    let mut phone = Process::start(dir.path());
    phone.call("open", json!({}));
    assert!(
        !dir.path().join("practice").exists(),
        "a kill leaves nothing"
    );
}

#[test]
fn a_draft_goes_on_where_it_was_and_back_leads_to_the_first_question() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = practising(dir.path());
    let started = phone.call("start", json!({"kind": "dispute"}));
    let first = started["question"]["id"].clone();
    let interview = started["interview"].clone();
    let value = rule::value(&started["question"], dir.path());
    let second = phone.call("answer", json!({"interview": interview, "value": value}));
    assert_ne!(second["question"]["id"], first);
    let drafts = phone.call("records", json!({"sync_state": "draft"}));
    assert_eq!(drafts[0]["record"], interview);
    let resumed = phone.call("amend", json!({"record": interview}));
    assert_eq!(resumed["interview"], interview);
    assert_eq!(resumed["question"]["id"], second["question"]["id"]);
    let back = phone.call("back", json!({"interview": interview}));
    assert_eq!(back["question"]["id"], first);
    let gone = phone.call("discard", json!({"interview": interview}));
    assert_eq!(gone, json!({"record": null, "sync_state": null}));
    let error = phone.fail("save", json!({"interview": interview}));
    assert_eq!(error["data"]["code"], "unknown_interview");
}

#[test]
fn an_answer_that_does_not_fit_leaves_the_question_open_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = practising(dir.path());
    let started = phone.call("start", json!({"kind": "visit"}));
    let interview = started["interview"].clone();
    let error = phone.fail(
        "answer",
        json!({"interview": interview, "value": "no such code"}),
    );
    assert_eq!(error["code"], -32000);
    assert!(!error["data"]["text"].as_str().unwrap().is_empty());
    let resumed = phone.call("amend", json!({"record": interview}));
    assert_eq!(resumed["question"]["id"], started["question"]["id"]);
}

#[test]
fn households_are_found_by_name_initials_and_door() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = practising(dir.path());
    for text in ["张三", "zs", "1号", "1"] {
        let hits = phone.call("search", json!({"text": text}));
        assert_eq!(hits[0]["title"], "张三", "{text}: {hits}");
        assert_eq!(hits[0]["door"], "1号");
    }
    let hits = phone.call("search", json!({"text": "号", "limit": 3}));
    assert!(hits.as_array().unwrap().len() <= 3);
}
