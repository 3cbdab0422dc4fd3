//! Two nodes on one PostgreSQL and one object storage: phones go from one to the other, a node dies, and nobody sees a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use futures_util::future::join_all;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use xunge_tests::api::{Api, http_client};
use xunge_tests::interview::Mood;
use xunge_tests::proxy::{Network, Proxy};
use xunge_tests::relay::{Place, Relay};
use xunge_tests::worker::Worker;
use xunge_tests::{files, programs};

use crate::media::{PATIENCE, client, lines};
use crate::s3;
use crate::scene::Scene;

/// The first node is the scene's; the second has a folder and a journal of its own.
struct Nodes {
    scene: Scene,
    second: Relay,
}

impl Nodes {
    async fn start() -> Self {
        let scene = Scene::village_on_servers().await;
        let place = Place {
            data: scene.dir("second"),
            ..scene.relay.place().clone()
        };
        let second = Relay::serve(place, "127.0.0.1:0").await.unwrap();
        Self { scene, second }
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [self.scene.relay.address(), self.second.address()]
    }

    fn urls(&self) -> [String; 2] {
        [self.scene.relay.url(), self.second.url()]
    }

    /// All records as each node shows them, by id. Fails if one shows a record twice.
    async fn records(&self) -> [BTreeMap<String, Value>; 2] {
        let token = self.scene.relay.token().await.unwrap();
        let mut shown = Vec::new();
        for url in self.urls() {
            let api = Api::new(&url, &token).unwrap();
            let (records, _) = api.records(None, None).await.unwrap();
            let mut by_id = BTreeMap::new();
            for record in records {
                let id = record["id"].as_str().unwrap().to_owned();
                let twice = by_id.insert(id, record);
                assert!(twice.is_none(), "{url} shows twice: {twice:?}");
            }
            shown.push(by_id);
        }
        shown.try_into().unwrap()
    }
}

fn files_under(folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_under(&path)),
            false => drop(files.insert(path)),
        }
    }
    files
}

