//! Over EDGE in a valley, with cuts and swallowed connections, everything arrives: records, a first copy, files.

use serde_json::json;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_at_the_edge_of_the_signal_gets_its_first_copy_and_sends_records_and_files() {
    let scene = Scene::village().await;
    scene
        .relay
        .admin(&["snapshot", "--least", "1"])
        .await
        .unwrap();
    let mut worker = scene.worker(0, "李大山", Network::VILLAGE).await;
    worker.mood(Mood::Thorough, "今天去看过，都好");
    let mut saved = Vec::new();
    for kind in ["visit", "dispute"] {
        saved.push(worker.record(kind, None).await.unwrap());
    }
    let sent = worker.sync().await.unwrap();
    assert!(sent["media_sent"].as_u64().unwrap() > 0, "{sent}");
    assert!(worker.proxy.counters().cuts() > 0, "the line was bad");
    let ids = scene.ids(None).await;
    for id in &saved {
        assert!(ids.contains(id), "{id}");
    }
    worker.proxy.set_network(Network::GOOD);
    let rest = worker.phone.call("sync", json!({})).await.unwrap();
    assert_eq!(
        (&rest["sent"], &rest["media_sent"], &rest["requests"]),
        (&json!(0), &json!(0), &json!(1)),
        "nothing was left: {rest}"
    );
}
