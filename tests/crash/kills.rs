//! The two programs as processes, killed at any moment while workers save and sync: all that was answered is there
//! afterwards, exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::sleep;
use xunge_tests::Outcome;
use xunge_tests::api::Api;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{self, Relay};
use xunge_tests::worker::Worker;

use crate::setting;

const WORKERS: [&str; 3] = ["李大山", "赵二妹", "王桂兰"];

/// How often which program was killed.
#[derive(Debug, Default)]
struct Kills {
    phone: u64,
    relay: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_answered_is_there_once_whenever_phones_and_relay_are_killed() {
    let wanted = setting("XUNGE_CRASH_KILLS", 100);
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("relay");
    relay::init(&data, "village", 7).await.unwrap();
    let relay = Relay::serve(&data, "127.0.0.1:0").await.unwrap();
    let api = Api::new(&relay.url(), &relay.token().await.unwrap()).unwrap();
    let grids: Vec<String> = api
        .scopes_of("household")
        .await
        .unwrap()
        .into_keys()
        .collect();
    let before = ids(&api).await.unwrap();
    let mut workers = Vec::new();
    for (n, name) in WORKERS.into_iter().enumerate() {
        let (grid, dir) = (&grids[n % grids.len()], folder.path().join(name));
        let seed = 11 + n as u64;
        let worker = Worker::enrol(&relay, grid, name, &dir, Network::GOOD, seed).await;
        let mut worker = worker.unwrap();
        worker.sync().await.unwrap();
        worker.look_around(40).await.unwrap();
        workers.push(worker);
    }
    let relay = Arc::new(Mutex::new(relay));
    let days = workers.into_iter().enumerate().map(|(n, worker)| {
        let share = wanted.div_ceil(WORKERS.len() as u64);
        tokio::spawn(work(worker, relay.clone(), n as u64, share))
    });
    let mut total = Kills::default();
    let mut saved = BTreeSet::new();
    for day in days.collect::<Vec<_>>() {
        let (mut worker, kills) = day.await.unwrap().unwrap();
        worker.sync().await.unwrap();
        worker.check_ledger().await.unwrap();
        let progress = worker.phone.progress().await.unwrap();
        assert_eq!((progress.waiting, progress.refused), (0, 0), "{progress:?}");
        assert_eq!(progress.saved, worker.saved.len() as u64);
        saved.extend(worker.saved.iter().cloned());
        total.phone += kills.phone;
        total.relay += kills.relay;
    }
    println!(
        "{} phones and {} relays killed, {} records, {:.1} s",
        total.phone,
        total.relay,
        saved.len(),
        began.elapsed().as_secs_f64()
    );
    let there = ids(&api).await.unwrap();
    assert!(there.values().all(|times| *times == 1), "{there:?}");
    let owed: BTreeSet<_> = before.into_keys().chain(saved).collect();
    assert_eq!(there.into_keys().collect::<BTreeSet<_>>(), owed);
    assert!(total.phone + total.relay >= wanted && total.relay * 5 > wanted);
}

/// Ids of all records on the relay, and how often each is listed.
async fn ids(api: &Api) -> Outcome<BTreeMap<String, u32>> {
    let mut times = BTreeMap::new();
    for record in api.records(None, None).await?.0 {
        let id = record["id"].as_str().ok_or("a record without an id")?;
        *times.entry(id.to_owned()).or_default() += 1;
    }
    Ok(times)
}

/// Saves and syncs, killed `share` times.
async fn work(
    mut worker: Worker,
    relay: Arc<Mutex<Relay>>,
    seed: u64,
    share: u64,
) -> Outcome<(Worker, Kills)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut kills = Kills::default();
    while kills.phone + kills.relay < share {
        // In the middle of answers or of a save.
        worker.clumsiness = 0.6;
        let died = worker.kills;
        for _ in 0..2 {
            worker.record_something().await?;
        }
        kills.phone += worker.kills - died;
        worker.clumsiness = 0.0;
        match random.random_bool(0.5) {
            true => {
                die_while_syncing(&mut worker, &mut random).await?;
                kills.phone += 1;
            }
            false => {
                relay_dies_while_answering(&mut worker, &relay, &mut random).await?;
                kills.relay += 1;
            }
        }
        worker.check_ledger().await?;
    }
    Ok((worker, kills))
}

/// The phone dies somewhere between the first byte of its request and the last thing that it makes of the answer.
async fn die_while_syncing(worker: &mut Worker, random: &mut ChaCha8Rng) -> Outcome {
    let pause = Duration::from_micros(random.random_range(0..60_000));
    let (_, ()) = tokio::join!(worker.phone.call("sync", json!({})), async {
        request_leaves(worker).await;
        sleep(pause).await;
        worker.phone.kill().await;
    });
    worker.phone.restart().await
}

/// The relay dies after the request has reached it: before its commit, between commit and answer, or after that. The
/// phone goes on by itself once the relay is back.
async fn relay_dies_while_answering(
    worker: &mut Worker,
    relay: &Mutex<Relay>,
    random: &mut ChaCha8Rng,
) -> Outcome {
    let pause = Duration::from_micros(random.random_range(0..25_000));
    let mut relay = relay.lock().await;
    let (synced, restarted) = tokio::join!(worker.phone.sync(20), async {
        request_leaves(worker).await;
        sleep(pause).await;
        relay.kill_and_restart().await
    });
    restarted?;
    synced.map_err(|error| format!("{}: sync: {error}", worker.phone.name))?;
    Ok(())
}

/// Returns when the next request goes through the worker's network, or after a second.
async fn request_leaves(worker: &Worker) {
    let requests = &worker.proxy.counters().requests;
    let before = requests.load(Ordering::Relaxed);
    for _ in 0..5_000 {
        if requests.load(Ordering::Relaxed) > before {
            return;
        }
        sleep(Duration::from_micros(200)).await;
    }
}
