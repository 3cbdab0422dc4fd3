//! Whatever dies, each saved record is on the relay once, and valid.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

const KINDS: [&str; 4] = ["visit", "dispute", "request", "household"];

#[tokio::test(flavor = "multi_thread")]
async fn each_saved_record_is_on_the_relay_once_though_phones_and_relay_are_killed_and_the_network_cuts()
 {
    let mut scene = Scene::village().await;
    let before: BTreeSet<String> = scene.ids(None).await.into_iter().collect();
    let mut workers = Vec::new();
    for (grid, name) in [(0, "李大山"), (1, "赵二妹")] {
        let mut worker = scene.worker(grid, name, Network::CUTTING).await;
        worker.clumsiness = 0.35;
        workers.push(worker);
    }
    for round in 0..4 {
        for worker in &mut workers {
            for _ in 0..4 {
                worker.record_something().await.unwrap();
            }
        }
        if round % 2 == 1 {
            scene.relay.kill_and_restart().await.unwrap();
        }
        for worker in &mut workers {
            worker.sync().await.unwrap();
        }
    }
    let mut saved = BTreeSet::new();
    for worker in &mut workers {
        worker.clumsiness = 0.0;
        worker.sync().await.unwrap();
        worker.check_ledger().await.unwrap();
        let progress = worker.phone.progress().await.unwrap();
        assert_eq!((progress.waiting, progress.refused), (0, 0), "{progress:?}");
        assert_eq!(progress.saved, worker.saved.len() as u64);
        assert!(worker.kills > 0 && worker.proxy.counters().cuts() > 0);
        saved.extend(worker.saved.iter().cloned());
    }

    let (records, _) = scene.api.records(None, None).await.unwrap();
    let mut times = BTreeMap::<&str, usize>::new();
    for record in &records {
        *times.entry(record["id"].as_str().unwrap()).or_default() += 1;
    }
    assert!(times.values().all(|times| *times == 1));
    for id in &saved {
        assert!(
            times.contains_key(id.as_str()),
            "{id} was saved and is not on the relay"
        );
    }
    for id in times.keys() {
        assert!(
            saved.contains(*id) || before.contains(*id),
            "{id} was saved by nobody"
        );
    }
    valid_by_schema(
        &scene,
        records
            .iter()
            .filter(|r| saved.contains(r["id"].as_str().unwrap())),
    )
    .await;
}

async fn valid_by_schema(scene: &Scene, records: impl Iterator<Item = &Value>) {
    let mut schemas = BTreeMap::new();
    for kind in KINDS {
        let schema = scene.api.schema(kind).await.unwrap();
        schemas.insert(kind, jsonschema::validator_for(&schema).unwrap());
    }
    let mut checked = 0;
    for record in records {
        let kind = record["kind"].as_str().unwrap();
        if let Err(error) = schemas[kind].validate(&record["fields"]) {
            panic!("{kind} {}: {error}: {}", record["id"], record["fields"]);
        }
        checked += 1;
    }
    assert!(checked > 0);
}
