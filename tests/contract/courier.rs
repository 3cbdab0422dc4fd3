//! What waits travels without a network: by another phone, by a file handed in at the town, and by the locked phone itself.

use std::path::Path;

use serde_json::{Value, json};
use xunge_tests::phone::PIN;
use xunge_tests::proxy::Network;
use xunge_tests::worker::Worker;

use crate::scene::Scene;

async fn export(worker: &Worker, file: &Path) -> Value {
    let params = json!({"path": file});
    worker.phone.call("bundle_export", params).await.unwrap()
}

async fn import(worker: &Worker, file: &Path) -> Value {
    let params = json!({"path": file});
    worker.phone.call("bundle_import", params).await.unwrap()
}

async fn state(worker: &Worker, record: &str) -> String {
    let params = json!({"record": record});
    let shown = worker.phone.call("record", params).await.unwrap();
    shown["sync_state"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_phone_carries_a_bundle_that_it_cannot_read_and_brings_the_receipts_home() {
    let scene = Scene::village().await;
    let mut far = scene.worker(0, "李大山", Network::GOOD).await;
    let mut near = scene.worker(1, "王小河", Network::GOOD).await;
    let visit = far.record("visit", None).await.unwrap();
    let dispute = far.record("dispute", None).await.unwrap();
    let out = scene.dir("out.xgc");
    let exported = export(&far, &out).await;
    assert_eq!(exported["bundles"], 1, "{exported}");
    assert_eq!(state(&far, &visit).await, "waiting");

    // The file says nothing of what is in it, and a changed one is of no use.
    let sealed = std::fs::read(&out).unwrap();
    let words = "今天去看过".as_bytes();
    assert!(!sealed.windows(words.len()).any(|w| w == words));

    let imported = import(&near, &out).await;
    assert_eq!(imported["carried"], 1, "{imported}");
    assert_eq!(import(&near, &out).await["known"], 1);
    assert!(!scene.ids(None).await.contains(&visit));
    let synced = near.sync().await.unwrap();
    assert_eq!(synced["carried"], 1, "{synced}");
    let ids = scene.ids(None).await;
    assert!(ids.contains(&visit) && ids.contains(&dispute));
    // The carrier has read nothing of it.
    let unknown = near.phone.call("record", json!({"record": dispute})).await;
    assert_eq!(unknown.unwrap_err().name(), "unknown_record");

    let home = scene.dir("home.xgc");
    export(&near, &home).await;
    let answered = import(&far, &home).await;
    assert_eq!(
        (&answered["answers"], &answered["acknowledged"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(state(&far, &visit).await, "received");
    let receipts = far
        .phone
        .call("receipts", json!({"record": visit}))
        .await
        .unwrap();
    assert_eq!(receipts.as_array().unwrap().len(), 1);

    // Twice or late: no effect, at either end.
    import(&near, &out).await;
    near.sync().await.unwrap();
    import(&far, &home).await;
    let late = far.sync().await.unwrap();
    assert_eq!(
        (&late["sent"], &late["refused"]),
        (&json!(0), &json!(0)),
        "{late}"
    );
    let again = scene.ids(None).await;
    assert_eq!(again.len(), ids.len());
    let progress = far.phone.progress().await.unwrap();
    assert_eq!((progress.saved, progress.acknowledged), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_handed_in_at_the_town_counts_and_its_receipts_go_home_by_file() {
    let scene = Scene::village().await;
    let mut far = scene.worker(0, "李大山", Network::GOOD).await;
    let visit = far.record("visit", None).await.unwrap();
    let out = scene.dir("out.xgc");
    export(&far, &out).await;
    let mut console = scene.console().await;
    let answer = console
        .upload("courier", &std::fs::read(&out).unwrap())
        .await
        .unwrap();
    assert!(scene.ids(Some("visit")).await.contains(&visit));
    let home = scene.dir("home.xgc");
    std::fs::write(&home, answer).unwrap();
    assert_eq!(import(&far, &home).await["acknowledged"], 1);
    assert_eq!(state(&far, &visit).await, "received");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_bundle_or_was_changed_is_refused_and_nothing_of_it_counts() {
    let scene = Scene::village().await;
    let mut far = scene.worker(0, "李大山", Network::GOOD).await;
    let near = scene.worker(1, "王小河", Network::GOOD).await;
    let visit = far.record("visit", None).await.unwrap();
    let path = scene.dir("out.xgc");
    export(&far, &path).await;
    let good = std::fs::read(&path).unwrap();
    let refused = async |bytes: &[u8], code: &str| {
        std::fs::write(&path, bytes).unwrap();
        let error = near
            .phone
            .call("bundle_import", json!({"path": path}))
            .await
            .unwrap_err();
        assert_eq!(error.name(), code, "{error:?}");
    };
    refused(b"", "bad_bundle").await;
    refused(b"not a bundle", "bad_bundle").await;
    refused(&good[..good.len() - 1], "bad_bundle").await;
    let mut later = good.clone();
    later[3] = 9;
    refused(&later, "bad_bundle").await;
    let params = json!({"path": scene.dir("nowhere.xgc")});
    let error = near.phone.call("bundle_import", params).await.unwrap_err();
    assert_eq!(error.name(), "bad_path");

    // One flipped bit inside is seen by the relay alone, and changes nothing.
    let mut flipped = good;
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    import(&near, &path).await;
    near.phone.sync(5).await.unwrap();
    assert!(!scene.ids(None).await.contains(&visit));
    far.sync().await.unwrap();
    assert!(scene.ids(None).await.contains(&visit));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_phone_sends_what_waited_without_a_pin_and_reads_the_receipts_at_unlock() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let visit = worker.record("visit", None).await.unwrap();
    worker.phone.call("lock", json!({})).await.unwrap();
    // Also after a restart: the phone was never unlocked since.
    let id = worker.phone.worker().unwrap().to_owned();
    let sent = worker.phone.call("sync", json!({})).await.unwrap();
    assert_eq!(sent["carried"], 1, "{sent}");
    assert!(scene.ids(Some("visit")).await.contains(&visit));
    let error = worker.phone.call("sync", json!({})).await.unwrap_err();
    assert_eq!(error.name(), "locked");
    let error = worker
        .phone
        .call("record", json!({"record": visit}))
        .await
        .unwrap_err();
    assert_eq!(error.name(), "locked");

    let unlock = json!({"worker": id, "pin": PIN});
    worker.phone.call("unlock", unlock).await.unwrap();
    assert_eq!(state(&worker, &visit).await, "received");
    let synced = worker.sync().await.unwrap();
    assert_eq!(
        (&synced["sent"], &synced["carried"]),
        (&json!(0), &json!(0)),
        "{synced}"
    );
}
