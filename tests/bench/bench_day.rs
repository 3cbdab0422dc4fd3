//! What work costs on the air: a day of 110 changes with notes of two sorts, a single visit, a single edit, nothing at
//! all, and a year of a grid. Bytes are HTTP bodies; what HTTP adds to them is measured beside.

use std::sync::atomic::Ordering;

use serde_json::json;
use xunge_core::sync::SyncReport;
use xunge_days::{Failure, Town, Walker};
use xunge_protocol::batch::{Assume, Batch, Limits, Parties};
use xunge_protocol::{PulledEntry, PulledSegment, Timestamp, wire};
use xunge_tests::Outcome;

use crate::measure::Numbers;
use crate::place::Place;
use crate::words::{Notes, Typed};

const CHANGES: usize = 110;
const HOUSEHOLDS: usize = 100;
/// A day in May, at half past seven.
const MORNING: Timestamp = Timestamp(1_778_110_200_000);
const DAY_MILLIS: u64 = 86_400_000;
/// Single records of which the middle one counts.
const SINGLES: usize = 9;
const YEAR_DAYS: usize = 250;
const YEAR_CHANGES: usize = 79;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let days = [
        ("day.", Notes::Repeating),
        ("day.random_words_", Notes::Random),
    ];
    for (name, notes) in days {
        let (town, mut walker) = start(notes, 31).await?;
        walker.day(&town, CHANGES)?;
        let report = walker.sync().await?;
        numbers.set(&format!("{name}body_up_bytes"), report.bytes_up as f64);
        let (changes, raw) = pushed(&town)?;
        let packed = wire::compress(&raw, 19)?;
        numbers.set(&format!("{name}raw_bytes"), raw.len() as f64);
        numbers.set(&format!("{name}raw_zstd_bytes"), packed.len() as f64);
        if notes == Notes::Repeating {
            numbers.set("day.changes", changes as f64);
            numbers.set("day.requests", report.requests as f64);
            let both = report.bytes_up + report.bytes_down;
            numbers.set("day.push_pull_bytes", both as f64);
            singles(numbers, &town, &mut walker).await?;
        }
    }
    headers(numbers).await
}

/// What a year of a grid is in one batch that its reader opens without holding anything, and as the first sync of a new phone.
pub(crate) async fn year(numbers: &mut Numbers) -> Outcome {
    let (town, mut walker) = start(Notes::Repeating, 57).await?;
    for _ in 0..YEAR_DAYS {
        let before = town.now();
        walker.day(&town, YEAR_CHANGES)?;
        walker.sync().await?;
        let spent = town.now().millis_since(before).unsigned_abs();
        walker.pass(&town, DAY_MILLIS.saturating_sub(spent));
    }
    let log = town.log()?;
    let entries: usize = log.iter().map(|s| s.entries.len()).sum();
    let parties = Parties::default();
    let batch = Batch::pack_archive(&log, &parties, Assume::Nothing, &Limits::ARCHIVE);
    assert!(!batch.is_plain(), "a year packs");
    numbers.set("year.entries", entries as f64);
    let raw: usize = bodies(&log).map(|e| e.body.len()).sum();
    numbers.set("year.raw_bytes", raw as f64);
    let packed = wire::compress(batch.as_bytes(), 19)?;
    numbers.set("year.bytes", packed.len() as f64);
    // The same year to a new phone.
    town.cut_snapshots()?;
    let words = Box::new(Typed::new(Notes::Repeating, 58));
    let new = Walker::enrol(&town, "李大山", 58, words).await?.first;
    numbers.set("year.usable_bytes", new.usable_bytes as f64);
    let both = new.bytes_up + new.bytes_down;
    numbers.set("year.first_sync_bytes", both as f64);
    numbers.set("year.first_sync_requests", new.requests as f64);
    Ok(())
}

async fn start(notes: Notes, seed: u64) -> Result<(Town, Walker), Failure> {
    let town = Town::build(seed, MORNING, HOUSEHOLDS).await?;
    let words = Box::new(Typed::new(notes, seed));
    let walker = Walker::enrol(&town, "王秀英", seed, words).await?;
    Ok((town, walker))
}

/// A visit and an edit on their own, and a sync with nothing new, after a working day.
async fn singles(numbers: &mut Numbers, town: &Town, walker: &mut Walker) -> Outcome {
    let idle = walker.sync().await?;
    numbers.set("idle.up_bytes", idle.bytes_up as f64);
    numbers.set("idle.down_bytes", idle.bytes_down as f64);
    for (name, kind) in [("visit.bytes", "visit"), ("edit.bytes", "household")] {
        let mut sizes = Vec::new();
        while sizes.len() < SINGLES {
            walker.pass(town, 300_000);
            let subject = (kind == "household").then(|| walker.some_household());
            if walker.record(kind, subject.as_deref())? {
                sizes.push(up(&walker.sync().await?));
            }
        }
        sizes.sort_unstable();
        numbers.set(name, sizes[SINGLES / 2] as f64);
        numbers.set(&format!("{name}.worst"), sizes[SINGLES - 1] as f64);
    }
    Ok(())
}

fn up(report: &SyncReport) -> u64 {
    report.bytes_up / report.requests.max(1)
}

fn bodies(log: &[PulledSegment]) -> impl Iterator<Item = &xunge_protocol::Entry> {
    log.iter().flat_map(|s| &s.entries).filter_map(|e| match e {
        PulledEntry::Body { entry, .. } => Some(entry),
        PulledEntry::Absent(_) => None,
    })
}

/// Number and raw bytes of the changes that phones brought.
fn pushed(town: &Town) -> Result<(usize, Vec<u8>), Failure> {
    let mut log = town.log()?;
    log.retain(|s| s.header.writer != town.relay_writer());
    let changes = bodies(&log).count();
    let raw = bodies(&log).flat_map(|e| e.body.iter().copied()).collect();
    Ok((changes, raw))
}

/// What HTTP adds to one exchange between the real programs.
async fn headers(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let worker = place.worker("李大山").await?;
    let before = on_the_wire(&worker);
    let idle = worker.phone.call("sync", json!({})).await?;
    let after = on_the_wire(&worker);
    let body = |name: &str| idle[name].as_f64().unwrap_or(f64::NAN);
    numbers.set(
        "http.up_bytes",
        (after.0 - before.0) as f64 - body("bytes_up"),
    );
    numbers.set(
        "http.down_bytes",
        (after.1 - before.1) as f64 - body("bytes_down"),
    );
    Ok(())
}

fn on_the_wire(worker: &xunge_tests::worker::Worker) -> (u64, u64) {
    let counters = worker.proxy.counters();
    (
        counters.bytes_up.load(Ordering::Relaxed),
        counters.bytes_down.load(Ordering::Relaxed),
    )
}
