//! Erasure, proven by a forensic look: every page of every database, decrypted, free pages included, and all that is kept
//! compressed, unfolded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use xunge_server::store::unfold;
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
    forms(database, key)
        .iter_mut()
        .any(|(connection, _)| has(&pages(connection), CANARY.as_bytes()))
}

/// The database as its file lies there, and with what its log adds; each a copy in a folder of its own.
fn forms(database: &Path, key: &str) -> [(Connection, TempDir); 2] {
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    [false, true].map(|whole| {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("copy.db");
        std::fs::copy(database, &path).unwrap();
        if whole && log(database).exists() {
            std::fs::copy(log(database), log(&path)).unwrap();
        }
        let connection = Connection::open(&path).unwrap();
        let pragma = format!("PRAGMA key = \"x'{key}'\"");
        connection.execute_batch(&pragma).unwrap();
        let count = "SELECT count(*) FROM sqlite_master";
        // The key opens it.
        let _: i64 = connection.query_row(count, (), |row| row.get(0)).unwrap();
        (connection, copy)
    })
}

fn pages(connection: &mut Connection) -> Vec<u8> {
    connection.serialize("main").unwrap().to_vec()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Every value of bytes in every table.
fn values(connection: &Connection) -> Vec<Vec<u8>> {
    let columns: Vec<(String, String)> = connection
        .prepare(
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut all = Vec::new();
    for (table, column) in columns {
        let sql =
            format!("SELECT \"{column}\" FROM \"{table}\" WHERE typeof(\"{column}\") = 'blob'");
        let mut query = connection.prepare(&sql).unwrap();
        let found = query.query_map([], |row| row.get(0)).unwrap();
        all.extend(found.collect::<Result<Vec<Vec<u8>>, _>>().unwrap());
    }
    all
}

/// What the relay keeps compressed hides the name from a look at pages. So each look unfolds all that is kept, and remembers
/// pieces of the bytes that hid the name: a later look searches every page for these too, free pages included.
#[derive(Default)]
struct Look {
    pieces: BTreeSet<Vec<u8>>,
}

/// Bytes of a piece. Zstd's output is as good as random, so no other bytes are the same.
const PIECE: usize = 16;

impl Look {
    /// Whether one of the values holds the name once it is unfolded. Remembers how it was hidden.
    fn unfolds(&mut self, values: &[Vec<u8>]) -> bool {
        let plain = |kept: &[u8]| unfold(kept).unwrap_or_default();
        let (hiding, others): (Vec<&Vec<u8>>, Vec<_>) = values
            .iter()
            .partition(|kept| has(&plain(kept), CANARY.as_bytes()));
        for kept in &hiding {
            self.pieces
                .extend(kept.chunks_exact(PIECE).map(<[u8]>::to_vec));
        }
        // What a value says still that has nothing to hide is no trace.
        for kept in others {
            for piece in self.pieces_in(kept) {
                self.pieces.remove(&piece);
            }
        }
        !hiding.is_empty()
    }

    fn pieces_in(&self, bytes: &[u8]) -> BTreeSet<Vec<u8>> {
        let windows = bytes.windows(PIECE);
        windows
            .filter(|window| self.pieces.contains(*window))
            .map(<[u8]>::to_vec)
            .collect()
    }

    async fn relay_holds(&mut self, scene: &Scene) -> bool {
        if let Some(cluster) = &scene.cluster {
            let database = scene.database.as_deref().unwrap();
            let kept = cluster
                .sql(
                    database,
                    "SELECT encode(entries, 'hex') FROM xunge.segments",
                )
                .unwrap();
            let kept: Vec<Vec<u8>> = kept.lines().map(|line| unhex(line.trim())).collect();
            let unfolds = self.unfolds(&kept);
            // Tables, indexes, the log of writes, the planner's samples: every file of the server.
            let mut parts = vec![CANARY.as_bytes().to_vec()];
            parts.extend(
                self.pieces
                    .iter()
                    .step_by(self.pieces.len() / 8 + 1)
                    .cloned(),
            );
            let mut files = Vec::new();
            for part in &parts {
                files.extend(cluster.files_holding(part).unwrap());
            }
            println!("the name stands in {files:?}, and packed: {unfolds}");
            return unfolds || !files.is_empty();
        }
        let key = scene.relay.admin(&["key"]).await.unwrap();
        let database = scene.relay.data().join("relay.db");
        let mut forms = forms(&database, key["key"].as_str().unwrap());
        let mut found = false;
        for (connection, _) in &forms {
            found |= self.unfolds(&values(connection));
        }
        for (connection, _) in &mut forms {
            let pages = pages(connection);
            found |= has(&pages, CANARY.as_bytes()) || !self.pieces_in(&pages).is_empty();
        }
        found
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
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
    let mut look = Look::default();
    assert!(look.relay_holds(&scene).await);
    assert!(look.pieces.len() > 4, "the log holds the name packed");

    for record in [&dispute, &visit] {
        let erase = ["erase", record.as_str(), "--reason", "本人要求"];
        let said = scene.relay.admin(&erase).await.unwrap();
        assert_eq!(said["erased"], json!([record]), "{said}");
        let again = scene.relay.admin(&erase).await.unwrap();
        assert_eq!(again["erased"], json!([]), "{again}");
    }
    let left = look.relay_holds(&scene).await;
    assert!(!left, "the relay still holds the name");
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
    let mut look = Look::default();
    assert!(!look.relay_holds(&scene).await);
    let mut console = scene.console().await;
    console
        .upload("courier", &std::fs::read(&bundle).unwrap())
        .await
        .unwrap();
    assert!(!scene.ids(Some("visit")).await.contains(&visit));
    let back = look.relay_holds(&scene).await;
    assert!(!back, "the relay took the name back");
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
    let mut look = Look::default();
    assert!(phone_holds(worker.phone.dir()) && look.relay_holds(&scene).await);
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
    assert!(!look.relay_holds(&scene).await && !phone_holds(worker.phone.dir()));
    let hits = worker
        .phone
        .call("search", json!({"text": "99"}))
        .await
        .unwrap();
    assert_eq!(hits.as_array().unwrap().len(), 1, "{hits}");
}
