//! How many records a second the relay makes durable on SQLite, against a bare loop over the same batches.

use std::path::Path;
use std::time::{Duration, Instant};

use xunge_tests::Outcome;

use crate::floor_sqlite::{Before, floor};
use crate::measure::{Numbers, median};
use crate::place::Place;
use crate::traffic::{BATCH, catch, given_to, node};

const PHONES: usize = 12;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let bodies = catch(&place, PHONES).await?;
    let key = place.relay.admin(&["key"]).await?;
    let key = key["key"].as_str().unwrap_or_default().to_owned();
    let data = place.relay.data().to_path_buf();
    place.relay.stop().await?;
    let folder = place.folder;

    let records = PHONES * BATCH;
    let before = Before::of(&data, &key)?;
    let taken = tokio::task::spawn_blocking({
        let data = data.clone();
        move || given_to(&[node(&data)?], &bodies)
    })
    .await??;
    let floor = floor(&data, &key, &before)?;
    numbers.set("relay.batch_records", BATCH as f64);
    numbers.set(
        "relay.records_per_second",
        taken.records_per_second(records),
    );
    numbers.set(
        "relay.floor_records_per_second",
        floor.records_per_second(records),
    );
    numbers.set("relay.cpu_ms_per_record", taken.cpu_ms_per_record(records));
    numbers.set(
        "relay.floor_cpu_ms_per_record",
        floor.cpu_ms_per_record(records),
    );
    numbers.set("relay.sqlite_ratio", taken.ratio_to(floor));
    numbers.set(
        "relay.fsync_ms",
        fsync(folder.path())?.as_secs_f64() * 1_000.0,
    );
    Ok(())
}

/// The disk itself: 4 KiB written and synced, the middle of 50 times.
fn fsync(dir: &Path) -> Outcome<Duration> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(dir.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        file.write_all(&[7; 4_096])?;
        file.sync_all()?;
        times.push(began.elapsed());
    }
    Ok(median(times))
}
