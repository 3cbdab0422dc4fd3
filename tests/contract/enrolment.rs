//! Phones join with a ticket, once, and are their worker's afterwards.

use serde_json::json;
use xunge_tests::phone::{PIN, Phone};
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_joins_with_a_ticket_and_knows_its_worker_after_a_restart() {
    let scene = Scene::village().await;
    let ticket = scene
        .relay
        .ticket(&scene.grids[0], "李大山", &scene.relay.url())
        .await
        .unwrap();
    let mut phone = Phone::start(&scene.dir("phone"), "李大山").await.unwrap();
    let opened = phone.call("open", json!({"locale": "en"})).await.unwrap();
    assert_eq!(opened["enrolled"], false);
    let enrolled = phone.enrol(&ticket).await.unwrap();
    assert_eq!(
        enrolled["scopes"].as_array().map(Vec::len),
        Some(1),
        "{enrolled}"
    );

    phone.restart().await.unwrap();
    let opened = phone
        .call("open", json!({"locale": "zh-CN"}))
        .await
        .unwrap();
    assert_eq!(opened["enrolled"], true);
    assert_eq!(opened["workers"][0]["name"], "李大山");
    assert_eq!(phone.progress().await.unwrap().saved, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_again_with_the_same_ticket_on_the_same_phone_changes_nothing() {
    let scene = Scene::village().await;
    let ticket = scene
        .relay
        .ticket(&scene.grids[0], "李大山", &scene.relay.url())
        .await
        .unwrap();
    let mut phone = Phone::start(&scene.dir("phone"), "李大山").await.unwrap();
    let first = phone.enrol(&ticket).await.unwrap();
    let again = phone.enrol(&ticket).await.unwrap();
    assert_eq!(first["worker"], again["worker"]);
    let opened = phone
        .call("open", json!({"locale": "zh-CN"}))
        .await
        .unwrap();
    assert_eq!(opened["workers"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_ticket_opens_no_second_phone() {
    let scene = Scene::village().await;
    let ticket = scene
        .relay
        .ticket(&scene.grids[0], "李大山", &scene.relay.url())
        .await
        .unwrap();
    let mut phone = Phone::start(&scene.dir("phone"), "李大山").await.unwrap();
    phone.enrol(&ticket).await.unwrap();
    let thief = Phone::start(&scene.dir("thief"), "别人").await.unwrap();
    let refused = thief
        .call("enrol", json!({"ticket": ticket, "pin": PIN}))
        .await
        .unwrap_err();
    assert!(
        !refused.is_retry() && !refused.name().is_empty(),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_opens_nothing_and_a_code_from_the_town_sets_a_new_one() {
    let scene = Scene::village().await;
    let worker = scene.worker(0, "李大山", Network::GOOD).await;
    let phone = &worker.phone;
    let id = phone.worker().unwrap();
    phone.call("lock", json!({})).await.unwrap();
    let wrong = phone
        .call("unlock", json!({"worker": id, "pin": "000000"}))
        .await
        .unwrap_err();
    assert!(!wrong.name().is_empty(), "{wrong:?}");

    let code = scene
        .relay
        .admin(&["unlock-code", "--worker", "李大山"])
        .await
        .unwrap();
    let code = code["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{code}"))
        .to_owned();
    phone
        .call(
            "unlock_with_code",
            json!({"worker": id, "code": code, "new_pin": "135790"}),
        )
        .await
        .unwrap();
    phone.call("lock", json!({})).await.unwrap();
    phone
        .call("unlock", json!({"worker": id, "pin": "135790"}))
        .await
        .unwrap();
    let again = phone
        .call(
            "unlock_with_code",
            json!({"worker": id, "code": code, "new_pin": "1"}),
        )
        .await;
    assert!(again.is_err(), "a one-time code worked twice");
}
