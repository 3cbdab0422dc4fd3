//! Voice and pictures: a stock tus client that is cut and goes on, and a phone on a line that breaks.

use std::process::Stdio;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use xunge_tests::interview::Mood;
use xunge_tests::proxy::{Network, Proxy};
use xunge_tests::{files, programs};

use crate::scene::Scene;

/// What a test may wait for; a failure is said by what it waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn client(modules: &std::path::Path, args: &[&str]) -> Child {
    Command::new("python3")
        .arg(programs::workspace().join("tests/contract/tus_client.py"))
        .args(args)
        .env("PYTHONPATH", modules)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

pub(crate) async fn lines(child: &mut Child, count: usize) -> Vec<String> {
    let mut reader = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    while said.len() < count {
        match reader.next_line().await.unwrap() {
            Some(line) => said.push(line),
            None => panic!("the tus client ended after {said:?}"),
        }
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_tus_client_that_is_killed_in_the_middle_goes_on_where_the_relay_stands() {
    let modules = programs::python_modules("tuspy", "1.1.0").unwrap();
    let scene = Scene::village().await;
    let token = &scene.media_token().await;
    let slow = Network {
        up: 200_000,
        ..Network::GOOD
    };
    let proxy = Proxy::start(scene.relay.address(), slow, 3).await.unwrap();
    let file = files::long_recording(scene.folder.path(), 5, 60).unwrap();
    let sent = std::fs::read(&file).unwrap();
    assert!(sent.len() > 900_000);
    let (url, path) = (
        format!("{}/media/v1", proxy.url()),
        file.display().to_string(),
    );

    let mut first = client(&modules, &[&url, token, &path, "131072"]);
    let said = lines(&mut first, 2).await;
    assert_eq!(said[1], "0");
    let half = tokio::time::timeout(PATIENCE, async {
        while proxy.counters().bytes_up.load(Relaxed) < 400_000 {
            tokio::task::yield_now().await;
        }
    });
    half.await
        .expect("four hundred thousand bytes on their way");
    first.kill().await.unwrap();

    proxy.set_network(Network::GOOD);
    let mut second = client(&modules, &[&url, token, &path, "131072", &said[0]]);
    let rest = lines(&mut second, 3).await;
    assert_eq!(rest[0], said[0]);
    let from: usize = rest[1].parse().unwrap();
    assert!(from > 0 && from < sent.len(), "went on at {from}");
    assert_eq!(rest[2], sent.len().to_string());
    assert!(second.wait().await.unwrap().success());

    let got = reqwest::Client::new()
        .get(&said[0])
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(got.headers()["content-type"], "audio/wav");
    assert_eq!(got.bytes().await.unwrap(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_dies_while_it_sends_a_recording_goes_on_where_the_relay_stands() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    worker.mood(Mood::Thorough, "房前的路坏了");
    let long = files::long_recording(&scene.dir("李大山"), 9, 40).unwrap();
    let bytes = std::fs::metadata(&long).unwrap().len();
    let (phone, people) = (&worker.phone, &mut worker.people);
    let mut open = people.start(phone, "dispute", None).await.unwrap();
    while open.review().is_none() {
        open = match open.next["question"]["kind"].as_str() {
            Some("voice") => open.answer(phone, json!(long)).await.unwrap(),
            _ => people.step(phone, open).await.unwrap(),
        };
    }
    phone.save(&open.interview).await.unwrap();

    worker.proxy.set_network(Network {
        up: 250_000,
        ..Network::GOOD
    });
    let up = || worker.proxy.counters().bytes_up.load(Relaxed);
    let before = up();
    let (_, died) = tokio::join!(worker.phone.call("sync", json!({})), async {
        let halfway = tokio::time::timeout(PATIENCE, async {
            while up() < before + bytes / 2 {
                tokio::task::yield_now().await;
            }
        });
        let halfway = halfway.await;
        worker.phone.kill().await;
        halfway
    });
    died.expect("half of the recording on its way");
    worker.proxy.set_network(Network::GOOD);
    worker.phone.restart().await.unwrap();
    worker.sync().await.unwrap();
    let sent = worker.proxy.counters().bytes_up.load(Relaxed) - before;
    assert!(
        sent < bytes + bytes / 3,
        "{sent} bytes up for a recording of {bytes}"
    );

    let (records, _) = scene.api.records(Some("dispute"), None).await.unwrap();
    let voice = records
        .iter()
        .flat_map(|record| record["fields"].as_object().unwrap().values())
        .find(|value| value["bytes"] == bytes)
        .expect("the recording's reference");
    let hash = voice["hash"].as_str().unwrap();
    let got = reqwest::Client::new()
        .get(format!("{}/media/v1/{hash}", scene.relay.url()))
        .bearer_auth(scene.media_token().await)
        .send()
        .await
        .unwrap();
    assert_eq!(got.bytes().await.unwrap(), std::fs::read(&long).unwrap());
}
