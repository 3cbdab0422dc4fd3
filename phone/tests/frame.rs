//! The JSON-RPC border of the real program: what is not understood gets an error, and the program goes on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use serde_json::{Value, json};
use support::Process;

/// The table of the contract.
const CONTRACT: [&str; 24] = [
    "open",
    "enrol",
    "unlock",
    "unlock_with_code",
    "lock",
    "close",
    "home",
    "start",
    "answer",
    "skip",
    "back",
    "save",
    "discard",
    "amend",
    "records",
    "record",
    "receipts",
    "search",
    "sync",
    "cancel_sync",
    "bundle_export",
    "bundle_import",
    "practice",
    "status",
];

#[test]
fn malformed_lines_get_error_replies_and_the_program_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    let lines: [(&[u8], i64, Value); 8] = [
        (b"\n", -32700, Value::Null),
        (b"{\"jsonrpc\"\n", -32700, Value::Null),
        (b"\xff\xfe\n", -32700, Value::Null),
        (b"[]\n", -32600, Value::Null),
        (b"{\"id\":3}\n", -32600, json!(3)),
        (
            b"{\"jsonrpc\":\"1.0\",\"id\":\"x\",\"method\":\"home\"}\n",
            -32600,
            json!("x"),
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}\n",
            -32600,
            json!(1),
        ),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"home\",\"params\":[]}\n",
            -32602,
            json!(1),
        ),
    ];
    for (line, code, id) in lines {
        phone.write_raw(line);
        let reply = phone.read();
        assert_eq!(reply["error"]["code"], code, "{reply}");
        assert_eq!(reply["id"], id, "{reply}");
        assert!(reply["error"]["data"]["code"].is_string(), "{reply}");
        assert_eq!(reply["error"]["data"]["retry"], false);
    }
    phone.call("open", json!({}));
}

#[test]
fn a_line_of_three_megabytes_is_refused_and_the_next_one_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    let mut long = vec![b'x'; 3 << 20];
    long.push(b'\n');
    phone.write_raw(&long);
    let reply = phone.read();
    assert_eq!(reply["error"]["code"], -32700);
    assert!(
        reply["error"]["message"]
            .as_str()
            .unwrap()
            .contains("longer")
    );
    phone.call("open", json!({}));
}

#[test]
fn an_unknown_method_is_named_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    let error = phone.fail("rm_rf", json!({}));
    assert_eq!(error["code"], -32601);
    assert!(error["message"].as_str().unwrap().contains("rm_rf"));
    assert_eq!(error["data"]["code"], "method_not_found");
}

#[test]
fn every_method_of_the_contract_exists() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    for method in CONTRACT {
        let reply = phone.exchange(method, json!({}));
        assert_ne!(reply["error"]["code"], -32601, "{method}");
    }
}

#[test]
fn wrong_parameters_are_named_by_their_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    for (method, params, names) in [
        ("start", json!({}), "kind"),
        ("start", json!({"kind": 7}), "params.kind"),
        ("start", json!({"kind": "visit", "subjekt": "x"}), "subjekt"),
        ("enrol", json!({"ticket": "x"}), "pin"),
        (
            "answer",
            json!({"interview": "x", "value": {"a": 1}}),
            "params.value",
        ),
        ("records", json!({"limit": "many"}), "params.limit"),
        ("practice", json!({"on": "yes"}), "params.on"),
    ] {
        let error = phone.fail(method, params);
        assert_eq!(error["code"], -32602, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(names), "{method}: {message}");
    }
}

#[test]
fn a_fresh_phone_opens_without_workers_and_says_that_it_is_locked() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(&dir.path().join("new"));
    assert_eq!(phone.fail("home", json!({}))["data"]["code"], "not_open");
    let opened = phone.call("open", json!({"locale": "zh-CN"}));
    assert_eq!(opened, json!({"workers": [], "enrolled": false}));
    let error = phone.fail("home", json!({}));
    assert_eq!(error["code"], -32000);
    assert_eq!(error["data"]["code"], "locked");
    let (text, speech) = (&error["data"]["text"], &error["data"]["speech"]);
    assert!(text.as_str().is_some_and(|t| !t.is_ascii()), "{error}");
    assert!(speech.as_str().is_some_and(|t| !t.is_empty()), "{error}");
    phone.call("open", json!({"locale": "en"}));
    let english = phone.fail("home", json!({}));
    assert!(english["data"]["text"].as_str().unwrap().is_ascii());
}

#[test]
fn an_unknown_locale_a_wrong_ticket_and_an_unknown_worker_have_codes_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    let code = |error: Value| error["data"]["code"].as_str().unwrap().to_owned();
    assert_eq!(
        code(phone.fail("open", json!({"locale": "tlh"}))),
        "unknown_locale"
    );
    phone.call("open", json!({}));
    assert_eq!(
        code(phone.fail("enrol", json!({"ticket": "hello", "pin": "1234"}))),
        "bad_ticket"
    );
    assert_eq!(
        code(phone.fail(
            "unlock",
            json!({"worker": "0011223344556677", "pin": "1234"})
        )),
        "unknown_worker"
    );
}

#[test]
fn a_notification_is_carried_out_without_a_reply_and_the_end_of_input_ends_the_program_well() {
    let dir = tempfile::tempdir().unwrap();
    let mut phone = Process::start(dir.path());
    phone.write_raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"open\",\"params\":{\"locale\":\"en\"}}\n");
    let error = phone.fail("home", json!({}));
    assert_eq!(error["data"]["code"], "locked");
    phone.call("close", json!({}));
    phone.call("close", json!({}));
    let (rest, well) = phone.finish();
    assert_eq!(rest, Vec::<Value>::new());
    assert!(well);
}
