//! A worker's day on the real program: enrolled, recorded, killed, sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::desk::{Desk, SCOPE};
use support::{Process, rule};

const PIN: &str = "246810";

/// A phone that is enrolled and has synced once.
fn enrolled(desk: &Desk, data: &Path) -> (Process, Value) {
    let mut phone = Process::start(data);
    phone.call("open", json!({"locale": "zh-CN"}));
    let enrolled = phone.call("enrol", json!({"ticket": desk.ticket, "pin": PIN}));
    phone.call("sync", json!({}));
    (phone, enrolled["worker"].clone())
}

fn reopened(data: &Path, worker: &Value) -> Process {
    let mut phone = Process::start(data);
    phone.call("open", json!({}));
    phone.call("unlock", json!({"worker": worker, "pin": PIN}));
    phone
}

fn visit(phone: &mut Process, files: &Path) -> Value {
    let started = phone.call("start", json!({"kind": "visit"}));
    let (interview, _) = rule::finish(phone, &started, files, true);
    phone.call("save", json!({"interview": interview}))["record"].clone()
}

#[test]
fn enrolling_makes_a_worker_who_is_unlocked_and_listed_after_a_restart() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let mut phone = Process::start(dir.path());
    phone.call("open", json!({}));
    let enrolled = phone.call("enrol", json!({"ticket": desk.ticket, "pin": PIN}));
    assert_eq!(enrolled["scopes"], json!([SCOPE.to_string()]));
    assert_eq!(enrolled["name"], "李大山");
    phone.call("home", json!({}));
    phone.kill();
    let mut phone = Process::start(dir.path());
    let opened = phone.call("open", json!({}));
    assert_eq!(opened["enrolled"], true);
    assert_eq!(opened["workers"][0]["id"], enrolled["worker"]);
    assert_eq!(opened["workers"][0]["name"], "李大山");
}

#[test]
fn a_lost_answer_to_an_enrolment_is_healed_by_repeating_even_after_a_kill() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    desk.swallow(u32::MAX);
    let mut phone = Process::start(dir.path());
    phone.call("open", json!({}));
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "enrol",
        "params": {"ticket": desk.ticket, "pin": PIN}});
    phone.write_raw(format!("{request}\n").as_bytes());
    while desk.enrolments() == 0 {
        std::thread::yield_now();
    }
    phone.kill();
    desk.swallow(0);
    let mut phone = Process::start(dir.path());
    assert_eq!(phone.call("open", json!({}))["enrolled"], false);
    let params = json!({"ticket": desk.ticket, "pin": PIN});
    let enrolled = phone.call("enrol", params.clone());
    let before = desk.enrolments();
    assert_eq!(phone.call("enrol", params), enrolled);
    assert_eq!(
        desk.enrolments(),
        before,
        "a finished enrolment asks nobody"
    );
}

#[test]
fn a_visit_saved_before_a_kill_is_there_waiting_and_goes_with_the_next_sync() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let (mut phone, worker) = enrolled(&desk, dir.path());
    let record = visit(&mut phone, dir.path());
    phone.kill();
    let mut phone = reopened(dir.path(), &worker);
    let rows = phone.call("records", json!({}));
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["record"], record);
    assert_eq!(rows[0]["sync_state"], "waiting");
    assert_eq!(rows[0]["scope"], SCOPE.to_string());
    let report = phone.call("sync", json!({}));
    assert_eq!(
        (&report["sent"], &report["acknowledged"]),
        (&json!(1), &json!(1))
    );
    assert!(!phone.notifications.is_empty());
    assert_eq!(phone.notifications[0]["method"], "sync_progress");
    assert_eq!(desk.taken(), [record.as_str().unwrap()]);
    let shown = phone.call("record", json!({"record": record}));
    assert_eq!(shown["sync_state"], "received");
    let receipts = phone.call("receipts", json!({"record": record}));
    assert_eq!(receipts.as_array().unwrap().len(), 1);
    let progress = phone.call("home", json!({}))["progress"].clone();
    assert_eq!(
        progress,
        json!({"saved": 1, "acknowledged": 1, "waiting": 0, "drafts": 0, "returned": 0, "refused": 0})
    );
}

