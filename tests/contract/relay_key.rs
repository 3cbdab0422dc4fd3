//! The relay gets another key: every phone follows, whatever was under way arrives, and going back to an older backup cuts
//! nobody off.

use std::path::Path;

use serde_json::{Value, json};
use xunge_tests::phone::Phone;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{Place, Relay, xunge_json};
use xunge_tests::worker::Worker;

use crate::scene::Scene;

async fn courier(worker: &Worker, method: &str, file: &Path) -> Value {
    let params = json!({"path": file});
    worker.phone.call(method, params).await.unwrap()
}

async fn state(worker: &Worker, record: &str) -> String {
    let params = json!({"record": record});
    let shown = worker.phone.call("record", params).await.unwrap();
    shown["sync_state"].as_str().unwrap().to_owned()
}

/// Whether `xunge receipt verify` believes all receipts of a phone.
async fn receipts_verify(scene: &Scene, worker: &Worker, name: &str) -> usize {
    let shown = worker.phone.call("receipts", json!({})).await.unwrap();
    let file = scene.dir(name);
    std::fs::write(&file, shown.to_string()).unwrap();
    let path = file.display().to_string();
    // Away from the relay, by the key that the phone names: the present one or an earlier.
    let away = xunge_json(&["receipt", "verify", &path, "--json"]).await;
    let place = scene.relay.place();
    let verified = place
        .xunge_json(&["receipt", "verify", &path, "--json"])
        .await;
    let count = |verified: Value| verified["receipts"].as_array().unwrap().len();
    assert_eq!(count(away.unwrap()), shown.as_array().unwrap().len());
    count(verified.unwrap())
}

