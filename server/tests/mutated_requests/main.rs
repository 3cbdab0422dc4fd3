//! Hostile requests by the hundred thousand, through the relay's whole router onto a real store: changed bytes, changed
//! fields under right signatures, wrong sizes, headers, ids, ranges and forms. Nothing panics, nothing answers 5xx, memory
//! stays where it was, and a good share of what comes is let in, so that the depth is real.
//!
//! `XUNGE_MUTATED_REQUESTS` sets how many, `XUNGE_MUTATED_SEED` from which seed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;

mod api;
mod console;
mod courier;
mod enrol;
mod media;
mod noise;
mod sync;
mod town;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderValue;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use noise::Noise;
use town::{Asked, Town};

/// How many requests the ordinary tests send.
const REQUESTS: usize = 20_000;
/// The town is looked at anew after so many.
const LOOK: usize = 500;
/// Doors and how often each is tried.
const DOORS: [(&str, usize); 6] = [
    ("sync", 7),
    ("enrol", 2),
    ("courier", 2),
    ("media", 3),
    ("api", 3),
    ("console", 4),
];
/// Least share of requests that a door lets in, in percent.
const LET_IN: u32 = 20;

/// Messages of panics anywhere in the process.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Panics inside Automerge.
static CONTAINED: AtomicUsize = AtomicUsize::new(0);

/// What came of the requests: by door and change, how many of which status; how many each door let in; and what the relay
/// said of entries and bundles.
#[derive(Default)]
struct Tally {
    statuses: BTreeMap<(&'static str, &'static str, u16), u32>,
    let_in: BTreeMap<&'static str, u32>,
    said: BTreeMap<&'static str, u32>,
}

impl Tally {
    fn add(&mut self, door: &'static str, how: &'static str, status: u16) {
        *self.statuses.entry((door, how, status)).or_default() += 1;
    }

    fn let_in(&mut self, door: &'static str, said: &[&'static str]) {
        *self.let_in.entry(door).or_default() += 1;
        for word in said {
            *self.said.entry(word).or_default() += 1;
        }
    }

    fn join(&mut self, other: Self) {
        for (key, n) in other.statuses {
            *self.statuses.entry(key).or_default() += n;
        }
        for (key, n) in other.let_in {
            *self.let_in.entry(key).or_default() += n;
        }
        for (key, n) in other.said {
            *self.said.entry(key).or_default() += n;
        }
    }

    fn print(&self) {
        let mut rows: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for ((door, how, status), n) in &self.statuses {
            let row = rows.entry((door, how)).or_default();
            row.push(format!("{status} × {n}"));
        }
        for ((door, how), counts) in rows {
            println!("{door:8} {how:26} {}", counts.join(", "));
        }
        for (door, _) in DOORS {
            println!("{door:8} let in {} %", self.share(door));
        }
        println!("{:?}", self.said);
    }

    /// How many of a door's requests were let in, in percent.
    fn share(&self, of: &str) -> u32 {
        let here = self.statuses.iter().filter(|((door, _, _), _)| *door == of);
        let all: u32 = here.map(|(_, n)| n).sum();
        100 * self.let_in.get(of).unwrap_or(&0) / all.max(1)
    }
}

fn setting(name: &str, otherwise: usize) -> usize {
    let set = std::env::var(name).ok();
    set.map_or(otherwise, |text| text.parse().unwrap())
}

/// Resident bytes of this process; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn request(asked: &Asked) -> Option<Request> {
    let mut request = Request::builder()
        .method(asked.method.clone())
        .uri(&asked.path);
    for (name, value) in &asked.headers {
        // What is no header's value no server passes on.
        request = request.header(name, HeaderValue::from_bytes(value).ok()?);
    }
    let body = match asked.cut {
        None => Body::from(asked.body.clone()),
        Some(at) => {
            let sent = asked.body.get(..at).unwrap_or(&asked.body).to_vec();
            let broken = Err(std::io::Error::other("cut"));
            Body::from_stream(stream::iter([Ok(sent), broken]).boxed())
        }
    };
    request.body(body).ok()
}

