//! What work costs on the air: a day of 110 changes with notes of two sorts, a single visit, a single edit, nothing at
//! all, and a year of a grid. Bytes are HTTP bodies. Beside them, what that year costs the relay's disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use xunge_core::sync::SyncReport;
use xunge_days::{Failure, Town, Walker};
use xunge_protocol::batch::{Assume, Batch, Limits, Parties};
use xunge_protocol::{PulledEntry, PulledSegment, Timestamp, wire};
use xunge_tests::phone::Phone;
use xunge_tests::{Outcome, fail, relay};

use crate::measure::{Numbers, memory_mb};
use crate::sqlcipher;
use crate::words::{Notes, Typed, notes_asked};

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
        let (town, mut walker, typed) = start(notes, 31).await?;
        walker.day(&town, CHANGES)?;
        let report = walker.sync().await?;
        numbers.set(&format!("{name}body_up_bytes"), report.bytes_up as f64);
        let (changes, raw) = pushed(&town)?;
        let packed = wire::compress(&raw, 19)?;
        let typed = typed.load(Ordering::Relaxed);
        numbers.set(&format!("{name}typed_notes"), typed as f64);
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
    Ok(())
}

/// What a year of a grid is in one batch that its reader opens without holding anything, and as the first sync of a new phone.
pub(crate) async fn year(numbers: &mut Numbers) -> Outcome {
    let (town, mut walker, _) = start(Notes::Repeating, 57).await?;
    let begun = disk(&town).await?;
    for _ in 0..YEAR_DAYS {
        let before = town.now();
        walker.day(&town, YEAR_CHANGES)?;
        walker.sync().await?;
        let spent = town.now().millis_since(before).unsigned_abs();
        walker.pass(&town, DAY_MILLIS.saturating_sub(spent));
    }
    let ended = disk(&town).await?;
    let grown = ended.values().sum::<u64>() - begun.values().sum::<u64>();
    numbers.set("relay.disk_bytes_per_day", grown as f64 / YEAR_DAYS as f64);
    for (name, bytes) in ended {
        let grown_here = bytes.saturating_sub(begun.get(&name).copied().unwrap_or(0));
        if grown_here * 100 > grown {
            let name = format!("relay.disk_bytes_per_day.{name}");
            numbers.set(&name, grown_here as f64 / YEAR_DAYS as f64);
        }
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
    numbers.set("relay.disk_bytes_per_change", grown as f64 / entries as f64);
    numbers.set("year.batch_bytes", packed.len() as f64);
    // The same year to a new phone.
    town.cut_snapshots()?;
    let words = Box::new(Typed::new(Notes::Repeating, 58));
    let new = Walker::enrol(&town, "李大山", 58, words).await?.first;
    numbers.set("year.usable_after_bytes", new.usable_bytes as f64);
    let both = new.bytes_up + new.bytes_down;
    numbers.set("year.bytes", both as f64);
    numbers.set("year.requests", new.requests as f64);
    // And to a phone of its own process, whose memory can be told from ours.
    let mut phone = Phone::start(&town.folder().join("phone"), "赵小溪").await?;
    phone.enrol(&town.ticket("赵小溪")?).await?;
    let enrolled = own_memory(&phone).await?;
    numbers.set("year.phone_enrolled_mb", enrolled);
    let report = phone.sync(20).await?;
    numbers.set(
        "year.phone_records",
        report["received"].as_f64().unwrap_or_default(),
    );
    numbers.set("year.phone_resident_mb", own_memory(&phone).await?);
    Ok(())
}

/// The highest point of a phone's memory, in megabytes.
async fn own_memory(phone: &Phone) -> Outcome<f64> {
    match phone.rpc().pid().await {
        Some(pid) => memory_mb(pid, "VmHWM"),
        None => fail!("the phone is gone"),
    }
}

/// A town whose visits ask for a note, and a worker of it with the number of notes typed so far.
async fn start(notes: Notes, seed: u64) -> Result<(Town, Walker, Arc<AtomicUsize>), Failure> {
    let town = Town::build(seed, MORNING, HOUSEHOLDS).await?;
    town.publish("forms/visit.json", notes_asked()?)?;
    let words = Typed::new(notes, seed);
    let typed = words.notes_typed();
    let walker = Walker::enrol(&town, "王秀英", seed, Box::new(words)).await?;
    Ok((town, walker, typed))
}

/// Bytes of the relay's database by table and index, once its write-ahead log is in it; what none of them has is `free`.
async fn disk(town: &Town) -> Outcome<BTreeMap<String, u64>> {
    let data = town.folder().join("relay");
    let answer = relay::Place::from(&data)
        .xunge_json(&["admin", "--json", "key"])
        .await?;
    let key = answer["key"].as_str().unwrap_or_default().to_owned();
    let database = sqlcipher::open_any(&data, &[&key])?;
    let busy: i64 = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
    assert_eq!(busy, 0, "nobody else is at work");
    let all: i64 = database.query_row(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        [],
        |r| r.get(0),
    )?;
    let mut query = database.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")?;
    let named = query.query_map([], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))?;
    let mut named: BTreeMap<String, u64> = named.collect::<Result<_, _>>()?;
    let used: u64 = named.values().sum();
    named.insert("free".into(), all.unsigned_abs().saturating_sub(used));
    Ok(named)
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
