//! A new phone's first sync: first copies of its scopes, in ranges, over a line that is cut; the log, if they are spoiled.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::{Value, json};
use xunge_tests::proxy::Network;
use xunge_tests::worker::Worker;

use crate::scene::Scene;

/// A village in which somebody worked, with first copies of all scopes; and what was recorded.
async fn village() -> (Scene, BTreeSet<String>) {
    let scene = Scene::village().await;
    let mut author = scene.worker(0, "李大山", Network::GOOD).await;
    for kind in ["visit", "dispute", "request", "visit"] {
        author.record(kind, None).await.unwrap();
    }
    author.sync().await.unwrap();
    let said = scene.relay.admin(&["snapshot", "--least", "1"]).await;
    assert!(!said.unwrap()["cut"].as_array().unwrap().is_empty());
    (scene, author.saved)
}

async fn enrol(scene: &Scene, name: &str, network: Network) -> Worker {
    let grid = &scene.grids[0];
    Worker::enrol(&scene.relay, grid, name, &scene.dir(name), network, 11)
        .await
        .unwrap()
}

/// The records of `recorded` and all households, with all that the phone shows of them.
async fn shown(worker: &mut Worker, recorded: &BTreeSet<String>) -> BTreeMap<String, Value> {
    worker.look_around(500).await.unwrap();
    let mut all = BTreeMap::new();
    for id in recorded.iter().chain(&worker.households) {
        let record = worker.phone.call("record", json!({"record": id})).await;
        all.insert(id.clone(), record.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_copy_shows_what_the_log_shows_to_a_phone_that_finds_the_copy_spoiled() {
    let (scene, recorded) = village().await;
    if scene.cluster.is_some() {
        // The copy is spoiled in SQLite's file.
        return;
    }
    let mut by_copy = enrol(&scene, "王小河", Network::GOOD).await;
    let first = by_copy.phone.sync(20).await.unwrap();
    let number = |report: &Value, name: &str| report[name].as_u64().unwrap();
    let usable = number(&first, "usable_bytes");
    assert!(usable > 0, "no first copy came: {first}");
    assert!(usable <= number(&first, "bytes_up") + number(&first, "bytes_down"));

    let key = scene.relay.admin(&["key"]).await.unwrap();
    let key = key["key"].as_str().unwrap();
    let database = Connection::open(scene.relay.data().join("relay.db")).unwrap();
    database
        .execute_batch(&format!("PRAGMA key = \"x'{key}'\""))
        .unwrap();
    let spoil = "UPDATE snapshot_parts SET bytes = zeroblob(length(bytes))";
    assert!(database.execute(spoil, ()).unwrap() > 0);
    let mut by_log = enrol(&scene, "赵小溪", Network::GOOD).await;
    let first = by_log.phone.sync(20).await.unwrap();
    assert_eq!(number(&first, "usable_bytes"), 0, "{first}");

    let copied = shown(&mut by_copy, &recorded).await;
    let read = shown(&mut by_log, &recorded).await;
    assert!(copied.len() > 20, "{}", copied.len());
    assert_eq!(copied, read);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_copy_comes_through_a_line_that_is_cut() {
    let (scene, recorded) = village().await;
    let mut whole = enrol(&scene, "王小河", Network::GOOD).await;
    whole.phone.sync(20).await.unwrap();
    let mut cut = enrol(&scene, "赵小溪", Network::CUTTING).await;
    cut.phone.sync(40).await.unwrap();
    assert!(cut.proxy.counters().cuts() > 0);
    let whole = shown(&mut whole, &recorded).await;
    assert_eq!(whole, shown(&mut cut, &recorded).await);
}