/// Attacks one town, and returns what came of it.
async fn attack(seed: u64, requests: usize) -> Tally {
    let mut noise = Noise::new(seed);
    let mut town = Town::new();
    let mut tally = Tally::default();
    let (mut people, mut born) = (0, resident());
    let mut hostile = sync::Hostile::new(&town, people);
    let mut applicant = enrol::Applicant::new(&town, people);
    let mut sender = media::Sender::default();
    let mut reader = api::Reader::default();
    let doors: Vec<&'static str> = DOORS
        .iter()
        .flat_map(|(door, weight)| std::iter::repeat_n(*door, *weight))
        .collect();
    let mut sent = 0;
    while sent < requests {
        if sent % LOOK == 0 {
            town.look_again();
        }
        if sent == requests / 4 {
            born = resident();
        }
        if hostile.is_spent() {
            people += 1;
            hostile = sync::Hostile::new(&town, people);
        }
        if applicant.is_spent() {
            people += 1;
            applicant = enrol::Applicant::new(&town, people);
        }
        let door = *noise.pick(&doors);
        let asked = match door {
            "sync" => hostile.ask(&town, &mut noise),
            "enrol" => applicant.ask(&town, &mut noise),
            "courier" => courier::ask(hostile.phone(), &town, &mut noise),
            "media" => sender.ask(hostile.phone(), &town, &mut noise),
            "api" => reader.ask(&town, &mut noise),
            _ => console::ask(hostile.phone(), &town, &mut noise),
        };
        let Some(request) = request(&asked) else {
            continue;
        };
        sent += 1;
        town.place.later(50);
        let answered = AssertUnwindSafe(town.answer(request)).catch_unwind().await;
        let response = match answered {
            Ok(response) => response,
            Err(panic) => {
                tally.add(door, asked.how, 599);
                fault(seed, sent, door, &asked, &said(panic));
                continue;
            }
        };
        let (parts, body) = response.into_parts();
        let status = parts.status;
        tally.add(door, asked.how, status.as_u16());
        if door == "media" {
            sender.hear(&mut town, status, &parts.headers);
        }
        // A stream of events has no end.
        let body = to_bytes(body, 64 << 20).await.unwrap_or_default();
        if status.is_server_error() {
            let text = String::from_utf8_lossy(&body);
            fault(seed, sent, door, &asked, text.get(..200).unwrap_or(&text));
        }
        let said = match door {
            "sync" => hostile.hear(status, &body),
            "courier" => courier::hear(&town, &asked.body, &body),
            "api" => reader.hear(&body),
            _ => Some(Vec::new()),
        };
        if let (true, Some(said)) = (status.as_u16() < 400, said) {
            tally.let_in(door, &said);
        }
    }
    let grown = resident().saturating_sub(born) >> 20;
    println!(
        "seed {seed}: {sent} requests, {} records, {grown} MiB more",
        town.count()
    );
    assert!(grown < 256, "memory grew by {grown} MiB");
    goes_on(&mut town);
    tally
}

/// The relay is still one that a phone can work with, and holds what was saved before.
fn goes_on(town: &mut Town) {
    let record = common::held(&town.place, town.its_record);
    assert!(
        record.is_some() || is_erased(town),
        "what was saved is gone"
    );
    let phone = &mut town.honest;
    let new = phone.visit(common::GRID);
    let answer = phone.sync(&town.place);
    assert!(answer.forked.is_none() && answer.refused.is_empty());
    assert!(
        common::held(&town.place, new).is_some(),
        "nothing new comes in"
    );
}

/// Whether a supervisor's form erased the honest phone's record.
fn is_erased(town: &Town) -> bool {
    use xunge_server::store::StoreError;
    let record = town.its_record;
    let store = &town.relay().store;
    let found = store.read::<_, StoreError>(|tx| tx.tombstone(record));
    found.unwrap().is_some()
}

fn fault(seed: u64, n: usize, door: &str, asked: &Asked, said: &str) {
    println!(
        "FAULT seed {seed} request {n}: {door}, {}: {} {}\n  {:?}\n  body {}\n  said {said}",
        asked.how,
        asked.method,
        asked.path,
        asked
            .headers
            .iter()
            .map(|(k, v)| format!("{k}: {}", String::from_utf8_lossy(v)))
            .collect::<Vec<_>>(),
        asked.body[..asked.body.len().min(2_000)].escape_ascii(),
    );
}

fn said(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other
            .downcast::<&str>()
            .map_or_else(|_| "?".into(), |t| (*t).into()),
    }
}

#[test]
fn no_mutated_request_makes_the_relay_panic_or_answer_5xx() {
    let requests = setting("XUNGE_MUTATED_REQUESTS", REQUESTS);
    let seed = setting("XUNGE_MUTATED_SEED", 1) as u64;
    let towns = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    std::panic::set_hook(Box::new(|info| {
        // Automerge may panic over bytes that it cannot read; the guard contains that, or the answer is 5xx.
        if info
            .location()
            .is_some_and(|at| at.file().contains("/automerge-"))
        {
            CONTAINED.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let text = format!("{info}");
        println!("PANIC {text}");
        PANICS.lock().unwrap().push(text);
    }));
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::ERROR)
        .with_writer(std::io::stdout)
        .try_init();
    let started = Instant::now();
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let attacks: Vec<_> = (0..towns)
            .map(|n| {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(attack(seed + n as u64, requests / towns))
                })
            })
            .collect();
        attacks.into_iter().map(|a| a.join().unwrap()).collect()
    });
    let mut all = Tally::default();
    for tally in tallies {
        all.join(tally);
    }
    all.print();
    let sent: u32 = all.statuses.values().sum();
    let seconds = started.elapsed().as_secs_f64();
    let bad = all.statuses.iter().filter(|((_, _, s), _)| *s >= 500);
    let bad: u32 = bad.map(|(_, n)| n).sum();
    // The hook takes the lock again if an assertion below fails.
    let panics = PANICS.lock().unwrap().clone();
    println!(
        "{sent} mutated requests in {seconds:.0} s: {} panics, {bad} status 5xx, {} contained in Automerge",
        panics.len(),
        CONTAINED.load(Ordering::Relaxed)
    );
    assert!(panics.is_empty(), "{panics:?}");
    assert_eq!(bad, 0, "status 5xx");
    for (door, _) in DOORS {
        assert!(
            all.share(door) >= LET_IN,
            "{door} lets in too little to be deep"
        );
    }
}
