//! What a day costs on the air: 110 saves in the mix of a working day, without recordings, pushed by one sync.

use serde_json::json;
use xunge_tests::Outcome;

use crate::measure::Numbers;
use crate::place::Place;

const CHANGES: usize = 110;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let mut worker = place.worker("李大山").await?;
    for _ in 0..CHANGES {
        worker.record_something().await?;
    }
    let before = (
        worker
            .proxy
            .counters()
            .requests
            .load(std::sync::atomic::Ordering::Relaxed),
        bytes(&worker),
    );
    let answer = worker.phone.call("sync", json!({})).await?;
    numbers.set("day.changes", CHANGES as f64);
    numbers.set(
        "day.body_up_bytes",
        answer["bytes_up"].as_f64().unwrap_or(f64::NAN),
    );
    numbers.set(
        "day.requests",
        answer["requests"].as_f64().unwrap_or(f64::NAN),
    );
    let after = (
        worker
            .proxy
            .counters()
            .requests
            .load(std::sync::atomic::Ordering::Relaxed),
        bytes(&worker),
    );
    numbers.set("day.push_pull_bytes", (after.1 - before.1) as f64);
    numbers.set("day.http_requests", (after.0 - before.0) as f64);

    let idle = worker.phone.call("sync", json!({})).await?;
    numbers.set(
        "idle.up_bytes",
        idle["bytes_up"].as_f64().unwrap_or(f64::NAN),
    );
    numbers.set(
        "idle.down_bytes",
        idle["bytes_down"].as_f64().unwrap_or(f64::NAN),
    );

    worker.record("visit", None).await?;
    let visit = worker.phone.call("sync", json!({})).await?;
    numbers.set(
        "visit.bytes",
        visit["bytes_up"].as_f64().unwrap_or(f64::NAN),
    );
    let household = worker.some_household()?;
    worker.record("household", Some(&household)).await?;
    let edit = worker.phone.call("sync", json!({})).await?;
    numbers.set("edit.bytes", edit["bytes_up"].as_f64().unwrap_or(f64::NAN));
    Ok(())
}

/// Everything on the wire, HTTP included, both ways.
fn bytes(worker: &xunge_tests::worker::Worker) -> u64 {
    let counters = worker.proxy.counters();
    let load =
        |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    load(&counters.bytes_up) + load(&counters.bytes_down)
}
