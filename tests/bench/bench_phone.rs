//! Memory and search of a phone that holds the records of several grids.

use serde_json::json;
use xunge_tests::worker::Worker;
use xunge_tests::{Outcome, fail};

use crate::measure::{Numbers, cpu, memory_mb};
use crate::place::Place;

pub(crate) const FEW: usize = 1_300;
const MANY: usize = 20_000;
const SEARCHES: u32 = 300;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("town").await?;
    let mut worker = place.worker("李大山").await?;
    let mut granted = (1, place.grids[0].1);

    grant_until(&place, &mut worker, &mut granted, FEW).await?;
    numbers.set("phone.records", granted.1 as f64);
    memory(&mut worker, numbers, "").await?;
    search(&worker, numbers).await?;

    let all: usize = place.grids.iter().map(|(_, records)| records).sum();
    grant_until(&place, &mut worker, &mut granted, MANY.min(all)).await?;
    numbers.set("phone.records_20k", granted.1 as f64);
    memory(&mut worker, numbers, "_20k").await
}

/// The highest point of all that the phone did: the syncs that filled it, unlock, and a look around; each beside.
async fn memory(worker: &mut Worker, numbers: &mut Numbers, which: &str) -> Outcome {
    let name = |what: &str| format!("phone.{what}{which}_mb");
    let Some(pid) = worker.phone.rpc().pid().await else {
        fail!("the phone is gone")
    };
    let sync = memory_mb(pid, "VmHWM")?;
    numbers.set(&name("sync"), sync);
    let (unlock, settled) = reopen(worker).await?;
    numbers.set(&name("unlock"), unlock);
    numbers.set(&name("settled"), settled);
    numbers.set(&name("resident"), sync.max(unlock).max(settled));
    Ok(())
}

/// More grids for one worker, until the phone holds as many records.
pub(crate) async fn grant_until(
    place: &Place,
    worker: &mut Worker,
    granted: &mut (usize, usize),
    records: usize,
) -> Outcome {
    let name = worker.phone.name.clone();
    while granted.1 < records && granted.0 < place.grids.len() {
        let (grid, more) = &place.grids[granted.0];
        place
            .relay
            .admin(&["grant", "add", "--worker", &name, "--grid", grid])
            .await?;
        granted.0 += 1;
        granted.1 += more;
    }
    // A pull is bounded: it takes several until nothing new comes.
    for _ in 0..1_000 {
        let answer = worker.phone.sync(5).await?;
        if answer["received"].as_u64() == Some(0) {
            return Ok(());
        }
    }
    fail!("after 1,000 syncs records still arrive")
}

/// A fresh process: its highest point at unlock, and what stays after a look around, in megabytes.
pub(crate) async fn reopen(worker: &mut Worker) -> Outcome<(f64, f64)> {
    worker.phone.restart().await?;
    let Some(pid) = worker.phone.rpc().pid().await else {
        fail!("the phone is gone")
    };
    let unlock = memory_mb(pid, "VmHWM")?;
    worker.phone.call("home", json!({})).await?;
    worker.phone.call("search", json!({"text": "w"})).await?;
    worker.phone.call("records", json!({"limit": 50})).await?;
    Ok((unlock, memory_mb(pid, "VmRSS")?))
}

/// CPU of a search by initials, door number and name.
async fn search(worker: &Worker, numbers: &mut Numbers) -> Outcome {
    let Some(pid) = worker.phone.rpc().pid().await else {
        fail!("the phone is gone")
    };
    let before = cpu(pid)?;
    for n in 0..SEARCHES {
        let text = ["w", "zh", "12", "3", "王", "l"][n as usize % 6];
        worker
            .phone
            .call("search", json!({"text": text, "limit": 20}))
            .await?;
    }
    let spent = cpu(pid)? - before;
    numbers.set(
        "search.cpu_ms",
        spent.as_secs_f64() * 1_000.0 / f64::from(SEARCHES),
    );
    Ok(())
}