async fn keys(relay: &Relay) -> Vec<(u64, String)> {
    let listed = relay.admin(&["relay-key", "list"]).await.unwrap();
    let keys = listed["keys"].as_array().unwrap().iter();
    keys.map(|key| {
        let state = key["state"].as_str().unwrap();
        (key["sequence"].as_u64().unwrap(), state.to_owned())
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_follow_the_relay_to_a_new_key_and_an_older_backup_cuts_nobody_off() {
    let mut scene = Scene::village().await;
    let mut near = scene.worker(0, "李大山", Network::GOOD).await;
    let mut far = scene.worker(1, "王小河", Network::GOOD).await;
    let early = near.record("visit", None).await.unwrap();
    near.sync().await.unwrap();
    // Under way at the change: a ticket, a first copy, a sealed bundle.
    let grid = scene.grids[0].clone();
    let url = scene.relay.url();
    let old_ticket = scene.relay.ticket(&grid, "孙三", &url).await.unwrap();
    scene
        .relay
        .admin(&["snapshot", "--least", "1"])
        .await
        .unwrap();
    let carried = far.record("dispute", None).await.unwrap();
    let out = scene.dir("out.xgc");
    courier(&far, "bundle_export", &out).await;
    let backup = scene.dir("backup").display().to_string();
    let place = scene.relay.place().clone();
    let made = place.xunge(&["backup", "--to", &backup]).await.unwrap();
    assert!(made.status.success());

    assert_eq!(keys(&scene.relay).await, [(0, "current".into())]);
    let changed = scene.relay.admin(&["relay-key", "rotate"]).await.unwrap();
    assert_eq!(changed["keys"][1]["sequence"], 1, "{changed}");
    let both = [(0, "retired".to_owned()), (1, "current".to_owned())];
    assert_eq!(keys(&scene.relay).await, both);

    // Who knew the old key, follows; a sync with nothing to say stays as small as ever.
    let late = near.record("visit", None).await.unwrap();
    near.sync().await.unwrap();
    assert_eq!(state(&near, &late).await, "received");
    let idle = near.sync().await.unwrap();
    let bytes = |way: &str| idle[way].as_u64().unwrap();
    assert!(
        bytes("bytes_up") <= 250 && bytes("bytes_down") <= 250,
        "{idle}"
    );

    // Who was away does, by the answer that a courier brings; the bundle was sealed to the old key.
    assert_eq!(courier(&near, "bundle_import", &out).await["carried"], 1);
    assert_eq!(near.sync().await.unwrap()["carried"], 1);
    let home = scene.dir("home.xgc");
    courier(&near, "bundle_export", &home).await;
    assert_eq!(
        courier(&far, "bundle_import", &home).await["acknowledged"],
        1
    );
    assert_eq!(state(&far, &carried).await, "received");
    let next = far.record("visit", None).await.unwrap();
    far.sync().await.unwrap();
    assert_eq!(state(&far, &next).await, "received");

    // New phones: by a ticket with the new key, and by one with the old.
    let mut new = scene.worker(0, "周桂香", Network::GOOD).await;
    let hers = new.record("visit", None).await.unwrap();
    new.sync().await.unwrap();
    assert_eq!(state(&new, &hers).await, "received");
    let mut third = Phone::start(&scene.dir("third"), "孙三").await.unwrap();
    third.enrol(&old_ticket).await.unwrap();
    third.sync(3).await.unwrap();
    for phone in [&new.phone, &third] {
        let seen = phone
            .call("record", json!({"record": early}))
            .await
            .unwrap();
        assert_eq!(seen["record"], early.as_str(), "what was before is there");
    }

    // Receipts by both keys are believed.
    assert!(receipts_verify(&scene, &near, "receipts.json").await >= 2);

    // A backup of before: the relay is the one that phones know all the same.
    let address = scene.relay.address().to_string();
    assert!(scene.relay.stop().await.unwrap().success());
    let restored = place.xunge(&["restore", "--from", &backup]).await.unwrap();
    let said = String::from_utf8_lossy(&restored.stderr);
    assert!(restored.status.success(), "{said}");
    scene.relay = Relay::serve(place, &address).await.unwrap();
    assert_eq!(keys(&scene.relay).await, both);
    for worker in [&mut near, &mut far, &mut new] {
        worker.sync().await.unwrap();
        let progress = worker.phone.progress().await.unwrap();
        assert_eq!(progress.saved, progress.acknowledged, "{progress:?}");
    }
    third.sync(3).await.unwrap();
    let ids = scene.ids(None).await;
    for id in [&early, &late, &carried, &next, &hers] {
        assert_eq!(ids.iter().filter(|found| *found == id).count(), 1, "{id}");
    }
    assert!(receipts_verify(&scene, &near, "again.json").await >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_key_signed_is_not_believed_any_more_but_for_what_the_log_holds() {
    let scene = Scene::village().await;
    let mut near = scene.worker(0, "李大山", Network::GOOD).await;
    let mut far = scene.worker(1, "王小河", Network::GOOD).await;
    let visit = far.record("visit", None).await.unwrap();
    let (out, home) = (scene.dir("out.xgc"), scene.dir("home.xgc"));
    courier(&far, "bundle_export", &out).await;
    courier(&near, "bundle_import", &out).await;
    near.sync().await.unwrap();
    // The answer was signed with the key that is found to be stolen then.
    courier(&near, "bundle_export", &home).await;
    let args = ["relay-key", "rotate", "--revoke-old"];
    scene.relay.admin(&args).await.unwrap();
    assert_eq!(keys(&scene.relay).await[0], (0, "revoked".into()));
    far.sync().await.unwrap();
    assert_eq!(state(&far, &visit).await, "received");
    let params = json!({"path": home});
    let refused = far.phone.call("bundle_import", params).await.unwrap_err();
    assert_eq!(refused.name(), "bad_bundle", "{refused}");
    assert!(receipts_verify(&scene, &far, "receipts.json").await >= 1);
    far.sync().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_on_one_database_goes_on_under_the_new_key_without_being_told() {
    let scene = Scene::village_on_postgres().await;
    let place = Place {
        data: scene.dir("second"),
        media: Some(scene.relay.data().join("media").display().to_string()),
        ..scene.relay.place().clone()
    };
    let second = Relay::serve(place, "127.0.0.1:0").await.unwrap();
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    scene.relay.admin(&["relay-key", "rotate"]).await.unwrap();
    // It learns of the key from one node; the other must not answer under the old one any more.
    for address in [second.address(), scene.relay.address(), second.address()] {
        worker.proxy.set_upstream(address);
        let visit = worker.record("visit", None).await.unwrap();
        worker.phone.call("sync", json!({})).await.unwrap();
        assert_eq!(state(&worker, &visit).await, "received");
    }
    assert_eq!(keys(&second).await, keys(&scene.relay).await);
}
