//! An older backup put back: the phones fill it again, and what must not be undone stays.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xunge_tests::interview::{Interviewer, Mood};
use xunge_tests::phone::Phone;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{Place, Relay};

use crate::scene::Scene;

async fn brief(phone: &Phone, kind: &str) -> String {
    let mut people = Interviewer::new(Mood::Thorough, 5, phone.dir(), "恢复以前");
    people.record(phone, kind, None).await.unwrap().record
}

async fn run(place: &Place, arguments: &[&str]) {
    let output = place.xunge(arguments).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

fn numbers(records: &[Value]) -> BTreeMap<String, String> {
    let pair = |r: &Value| Some((r["id"].as_str()?.into(), r["number"].as_str()?.into()));
    records.iter().filter_map(pair).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_filled_again_by_the_phones_and_no_number_is_given_twice_and_no_revoked_phone_lives_again()
 {
    let mut scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let lost = scene.worker(1, "赵二妹", Network::GOOD).await;
    let early = brief(&worker.phone, "dispute").await;
    worker.sync().await.unwrap();
    let place = scene.relay.place().clone();
    let backup = scene.dir("backup").display().to_string();
    run(&place, &["backup", "--to", &backup]).await;

    // After the backup: a case, a visit, a phone enrolled, a phone revoked.
    let case = brief(&worker.phone, "dispute").await;
    let visit = brief(&worker.phone, "visit").await;
    worker.sync().await.unwrap();
    worker.sync().await.unwrap();
    let mut late = scene.worker(0, "孙三", Network::GOOD).await;
    let his = brief(&late.phone, "dispute").await;
    late.sync().await.unwrap();
    let status = lost.phone.call("status", json!({})).await.unwrap();
    let revoked = status["writer"].as_str().unwrap().to_owned();
    scene
        .relay
        .admin(&["device", "revoke", &revoked])
        .await
        .unwrap();
    let before = numbers(&scene.api.records(Some("dispute"), None).await.unwrap().0);
    assert!(before.contains_key(&early) && before.contains_key(&case) && before.contains_key(&his));

    let address = scene.relay.address().to_string();
    let ended = scene.relay.stop().await.unwrap();
    assert!(ended.success(), "{ended}");
    run(&place, &["restore", "--from", &backup]).await;
    scene.relay = Relay::serve(place, &address).await.unwrap();
    assert!(
        !scene.ids(None).await.contains(&case),
        "the backup is older"
    );

    // A case of the new life, before the others are back.
    let new = brief(&late.phone, "dispute").await;
    for _ in 0..2 {
        late.sync().await.unwrap();
        worker.sync().await.unwrap();
    }
    let unsent = brief(&lost.phone, "visit").await;
    let _ = lost.phone.sync(2).await;

    let ids = scene.ids(None).await;
    for id in [&early, &case, &visit, &his, &new] {
        assert_eq!(ids.iter().filter(|found| *found == id).count(), 1, "{id}");
    }
    let after = numbers(&scene.api.records(Some("dispute"), None).await.unwrap().0);
    for (id, number) in &before {
        assert_eq!(after.get(id), Some(number), "a case keeps its number");
    }
    let different: std::collections::BTreeSet<&String> = after.values().collect();
    assert_eq!(different.len(), after.len(), "no number twice: {after:?}");
    assert!(after.contains_key(&new));

    assert!(!ids.contains(&unsent));
    let held = scene.api.quarantine().await.unwrap();
    assert!(
        held.iter()
            .any(|e| e["record"] == unsent.as_str() && e["code"] == "device_revoked"),
        "{held:?}"
    );
    for phone in [&worker.phone, &late.phone] {
        let progress = phone.progress().await.unwrap();
        assert_eq!(progress.saved, progress.acknowledged, "{progress:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_phone_had_not_sent_is_admitted_from_the_command_line_and_its_copy_is_revoked_with_it()
 {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let folder = scene.dir("copy");
    worker.phone.copy_to(&folder).await.unwrap();
    let twin = worker.phone.twin(&folder).await.unwrap();
    brief(&worker.phone, "visit").await;
    brief(&twin, "request").await;
    worker.sync().await.unwrap();
    twin.sync(5).await.unwrap();
    let writer = |status: Value| status["writer"].as_str().unwrap().to_owned();
    let first = writer(worker.phone.call("status", json!({})).await.unwrap());
    let second = writer(twin.call("status", json!({})).await.unwrap());
    assert_ne!(first, second);

    scene
        .relay
        .admin(&["device", "revoke", &first])
        .await
        .unwrap();
    let devices = scene.relay.admin(&["device", "list"]).await.unwrap();
    for device in devices["devices"].as_array().unwrap() {
        assert!(!device["revoked_at"].is_null(), "{device}");
    }
    let unsent = brief(&twin, "visit").await;
    let _ = twin.sync(2).await;
    let entries = scene.api.quarantine().await.unwrap();
    let entry = entries
        .iter()
        .find(|entry| entry["record"] == unsent.as_str())
        .unwrap_or_else(|| panic!("{entries:?}"));
    let id = entry["id"].as_str().unwrap();
    scene
        .relay
        .admin(&["quarantine", "admit", id])
        .await
        .unwrap();
    assert!(scene.ids(Some("visit")).await.contains(&unsent));
    let _ = twin.sync(2).await;
    let shown = twin
        .call("record", json!({"record": unsent}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "received");
}

/// Hashes of the files that a record names.
async fn files_of(scene: &Scene, record: &str) -> Vec<String> {
    let shown = scene.record(record).await;
    let fields = shown["fields"].as_object().unwrap().values();
    fields
        .filter_map(|value| Some(value["hash"].as_str()?.to_owned()))
        .collect()
}

async fn status_of(scene: &Scene, token: &str, hash: &str) -> u16 {
    let url = format!("{}/media/v1/{hash}", scene.relay.url());
    let http = xunge_tests::api::http_client().unwrap();
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_erased_since_the_backup_stay_erased_and_those_sent_since_come_again() {
    let mut scene = Scene::village().await;
    let worker = scene.worker(0, "李大山", Network::GOOD).await;
    let token = scene.media_token().await;
    let erased = brief(&worker.phone, "dispute").await;
    worker.phone.sync(5).await.unwrap();
    let heard = files_of(&scene, &erased).await;
    assert!(!heard.is_empty());
    let place = scene.relay.place().clone();
    let backup = scene.dir("backup").display().to_string();
    run(&place, &["backup", "--to", &backup]).await;

    let mut people = Interviewer::new(Mood::Thorough, 6, worker.phone.dir(), "备份以后");
    let later = people.record(&worker.phone, "dispute", None).await.unwrap();
    worker.phone.sync(5).await.unwrap();
    let kept = files_of(&scene, &later.record).await;
    assert!(!kept.is_empty() && kept.iter().all(|hash| !heard.contains(hash)));
    let erase = ["erase", erased.as_str(), "--reason", "本人要求"];
    scene.relay.admin(&erase).await.unwrap();

    let address = scene.relay.address().to_string();
    let ended = scene.relay.stop().await.unwrap();
    assert!(ended.success(), "{ended}");
    run(&place, &["restore", "--from", &backup]).await;
    scene.relay = Relay::serve(place, &address).await.unwrap();
    for hash in &heard {
        assert_eq!(status_of(&scene, &token, hash).await, 404, "brought back");
    }
    for _ in 0..2 {
        worker.phone.sync(5).await.unwrap();
    }
    assert!(!scene.ids(None).await.contains(&erased));
    for hash in &heard {
        assert_eq!(status_of(&scene, &token, hash).await, 404, "sent again");
    }
    for hash in &kept {
        assert_eq!(status_of(&scene, &token, hash).await, 200, "lost");
    }
}
