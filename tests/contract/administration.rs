//! The administrator's commands, while the relay runs.

use serde_json::json;
use xunge_tests::phone::Phone;
use xunge_tests::proxy::Network;
use xunge_tests::relay::xunge;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_gets_a_second_grid_while_the_relay_runs_and_sees_it_at_the_next_sync() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let before = worker.phone.call("status", json!({})).await.unwrap();
    scene
        .relay
        .admin(&[
            "grant",
            "add",
            "--worker",
            "李大山",
            "--grid",
            &scene.grids[1],
        ])
        .await
        .unwrap();
    worker.sync().await.unwrap();
    worker.sync().await.unwrap();
    let after = worker.phone.call("status", json!({})).await.unwrap();
    assert_ne!(before["cursors"], after["cursors"], "{after}");
    assert!(
        after["cursors"].to_string().contains(&scene.grids[1]),
        "{after}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_phone_pushes_into_quarantine() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let devices = scene.relay.admin(&["device", "list"]).await.unwrap();
    let devices = devices
        .as_array()
        .or_else(|| devices["devices"].as_array())
        .unwrap()
        .clone();
    assert_eq!(devices.len(), 1, "{devices:?}");
    let id = devices[0]["id"].as_str().unwrap();
    scene.relay.admin(&["device", "revoke", id]).await.unwrap();
    let record = worker.record("visit", None).await.unwrap();
    let _ = worker.phone.sync(3).await;
    assert!(!scene.ids(Some("visit")).await.contains(&record));
    let entries = scene.api.quarantine().await.unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["record"] == record.as_str()),
        "{entries:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_key_opens_nothing_but_is_printed_for_a_forensic_look() {
    let scene = Scene::village().await;
    let key = scene.relay.admin(&["key"]).await.unwrap();
    let digits = key["key"].as_str().unwrap_or_else(|| panic!("{key}"));
    assert_eq!(digits.len(), 96, "key and salt");
    let plain = b"SQLite format 3";
    let mut looked_at = 0;
    for file in std::fs::read_dir(scene.relay.data()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.starts_with(plain),
                "{} is not encrypted",
                path.display()
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_of_an_import_is_named_by_row_and_column() {
    let scene = Scene::village().await;
    let file = scene.dir("households.csv");
    std::fs::write(
        &file,
        "ref,grid,door,head_name\nh-1,000000000000000,1,王甲\n",
    )
    .unwrap();
    let (file, data) = (
        file.display().to_string(),
        scene.relay.data().display().to_string(),
    );
    let output = xunge(&["admin", "households", "import", &file, "--data", &data])
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains('2') && said.contains("grid"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_verifies_and_a_backup_can_be_restored() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let record = worker.record("visit", None).await.unwrap();
    worker.sync().await.unwrap();
    let data = scene.relay.data().display().to_string();
    assert!(
        xunge(&["audit", "verify", "--data", &data])
            .await
            .unwrap()
            .status
            .success()
    );
    let copy = scene.dir("backup").display().to_string();
    let output = xunge(&["backup", "--to", &copy, "--data", &data])
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let restored = scene.dir("restored").display().to_string();
    let output = xunge(&["restore", "--from", &copy, "--data", &restored])
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = xunge(&[
        "export", "--kind", "visit", "--format", "json", "--data", &restored,
    ])
    .await
    .unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(&record));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_a_phone_shows_is_verified_by_the_relay() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let record = worker.record("visit", None).await.unwrap();
    worker.sync().await.unwrap();
    let receipts = worker
        .phone
        .call("receipts", json!({"record": record}))
        .await
        .unwrap();
    assert!(
        receipts.as_array().is_some_and(|list| !list.is_empty()),
        "{receipts}"
    );
    let file = scene.dir("receipt.json");
    std::fs::write(&file, receipts[0].to_string()).unwrap();
    let (file, data) = (
        file.display().to_string(),
        scene.relay.data().display().to_string(),
    );
    let output = xunge(&["receipt", "verify", &file, "--data", &data])
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_one_phone_and_neither_sees_the_others_records() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    worker.record("visit", None).await.unwrap();
    let ticket = scene
        .relay
        .ticket(&scene.grids[1], "赵二妹", &scene.relay.url())
        .await
        .unwrap();
    worker.phone.call("lock", json!({})).await.unwrap();
    let phone: &mut Phone = &mut worker.phone;
    phone.enrol(&ticket).await.unwrap();
    let opened = phone
        .call("open", json!({"locale": "zh-CN"}))
        .await
        .unwrap();
    assert_eq!(opened["workers"].as_array().map(Vec::len), Some(2));
    phone.restart().await.unwrap();
    assert_eq!(phone.progress().await.unwrap().saved, 0);
}
