//! A worker moves on: what waits still goes, marked as late; then the phone forgets the grid.

use serde_json::json;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_worker_s_phone_sends_what_waits_as_late_and_then_forgets_the_grid() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let visit = worker.record("visit", None).await.unwrap();
    let close = [
        "grant",
        "close",
        "--worker",
        "李大山",
        "--grid",
        &scene.grids[0],
    ];
    scene.relay.admin(&close).await.unwrap();
    worker.sync().await.unwrap();
    let record = scene.record(&visit).await;
    assert_eq!(record["late"], true, "{record}");
    let shown = worker
        .phone
        .call("record", json!({"record": visit}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "received");

    worker.sync().await.unwrap();
    let hits = worker
        .phone
        .call("search", json!({"text": ""}))
        .await
        .unwrap();
    assert_eq!(hits, json!([]), "households of a closed grid");
    let gone = worker.phone.call("record", json!({"record": visit})).await;
    assert_eq!(gone.unwrap_err().name(), "unknown_record");
    // The proof stays with the worker.
    let receipts = worker.phone.call("receipts", json!({})).await.unwrap();
    assert_eq!(receipts.as_array().unwrap().len(), 1);

    // Back in the grid, its households come again.
    let add = [
        "grant",
        "add",
        "--worker",
        "李大山",
        "--grid",
        &scene.grids[0],
    ];
    scene.relay.admin(&add).await.unwrap();
    worker.sync().await.unwrap();
    worker.look_around(5).await.unwrap();
    let again = worker.record("visit", None).await.unwrap();
    worker.sync().await.unwrap();
    assert!(scene.ids(Some("visit")).await.contains(&again));
}
