//! What a bad line costs: EDGE in a valley, 60 kbit/s up and 120 down, 600 ms there and back, connections that swallow what
//! is sent and connections that are cut. A first sync, a day's work, and files.

use std::time::Instant;

use serde_json::{Value, json};
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;
use xunge_tests::worker::Worker;
use xunge_tests::{Outcome, fail};

use crate::measure::Numbers;
use crate::place::Place;

const RECORDS: usize = 30;
const WITH_FILES: usize = 3;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let (grid, dir) = (&place.grids[0].0, place.folder.path().join("link"));
    let mut worker = Worker::enrol(&place.relay, grid, "李大山", &dir, Network::GOOD, 23).await?;
    worker.proxy.set_network(Network::VILLAGE);
    timed(numbers, "link.first_sync", &mut worker).await?;
    worker.look_around(40).await?;

    worker.mood(Mood::Brief, "今天去看过，都好");
    for _ in 0..RECORDS {
        worker.record_something().await?;
    }
    timed(numbers, "link.day", &mut worker).await?;

    worker.mood(Mood::Thorough, "今天去看过，都好");
    for _ in 0..WITH_FILES {
        worker.record_something().await?;
    }
    let sent = timed(numbers, "link.media", &mut worker).await?;
    numbers.set("link.media_files", count(&sent, "media_sent"));

    numbers.set("link.cuts", worker.proxy.counters().cuts() as f64);
    let progress = worker.phone.progress().await?;
    if progress.saved != progress.acknowledged || count(&sent, "media_sent") == 0.0 {
        fail!("not all went over the bad line: {progress:?}, {sent}");
    }
    // Nothing was left for another time.
    let again = worker.phone.call("sync", json!({})).await?;
    if count(&again, "media_sent") + count(&again, "sent") > 0.0 {
        fail!("something was left: {again}");
    }
    Ok(())
}

/// A sync that is repeated until it has gone through, as a person would.
async fn timed(numbers: &mut Numbers, name: &str, worker: &mut Worker) -> Outcome<Value> {
    let began = Instant::now();
    let report = worker.sync().await?;
    numbers.set(&format!("{name}_seconds"), began.elapsed().as_secs_f64());
    for (what, of) in [
        ("requests", "requests"),
        ("up_bytes", "bytes_up"),
        ("down_bytes", "bytes_down"),
    ] {
        numbers.set(&format!("{name}_{what}"), count(&report, of));
    }
    Ok(report)
}

fn count(report: &Value, name: &str) -> f64 {
    report[name].as_f64().unwrap_or_default()
}
