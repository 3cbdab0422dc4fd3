//! A report comes back to its author, is mended and approved.

use serde_json::json;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;
use xunge_tests::worker::Worker;

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

/// A report of a worker who goes, and a colleague in the same grid.
async fn report_of_one_who_goes(scene: &Scene) -> (String, Worker) {
    let mut gone = scene.worker(0, "李大山", Network::GOOD).await;
    let colleague = scene.worker(0, "赵二妹", Network::GOOD).await;
    gone.mood(Mood::Thorough, "两家为田埂吵");
    let report = gone.record("dispute", None).await.unwrap();
    gone.sync().await.unwrap();
    (report, colleague)
}

/// The town sends the report back; the colleague is told, mends it, and the town has it as fixed.
async fn the_colleague_mends(scene: &Scene, colleague: &mut Worker, report: &str) {
    let mut console = scene.console().await;
    let note = "缺地点，请说一句在哪里";
    let fields = [("note", note)];
    console.act("return", Some(report), &fields).await.unwrap();
    colleague.sync().await.unwrap();
    let home = colleague.phone.call("home", json!({})).await.unwrap();
    let told = home["notices"].as_array().unwrap().iter();
    let told = told.filter(|n| n["kind"] == "returned" && n["record"] == report);
    assert_eq!(told.count(), 1, "{home}");
    let shown = colleague.phone.call("record", json!({"record": report}));
    assert!(shown.await.unwrap().to_string().contains(note));

    colleague.mood(Mood::Thorough, "在东头的田埂上");
    colleague.amend(report).await.unwrap();
    colleague.sync().await.unwrap();
    let record = scene.record(report).await;
    let events = record["events"].as_array().unwrap();
    let fixed = events.iter().find(|event| event["verb"] == "fix");
    assert_eq!(fixed.unwrap()["effect"], "effective", "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_to_a_worker_who_was_moved_finds_the_one_who_is_there() {
    let scene = Scene::village().await;
    let (report, mut colleague) = report_of_one_who_goes(&scene).await;
    let grid = &scene.grids[0];
    let close = ["grant", "close", "--worker", "李大山", "--grid", grid];
    scene.relay.admin(&close).await.unwrap();
    the_colleague_mends(&scene, &mut colleague, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_to_a_worker_whose_phone_was_revoked_finds_the_one_who_is_there() {
    let scene = Scene::village().await;
    let (report, mut colleague) = report_of_one_who_goes(&scene).await;
    let devices = scene.relay.admin(&["device", "list"]).await.unwrap();
    let devices = devices["devices"].as_array().unwrap();
    let lost = devices.iter().find(|d| d["name"] == "李大山").unwrap();
    let revoke = [
        "device",
        "revoke",
        lost["id"].as_str().unwrap(),
        "--reason",
        "丢了",
    ];
    scene.relay.admin(&revoke).await.unwrap();
    the_colleague_mends(&scene, &mut colleague, &report).await;
}
