//! Bad input gets a clear answer, and life goes on.

use serde_json::{Value, json};
use xunge_tests::phone::{PIN, Phone};
use xunge_tests::proxy::Network;
use xunge_tests::relay::xunge;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_calls_get_an_error_reply_and_the_phone_goes_on() {
    let scene = Scene::village().await;
    let worker = scene.worker(0, "李大山", Network::GOOD).await;
    let calls = [
        ("no_such_method", json!({})),
        ("start", json!({"kind": "no_such_kind"})),
        ("start", json!({"kind": 7})),
        ("start", json!([])),
        ("answer", json!({"interview": "nobody's", "value": 1})),
        ("answer", json!({})),
        ("record", json!({"record": "zz"})),
        ("amend", json!({"record": "00"})),
        ("records", json!({"limit": -1})),
        ("records", json!({"sync_state": "lost"})),
        ("unlock", json!({"worker": "nobody", "pin": "1"})),
        ("enrol", json!({"ticket": "XUNGE1:00", "pin": PIN})),
        ("enrol", json!({"ticket": "", "pin": PIN})),
        ("search", json!({})),
    ];
    for (method, params) in calls {
        let error = worker.phone.call(method, params.clone()).await;
        let error = error.expect_err(&format!("{method} {params} was accepted"));
        assert!(
            !error.name().is_empty() && error.name() != "died",
            "{method} {params}: {error:?}"
        );
    }
    assert_eq!(worker.phone.progress().await.unwrap().saved, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_no_json_rpc_get_an_error_reply_and_the_phone_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let phone = Phone::start(dir.path(), "李大山").await.unwrap();
    let deep = "[".repeat(5_000);
    let long = format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"open\",\"params\":{{\"locale\":\"{}\"}}}}",
        "x".repeat(100_000)
    );
    for line in [
        "{",
        "null",
        "[]",
        "42",
        "\"open\"",
        "{\"id\":1}",
        "",
        &deep,
        &long,
    ] {
        phone.rpc().send_line(line).await.unwrap();
    }
    let opened = phone.call("open", json!({"locale": "en"})).await.unwrap();
    assert_eq!(opened["enrolled"], false);
    let errors = phone
        .rpc()
        .heard()
        .iter()
        .filter(|object| object["error"].is_object())
        .count();
    assert!(errors >= 5, "{:?}", phone.rpc().heard());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_is_refused_and_the_question_stays() {
    let scene = Scene::village().await;
    let worker = scene.worker(0, "李大山", Network::GOOD).await;
    let open = worker
        .people
        .start(&worker.phone, "visit", None)
        .await
        .unwrap();
    for value in [
        json!({"a": 1}),
        json!([1, 2]),
        json!("no-such-code"),
        json!(-1),
        Value::Null,
    ] {
        let params = json!({"interview": open.interview, "value": value});
        let refused = worker.phone.call("answer", params).await;
        assert!(refused.is_err(), "{value} was taken for {}", open.next);
    }
    let mut worker = worker;
    let open = worker.people.finish(&worker.phone, open).await.unwrap();
    worker.phone.save(&open.interview).await.unwrap();
}

#[tokio::test]
async fn wrong_usage_exits_with_2_and_a_failure_with_1_and_one_line() {
    let empty = tempfile::tempdir().unwrap();
    let nowhere = empty.path().join("nothing").display().to_string();
    for args in [
        vec![],
        vec!["fly"],
        vec!["init"],
        vec!["serve", "--listen", "here"],
        vec!["admin", "enrol"],
    ] {
        let output = xunge(&args).await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
    for args in [
        vec!["serve", "--data", &nowhere],
        vec!["admin", "device", "list", "--data", &nowhere],
        vec![
            "export", "--kind", "visit", "--format", "json", "--data", &nowhere,
        ],
    ] {
        let output = xunge(&args).await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{args:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_at_the_sync_door_is_refused_and_the_relay_goes_on() {
    let scene = Scene::village().await;
    let http = xunge_tests::api::http_client().unwrap();
    let url = format!("{}/sync/v1", scene.relay.url());
    for body in [
        vec![],
        vec![0; 10],
        vec![0xff; 5_000],
        b"GET / HTTP/1.1".to_vec(),
        vec![1; 200_000],
    ] {
        let answer = http.post(&url).body(body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
    let answer = http
        .get(format!("{}/healthz", scene.relay.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}
