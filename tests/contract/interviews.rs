//! Every kind of interview can be finished by somebody who knows no form.

use serde_json::json;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

const QUESTION_KINDS: [&str; 12] = [
    "choice",
    "choices",
    "yes_no",
    "household",
    "person",
    "number",
    "date",
    "text",
    "voice",
    "photo",
    "signature",
    "confirm",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_interview_is_finished_by_the_generic_rule_briefly_and_thoroughly() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let household = worker.some_household().unwrap();
    let mut saved = 0;
    for mood in [Mood::Brief, Mood::Thorough, Mood::Contrary] {
        worker.mood(mood, "房前的路坏了");
        for (kind, subject) in [
            ("visit", None),
            ("dispute", None),
            ("request", None),
            ("household", Some(&household)),
        ] {
            let before = worker.saved.len();
            let record = worker
                .record(kind, subject.map(String::as_str))
                .await
                .unwrap();
            saved += worker.saved.len() - before;
            let shown = worker
                .phone
                .call("record", json!({"record": record}))
                .await
                .unwrap();
            assert_eq!(shown["sync_state"], "waiting", "{kind}: {shown}");
        }
    }
    assert_eq!(saved, 10, "nine new records and one household");
    let progress = worker.phone.progress().await.unwrap();
    assert_eq!(
        (progress.saved, progress.waiting, progress.drafts),
        (10, 10, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_where_all_is_well_takes_at_most_six_taps_from_the_home_screen() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    worker.mood(Mood::Brief, "");
    let mut open = worker
        .people
        .start(&worker.phone, "visit", None)
        .await
        .unwrap();
    let mut taps = 1;
    while open.review().is_none() {
        open = worker.people.step(&worker.phone, open).await.unwrap();
        taps += 1;
    }
    worker.phone.save(&open.interview).await.unwrap();
    taps += 1;
    assert!(taps <= 6, "{taps} taps");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_speaks_shows_a_picture_and_goes_back() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    worker.mood(Mood::Thorough, "话");
    let mut open = worker
        .people
        .start(&worker.phone, "dispute", None)
        .await
        .unwrap();
    let first = open.next["question"].clone();
    let mut asked = 0;
    while open.review().is_none() {
        let question = &open.next["question"];
        asked += 1;
        assert!(
            QUESTION_KINDS.contains(&question["kind"].as_str().unwrap()),
            "{question}"
        );
        for part in ["id", "text", "speech", "picture"] {
            assert!(
                question[part].as_str().is_some_and(|text| !text.is_empty()),
                "{part} of {question}"
            );
        }
        open = worker.people.step(&worker.phone, open).await.unwrap();
    }
    for line in open.review().unwrap().as_array().unwrap() {
        assert!(
            line["text"].is_string() && line["speech"].is_string(),
            "{line}"
        );
    }
    for _ in 0..asked {
        let back = worker
            .phone
            .call("back", json!({"interview": open.interview}))
            .await
            .unwrap();
        open.next = back;
    }
    assert_eq!(open.next["question"]["id"], first["id"]);
    worker
        .phone
        .call("discard", json!({"interview": open.interview}))
        .await
        .unwrap();
    assert_eq!(worker.phone.progress().await.unwrap().drafts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn practice_leaves_nothing_behind() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    worker
        .phone
        .call("practice", json!({"on": true}))
        .await
        .unwrap();
    worker.mood(Mood::Brief, "");
    let open = worker
        .people
        .start(&worker.phone, "visit", None)
        .await
        .unwrap();
    let open = worker.people.finish(&worker.phone, open).await.unwrap();
    worker.phone.save(&open.interview).await.unwrap();
    worker
        .phone
        .call("practice", json!({"on": false}))
        .await
        .unwrap();
    assert_eq!(worker.phone.progress().await.unwrap().saved, 0);
    worker.sync().await.unwrap();
    assert!(
        scene
            .ids(Some("visit"))
            .await
            .iter()
            .all(|id| !worker.saved.contains(id))
    );
}
