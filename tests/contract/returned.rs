//! A report comes back to its author, is mended and approved.

use serde_json::json;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_dispute_shows_its_note_on_the_phone_and_after_amend_as_fixed_in_the_console() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let mut console = scene.console().await;
    worker.mood(Mood::Thorough, "两家为田埂吵");
    let report = worker.record("dispute", None).await.unwrap();
    worker.sync().await.unwrap();
    assert!(
        scene.record(&report).await["number"].is_string(),
        "an accepted case has a number"
    );

    let note = "缺地点，请说一句在哪里";
    console
        .act("return", Some(&report), &[("note", note)])
        .await
        .unwrap();
    worker.sync().await.unwrap();
    let shown = worker
        .phone
        .call("record", json!({"record": report}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "returned");
    assert!(shown.to_string().contains(note), "{shown}");
    let progress = worker.phone.progress().await.unwrap();
    assert_eq!(
        (progress.returned, progress.acknowledged, progress.waiting),
        (1, 1, 0)
    );

    worker.amend(&report).await.unwrap();
    worker.sync().await.unwrap();
    let verbs = |record: &serde_json::Value| -> Vec<String> {
        let events = record["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["verb"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert!(verbs(&scene.record(&report).await).contains(&"fix".into()));
    console.act("approve", Some(&report), &[]).await.unwrap();
    assert!(verbs(&scene.record(&report).await).contains(&"approve".into()));
    worker.sync().await.unwrap();
    let shown = worker
        .phone
        .call("record", json!({"record": report}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "received");
}
