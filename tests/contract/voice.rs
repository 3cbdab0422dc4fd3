//! The county's recordings in its own dialect: published once, on every phone after a sync, and said before any machine.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use xunge_tests::files;
use xunge_tests::proxy::Network;
use xunge_tests::worker::Worker;

use crate::scene::Scene;

const SAID: &str = "点一个图，开始记。李大山家，该去看看了。";

async fn parts(worker: &Worker, text: &str) -> Vec<Value> {
    let parts = worker.phone.call("speech", json!({"text": text})).await;
    parts.unwrap().as_array().unwrap().clone()
}

fn played(parts: &[Value]) -> Vec<Vec<u8>> {
    parts
        .iter()
        .flat_map(|part| part["recordings"].as_array().unwrap())
        .map(|path| fs::read(path.as_str().unwrap()).unwrap())
        .collect()
}

/// A folder in which somebody spoke one sentence.
fn spoken(folder: &Path, key: &str, seed: u64) -> Vec<u8> {
    fs::create_dir_all(folder).unwrap();
    let made = files::recording(folder, seed).unwrap();
    let file = folder.join(format!("{key}.wav"));
    fs::rename(made, &file).unwrap();
    fs::read(file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_of_the_county_reach_the_phone_with_a_sync_are_replaced_and_go_with_the_lock() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let before = parts(&worker, SAID).await;
    let text: String = before
        .iter()
        .filter_map(|part| part["text"].as_str())
        .collect();
    assert_eq!(text, SAID, "the parts are the text");
    assert!(
        before
            .iter()
            .any(|part| part["keys"] == json!(["shell.home_speech"])),
        "{before:?}"
    );
    assert!(
        before.iter().any(|part| part["keys"] == json!([])),
        "a name: {before:?}"
    );
    assert_eq!(played(&before), Vec::<Vec<u8>>::new());

    let folder = scene.dir("dialect");
    let first = spoken(&folder, "shell.home_speech", 1);
    let path = folder.display().to_string();
    let imported = scene
        .relay
        .admin(&["voice", "import", &path])
        .await
        .unwrap();
    assert_eq!(imported["recordings"], 1, "{imported}");
    worker.sync().await.unwrap();
    let after = parts(&worker, SAID).await;
    assert_eq!(played(&after), [first]);

    let second = spoken(&folder, "shell.home_speech", 2);
    fs::write(folder.join("phrases.csv"), "key,words\nown.fair,今天赶场\n").unwrap();
    let fair = spoken(&folder, "own.fair", 3);
    scene
        .relay
        .admin(&["voice", "import", &path])
        .await
        .unwrap();
    worker.sync().await.unwrap();
    assert_eq!(played(&parts(&worker, SAID).await), [second]);
    let own = parts(&worker, "今天赶场。").await;
    assert_eq!(played(&own), [fair]);

    let played = own[0]["recordings"][0].as_str().unwrap().to_owned();
    worker.phone.call("lock", json!({})).await.unwrap();
    assert!(!Path::new(&played).exists(), "decrypted until lock");
    let locked = parts(&worker, SAID).await;
    assert!(
        locked.iter().all(|part| part["recordings"] == json!([])),
        "{locked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_sentence_or_no_recording_is_named_and_nothing_is_published() {
    let scene = Scene::village().await;
    let folder = scene.dir("dialect");
    let path = folder.display().to_string();
    let refused = async |what: &str| {
        let place = scene.relay.place();
        let output = place
            .xunge(&["admin", "voice", "import", &path])
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(what) && said.trim().lines().count() == 1,
            "{said}"
        );
    };
    refused("dialect").await;
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("home_speach.m4a"), "x").unwrap();
    refused("home_speach.m4a").await;
    fs::remove_file(folder.join("home_speach.m4a")).unwrap();
    fs::write(folder.join("shell.home_speech.m4a"), "a song, renamed").unwrap();
    refused("AAC").await;
    let phrases = scene.relay.admin(&["voice", "phrases"]).await.unwrap();
    assert_eq!(phrases["shell.home_speech"], "点一个图，开始记");
}