async fn state_of(worker: &Worker, record: &str) -> Value {
    let shown = worker.phone.call("record", json!({"record": record})).await;
    shown.unwrap_or_else(|e| panic!("{} has no {record}: {e}", worker.phone.name))["sync_state"]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_that_go_from_node_to_node_while_one_is_killed_end_with_every_record_once_on_both() {
    let mut nodes = Nodes::start().await;
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut workers = Vec::new();
    for (n, name) in ["李大山", "王小河", "孙三", "赵二妹", "周桂香"]
        .iter()
        .enumerate()
    {
        workers.push(nodes.scene.worker(n / 2, name, Network::GOOD).await);
    }
    let addresses = nodes.addresses();
    for round in 0..5 {
        for worker in &mut workers {
            for _ in 0..rng.random_range(1..4) {
                worker.record_something().await.unwrap();
            }
            worker
                .proxy
                .set_upstream(*addresses.choose(&mut rng).unwrap());
        }
        if round == 2 {
            // Somebody is at the second node when it dies.
            workers[0].proxy.set_upstream(addresses[1]);
        }
        let (one, others) = workers.split_first_mut().unwrap();
        let served = &one.proxy.counters().requests;
        let asked = served.load(Relaxed);
        let accident = async {
            if round == 2 {
                while served.load(Relaxed) == asked {
                    tokio::task::yield_now().await;
                }
                nodes.second.kill_and_restart().await.unwrap();
            }
        };
        let others = join_all(others.iter_mut().map(Worker::sync));
        let (first, others, ()) = tokio::join!(one.phone.sync(20), others, accident);
        first.unwrap();
        for answer in others {
            answer.unwrap();
        }
    }
    // What the last ones sent reaches everybody, by way of either node.
    for worker in &mut workers {
        worker
            .proxy
            .set_upstream(*addresses.choose(&mut rng).unwrap());
        worker.sync().await.unwrap();
        let progress = worker.phone.progress().await.unwrap();
        assert_eq!((progress.waiting, progress.refused), (0, 0));
        assert_eq!(progress.saved, progress.acknowledged);
    }

    let [first, second] = nodes.records().await;
    assert_eq!(first, second);
    let saved: BTreeSet<&String> = workers.iter().flat_map(|worker| &worker.saved).collect();
    assert!(saved.len() > 20, "{} records", saved.len());
    for id in &saved {
        assert!(first.contains_key(*id), "{id} was acknowledged and is gone");
    }
    let numbers: Vec<&str> = first
        .values()
        .filter_map(|r| r["number"].as_str())
        .collect();
    let different: BTreeSet<&&str> = numbers.iter().collect();
    assert_eq!(different.len(), numbers.len(), "a case number twice");
    // Nobody's cursor passed over a row: each phone holds what its grid's other worker recorded.
    for pair in workers.chunks_exact(2) {
        for (reader, author) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            for id in &author.saved {
                state_of(reader, id).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_commands_shows_on_a_phone_that_syncs_with_the_other_and_its_recordings_play_on_both()
 {
    let nodes = Nodes::start().await;
    let [first, second] = nodes.addresses();
    let mut worker = nodes.scene.worker(0, "李大山", Network::GOOD).await;
    worker.mood(Mood::Thorough, "两家为田埂吵");
    let report = worker.record("dispute", None).await.unwrap();
    worker.sync().await.unwrap();

    let mut console = nodes.scene.console().await;
    let note = [("note", "缺地点，请说一句在哪里")];
    console.act("return", Some(&report), &note).await.unwrap();
    worker.proxy.set_upstream(second);
    worker.sync().await.unwrap();
    assert_eq!(state_of(&worker, &report).await, "returned");
    worker.amend(&report).await.unwrap();
    worker.sync().await.unwrap();
    console.act("approve", Some(&report), &[]).await.unwrap();
    worker.proxy.set_upstream(first);
    worker.sync().await.unwrap();
    assert_eq!(state_of(&worker, &report).await, "received");

    let token = nodes.scene.media_token().await;
    let shown = nodes.scene.record(&report).await;
    let fields = shown["fields"].as_object().unwrap().values();
    let hashes: Vec<&str> = fields.filter_map(|value| value["hash"].as_str()).collect();
    assert!(!hashes.is_empty());
    let http = http_client().unwrap();
    for hash in &hashes {
        let mut contents = Vec::new();
        for url in nodes.urls() {
            let file = format!("{url}/media/v1/{hash}");
            let got = http.get(file).bearer_auth(&token).send().await.unwrap();
            assert_eq!(got.status(), 200, "{url}");
            contents.push(got.bytes().await.unwrap());
        }
        assert_eq!(contents[0], contents[1]);
    }
    // Each sealed, under a name that says nothing, in the bucket and nowhere else.
    let objects = files_under(&nodes.scene.dir("objects").join(s3::BUCKET));
    assert!(objects.len() >= hashes.len(), "{objects:?}");
    for folder in [nodes.scene.relay.data(), nodes.second.data()] {
        assert_eq!(files_under(&folder.join("media")), BTreeSet::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_at_one_node_goes_on_at_the_other() {
    let modules = programs::python_modules("tuspy", "1.1.0").unwrap();
    let nodes = Nodes::start().await;
    let [first, second] = nodes.addresses();
    let token = nodes.scene.media_token().await;
    let slow = Network {
        up: 200_000,
        ..Network::GOOD
    };
    let proxy = Proxy::start(first, slow, 3).await.unwrap();
    let file = files::long_recording(nodes.scene.folder.path(), 5, 60).unwrap();
    let sent = std::fs::read(&file).unwrap();
    let (url, path) = (
        format!("{}/media/v1", proxy.url()),
        file.display().to_string(),
    );
    let mut before = client(&modules, &[&url, &token, &path, "131072"]);
    let said = lines(&mut before, 2).await;
    let half = tokio::time::timeout(PATIENCE, async {
        while proxy.counters().bytes_up.load(Relaxed) < 400_000 {
            tokio::task::yield_now().await;
        }
    });
    half.await
        .expect("four hundred thousand bytes on their way");
    before.kill().await.unwrap();

    proxy.set_network(Network::GOOD);
    proxy.set_upstream(second);
    let mut after = client(&modules, &[&url, &token, &path, "131072", &said[0]]);
    let rest = lines(&mut after, 3).await;
    let from: usize = rest[1].parse().unwrap();
    assert!(from > 0 && from < sent.len(), "went on at {from}");
    assert!(after.wait().await.unwrap().success());
    proxy.set_upstream(first);
    let got = http_client().unwrap().get(&said[0]).bearer_auth(&token);
    assert_eq!(got.send().await.unwrap().bytes().await.unwrap(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_reads_the_journals_of_both_nodes() {
    let mut nodes = Nodes::start().await;
    let [first, second] = nodes.addresses();
    let mut here = nodes.scene.worker(0, "李大山", Network::GOOD).await;
    let mut there = nodes.scene.worker(1, "王小河", Network::GOOD).await;
    let lost = nodes.scene.worker(2, "赵二妹", Network::GOOD).await;
    there.proxy.set_upstream(second);
    let backup = nodes.scene.dir("backup").display().to_string();
    let (place, beside) = (
        nodes.scene.relay.place().clone(),
        nodes.second.place().clone(),
    );
    let made = place.xunge(&["backup", "--to", &backup]).await.unwrap();
    assert!(made.status.success(), "{made:?}");

    // After the backup: a case by each node, and a revocation that only the second one's journal tells of.
    let mut cases = Vec::new();
    for worker in [&mut here, &mut there] {
        cases.push(worker.record("dispute", None).await.unwrap());
        worker.sync().await.unwrap();
    }
    let status = lost.phone.call("status", json!({})).await.unwrap();
    let writer = status["writer"].as_str().unwrap();
    nodes
        .second
        .admin(&["device", "revoke", writer])
        .await
        .unwrap();
    let [before, _] = nodes.records().await;
    let number = |records: &BTreeMap<String, Value>, id: &String| {
        records[id]["number"].as_str().unwrap().to_owned()
    };

    let journals = [&place, &beside].map(|place| format!("{}.journal", place.data.display()));
    assert!(nodes.scene.relay.stop().await.unwrap().success());
    assert!(nodes.second.stop().await.unwrap().success());
    let restore = [
        "restore",
        "--from",
        &backup,
        "--journal",
        &journals[0],
        "--journal",
        &journals[1],
    ];
    let restored = place.xunge(&restore).await.unwrap();
    assert!(restored.status.success(), "{restored:?}");
    nodes.scene.relay = Relay::serve(place, &first.to_string()).await.unwrap();
    nodes.second = Relay::serve(beside, &second.to_string()).await.unwrap();

    // Each goes to the node that had not given its number, and a new case comes first.
    here.proxy.set_upstream(second);
    there.proxy.set_upstream(first);
    let mut late = nodes.scene.worker(2, "孙三", Network::GOOD).await;
    let new = late.record("dispute", None).await.unwrap();
    late.sync().await.unwrap();
    here.sync().await.unwrap();
    there.sync().await.unwrap();
    let [after, same] = nodes.records().await;
    assert_eq!(after, same);
    for case in &cases {
        assert_eq!(number(&after, case), number(&before, case));
        assert_ne!(number(&after, case), number(&after, &new));
    }
    let devices = nodes.scene.relay.admin(&["device", "list"]).await.unwrap();
    let devices = devices["devices"].as_array().unwrap();
    let revoked = devices
        .iter()
        .find(|device| device["id"] == writer)
        .unwrap();
    assert!(
        !revoked["revoked_at"].is_null(),
        "a revoked phone lives again"
    );
}