#[test]
fn an_answer_given_before_a_kill_is_not_asked_for_again() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let (mut phone, worker) = enrolled(&desk, dir.path());
    let started = phone.call("start", json!({"kind": "dispute"}));
    let interview = started["interview"].clone();
    let value = rule::value(&started["question"], dir.path());
    let second = phone.call("answer", json!({"interview": interview, "value": value}));
    phone.kill();
    let mut phone = reopened(dir.path(), &worker);
    let resumed = phone.call("amend", json!({"record": interview}));
    assert_eq!(resumed["question"], second["question"]);
}

#[test]
fn a_receipt_whose_answer_was_lost_comes_with_the_next_sync_and_nothing_is_sent_twice() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let (mut phone, _) = enrolled(&desk, dir.path());
    let record = visit(&mut phone, dir.path());
    desk.swallow(1);
    phone.call("sync", json!({}));
    assert_eq!(desk.taken(), [record.as_str().unwrap()]);
    let progress = phone.call("home", json!({}))["progress"].clone();
    assert_eq!(progress["acknowledged"], 1);
}

#[test]
fn a_sync_can_be_cancelled_while_it_runs_and_is_repeated_later() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let (mut phone, _) = enrolled(&desk, dir.path());
    visit(&mut phone, dir.path());
    desk.swallow(u32::MAX);
    phone.write_raw(b"{\"jsonrpc\":\"2.0\",\"id\":\"s\",\"method\":\"sync\"}\n");
    while desk.taken().is_empty() {
        std::thread::yield_now();
    }
    phone.write_raw(b"{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"method\":\"cancel_sync\"}\n");
    let mut codes = Vec::new();
    while codes.len() < 2 {
        let reply = phone.read();
        match reply["id"].as_str() {
            Some("c") => codes.push("stopped".to_owned()),
            Some("s") => codes.push(reply["error"]["data"]["code"].as_str().unwrap().to_owned()),
            _ => {}
        }
    }
    codes.sort();
    assert_eq!(codes, ["cancelled", "stopped"]);
    desk.swallow(0);
    phone.call("sync", json!({}));
    assert_eq!(phone.call("home", json!({}))["progress"]["waiting"], 0);
}

#[test]
fn the_key_is_printed_for_a_forensic_look_and_no_file_is_a_plain_database() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let (phone, worker) = enrolled(&desk, dir.path());
    drop(phone);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_xunge-phone"))
        .args(["key", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim().len(), 96);
    let database = dir
        .path()
        .join("workers")
        .join(worker.as_str().unwrap())
        .join("xunge.db");
    let bytes = std::fs::read(database).unwrap();
    assert!(!bytes.starts_with(b"SQLite format 3"));
}

#[test]
fn a_wrong_pin_is_refused_and_the_right_one_opens() {
    let (desk, dir) = (Desk::open(), tempfile::tempdir().unwrap());
    let (mut phone, worker) = enrolled(&desk, dir.path());
    phone.call("lock", json!({}));
    let error = phone.fail("unlock", json!({"worker": worker, "pin": "000000"}));
    assert_eq!(error["data"]["code"], "wrong_pin");
    phone.call("unlock", json!({"worker": worker, "pin": PIN}));
    let params = json!({"worker": worker, "code": "1111 2222 3333", "new_pin": "135790"});
    phone.call("unlock_with_code", params.clone());
    phone.call("lock", json!({}));
    phone.call("unlock", json!({"worker": worker, "pin": "135790"}));
    let error = phone.fail("unlock_with_code", params);
    assert_eq!(error["data"]["code"], "no_unlock_codes");
}
