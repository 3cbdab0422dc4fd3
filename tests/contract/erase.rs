//! Erasure, proven by a forensic look: every page of every database, decrypted, free pages included.

use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::json;
use xunge_tests::interview::Mood;
use xunge_tests::programs;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

/// Nobody is called so.
pub(crate) const CANARY: &str = "金丝雀甲乙丙";

/// A village on a server of its own, which is set up for erasing as docs/relay.md says.
async fn village() -> Scene {
    let scene = Scene::village_by_itself().await;
    if let Some(cluster) = &scene.cluster {
        cluster.forget_writes().unwrap();
    }
    scene
}

/// Whether any page of the database holds the canary, as the file with its write-ahead log stands.
fn holds(database: &Path, key: &str) -> bool {
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("copy.db");
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    std::fs::copy(database, &path).unwrap();
    // Once as the file lies there, once with what its log adds.
    let alone = pages(&path, key);
    if log(database).exists() {
        std::fs::copy(log(database), log(&path)).unwrap();
    }
    let whole = pages(&path, key);
    [alone, whole]
        .iter()
        .any(|bytes| bytes.windows(CANARY.len()).any(|w| w == CANARY.as_bytes()))
}

fn pages(path: &Path, key: &str) -> Vec<u8> {
    let mut connection = Connection::open(path).unwrap();
    let pragma = format!("PRAGMA key = \"x'{key}'\"");
    connection.execute_batch(&pragma).unwrap();
    let count = "SELECT count(*) FROM sqlite_master";
    // The key opens it.
    let _: i64 = connection.query_row(count, (), |row| row.get(0)).unwrap();
    connection.serialize("main").unwrap().to_vec()
}

fn phone_key(dir: &Path) -> String {
    let program = programs::path("xunge-phone").unwrap();
    let said = Command::new(program)
        .args(["key", "--data"])
        .arg(dir)
        .output()
        .unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

pub(crate) fn phone_holds(dir: &Path) -> bool {
    let worker = std::fs::read_dir(dir.join("workers")).unwrap().next();
    let database = worker.unwrap().unwrap().path().join("xunge.db");
    holds(&database, &phone_key(dir))
}

async fn relay_holds(scene: &Scene) -> bool {
    if let Some(cluster) = &scene.cluster {
        // Tables, indexes, the log of writes, the planner's samples: every file of the server.
        let files = cluster.files_holding(CANARY.as_bytes()).unwrap();
        println!("the name stands in {files:?}");
        return !files.is_empty();
    }
    let key = scene.relay.admin(&["key"]).await.unwrap();
    let database = scene.relay.data().join("relay.db");
    holds(&database, key["key"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_leaves_no_byte_on_the_relay_or_any_phone() {
    let scene = village().await;
    let mut author = scene.worker(0, "李大山", Network::GOOD).await;
    let mut reader = scene.worker(0, "王小河", Network::GOOD).await;
    author.mood(Mood::Lively, CANARY);
    let dispute = author.record("dispute", None).await.unwrap();
    let visit = author.record("visit", None).await.unwrap();
    author.sync().await.unwrap();
    reader.sync().await.unwrap();
    let (author_dir, reader_dir) = (author.phone.dir().to_owned(), reader.phone.dir().to_owned());
    assert!(phone_holds(&author_dir) && phone_holds(&reader_dir));
    assert!(relay_holds(&scene).await);

    for record in [&dispute, &visit] {
        let erase = ["erase", record.as_str(), "--reason", "本人要求"];
        let said = scene.relay.admin(&erase).await.unwrap();
        assert_eq!(said["erased"], json!([record]), "{said}");
        let again = scene.relay.admin(&erase).await.unwrap();
        assert_eq!(again["erased"], json!([]), "{again}");
    }
    assert!(!relay_holds(&scene).await, "the relay still holds the name");
    assert!(!scene.ids(None).await.contains(&dispute));

    author.sync().await.unwrap();
    reader.sync().await.unwrap();
    for (name, worker, dir) in [
        ("author", &author, &author_dir),
        ("reader", &reader, &reader_dir),
    ] {
        let shown = worker
            .phone
            .call("record", json!({"record": dispute}))
            .await;
        assert_eq!(shown.unwrap_err().name(), "unknown_record");
        assert!(!phone_holds(dir), "the {name}'s phone still holds the name");
    }
    let progress = author.phone.progress().await.unwrap();
    assert_eq!(
        (progress.saved, progress.waiting, progress.refused),
        (0, 0, 0)
    );

    // Life goes on in the same chain.
    author.mood(Mood::Lively, "都好");
    let later = author.record("visit", None).await.unwrap();
    author.sync().await.unwrap();
    assert!(scene.ids(Some("visit")).await.contains(&later));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_carried_in_of_an_erased_record_dies_on_arrival() {
    let scene = village().await;
    let mut author = scene.worker(0, "李大山", Network::GOOD).await;
    author.mood(Mood::Lively, CANARY);
    let visit = author.record("visit", None).await.unwrap();
    author.sync().await.unwrap();
    // An edit is under way with a courier while the record is erased.
    author.amend(&visit).await.unwrap();
    let bundle = scene.dir("late.xgc");
    author
        .phone
        .call("bundle_export", json!({"path": bundle}))
        .await
        .unwrap();
    scene
        .relay
        .admin(&["erase", &visit, "--reason", "本人要求"])
        .await
        .unwrap();
    let mut console = scene.console().await;
    console
        .upload("courier", &std::fs::read(&bundle).unwrap())
        .await
        .unwrap();
    assert!(!scene.ids(Some("visit")).await.contains(&visit));
    assert!(!relay_holds(&scene).await, "the relay took the name back");
    author.sync().await.unwrap();
    assert!(!phone_holds(author.phone.dir()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_that_names_an_erased_person_goes_on_without_the_name() {
    let scene = village().await;
    let table = scene.dir("households.csv");
    let (_, places) = scene.api.get("/api/v1/scopes").await.unwrap();
    let places = places["scopes"].as_array().unwrap();
    let grid = places
        .iter()
        .find(|p| p["scope"] == scene.grids[0].as_str())
        .unwrap();
    let grid = grid["code"].as_str().unwrap();
    let rows = format!("ref,grid,door,head_name,person_name\nH-1,{grid},99号,{CANARY},{CANARY}\n");
    std::fs::write(&table, rows).unwrap();
    let file = table.display().to_string();
    scene
        .relay
        .admin(&["households", "import", &file])
        .await
        .unwrap();
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    assert!(phone_holds(worker.phone.dir()) && relay_holds(&scene).await);
    let (people, _) = scene.api.records(Some("person"), None).await.unwrap();
    let person = people
        .iter()
        .find(|p| p["fields"]["name"] == CANARY)
        .unwrap();
    let erase = [
        "erase",
        person["id"].as_str().unwrap(),
        "--reason",
        "本人要求",
    ];
    let said = scene.relay.admin(&erase).await.unwrap();
    assert_eq!(said["successors"].as_array().unwrap().len(), 1, "{said}");
    worker.sync().await.unwrap();
    assert!(!relay_holds(&scene).await && !phone_holds(worker.phone.dir()));
    let hits = worker
        .phone
        .call("search", json!({"text": "99"}))
        .await
        .unwrap();
    assert_eq!(hits.as_array().unwrap().len(), 1, "{hits}");
}
