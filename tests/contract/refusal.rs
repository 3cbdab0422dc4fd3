//! What the relay does not accept is visible at both ends, and nothing else stops for it.

use serde_json::json;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_pushed_outside_the_phones_grid_lands_in_quarantine_with_a_text_at_both_ends() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let refused = worker.record("visit", None).await.unwrap();
    let close = [
        "grant",
        "close",
        "--worker",
        "李大山",
        "--grid",
        &scene.grids[0],
        "--drain",
        "0",
    ];
    scene.relay.admin(&close).await.unwrap();
    let answer = worker.sync().await.unwrap();
    assert!(answer["refused"].as_u64().unwrap() >= 1, "{answer}");

    let shown = worker
        .phone
        .call("record", json!({"record": refused}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "refused");
    assert!(shown["remedy"].to_string().len() > 6, "no remedy: {shown}");
    let progress = worker.phone.progress().await.unwrap();
    assert_eq!(
        (progress.saved, progress.refused, progress.waiting),
        (1, 1, 0)
    );

    let entries = scene.api.quarantine().await.unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["record"] == refused.as_str())
        .unwrap_or_else(|| panic!("{entries:?}"));
    assert!(
        entry["code"].as_str().is_some_and(|code| !code.is_empty()),
        "{entry}"
    );
    assert!(
        entry["text"].as_str().is_some_and(|text| !text.is_empty()),
        "{entry}"
    );
    assert!(!scene.ids(Some("visit")).await.contains(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admitted_record_counts_as_received_at_both_ends() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let record = worker.record("visit", None).await.unwrap();
    let close = [
        "grant",
        "close",
        "--worker",
        "李大山",
        "--grid",
        &scene.grids[0],
        "--drain",
        "0",
    ];
    scene.relay.admin(&close).await.unwrap();
    worker.sync().await.unwrap();

    let entries = scene.api.quarantine().await.unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["record"] == record.as_str())
        .unwrap();
    let id = entry["id"]
        .as_str()
        .map(str::to_owned)
        .unwrap_or_else(|| entry["id"].to_string());
    scene
        .relay
        .admin(&["quarantine", "admit", &id, "--reason", "交接时漏下的"])
        .await
        .unwrap();
    assert!(scene.ids(Some("visit")).await.contains(&record));
    worker.sync().await.unwrap();
    let shown = worker
        .phone
        .call("record", json!({"record": record}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "received");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_supervisor_rejects_stays_with_its_author_as_a_draft_that_can_be_saved_again() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let record = worker.record("visit", None).await.unwrap();
    let grid = &scene.grids[0];
    let at = ["--worker", "李大山", "--grid", grid];
    let close = [["grant", "close"].as_slice(), &at, &["--drain", "0"]].concat();
    scene.relay.admin(&close).await.unwrap();
    worker.sync().await.unwrap();
    let add = [["grant", "add"].as_slice(), &at].concat();
    scene.relay.admin(&add).await.unwrap();
    let entries = scene.api.quarantine().await.unwrap();
    let entry = entries
        .iter()
        .find(|e| e["record"] == record.as_str())
        .unwrap();
    let id = entry["id"].as_str().unwrap();
    let reject = ["quarantine", "reject", id, "--reason", "请写清楚再报"];
    scene.relay.admin(&reject).await.unwrap();
    worker.sync().await.unwrap();
    let progress = worker.phone.progress().await.unwrap();
    assert_eq!((progress.refused, progress.drafts), (1, 1));
    let shown = worker
        .phone
        .call("record", json!({"record": record}))
        .await
        .unwrap();
    assert!(
        shown["reason"].to_string().contains("请写清楚再报"),
        "{shown}"
    );

    // Nothing has to be told a second time: the draft is at its end already.
    let draft = worker
        .phone
        .call("amend", json!({"record": record}))
        .await
        .unwrap();
    assert!(draft["review"].is_array(), "{draft}");
    let saved = worker.phone.save(&draft["interview"]).await.unwrap();
    assert_eq!(
        (saved.record.as_str(), saved.sync_state.as_str()),
        (record.as_str(), "waiting")
    );
    worker.sync().await.unwrap();
    assert!(scene.ids(Some("visit")).await.contains(&record));
    let progress = worker.phone.progress().await.unwrap();
    assert_eq!(
        (progress.saved, progress.acknowledged, progress.drafts),
        (1, 1, 0)
    );
}
