//! The benchmarks: real programs in release builds, each time as a ratio against a floor that is measured in the same
//! run, beside bytes and counts that stand for themselves. `cargo xtask bench` builds and runs this.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench_air;
mod bench_conflicts;
mod bench_day;
mod bench_ffi;
mod bench_flat;
mod bench_link;
mod bench_phone;
mod bench_postgres;
mod bench_relay;
mod bench_save;
mod documents;
mod floor_postgres;
mod floor_sqlite;
mod log;
mod measure;
mod place;
mod sqlcipher;
mod targets;
mod traffic;
mod words;

use std::path::PathBuf;

use measure::Numbers;
use xunge_tests::Outcome;

fn main() {
    let (mut name, mut json) = (String::new(), None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // What cargo itself passes to a benchmark.
            "--bench" => {}
            "--json" => json = args.next().map(PathBuf::from),
            _ => name = arg,
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let numbers = match runtime.block_on(all(&name)) {
        Ok(numbers) => numbers,
        Err(failure) => {
            eprintln!("{failure}");
            std::process::exit(1);
        }
    };
    numbers.print();
    if let Some(path) = json {
        std::fs::write(path, numbers.json()).unwrap();
    }
}

/// Runs the groups whose name, or one of whose numbers, begins with `name`. `flat` runs when it is named only, since it
/// fills a relay with a million records first.
async fn all(name: &str) -> Outcome<Numbers> {
    let wanted =
        |group: &str| name.is_empty() || name.starts_with(group) || group.starts_with(name);
    let mut numbers = Numbers::default();
    let out = &mut numbers;
    if wanted("save") {
        bench_save::run(out).await?;
    }
    if wanted("day") || wanted("visit") || wanted("idle") || wanted("edit") {
        bench_day::run(out).await?;
    }
    if wanted("http") || wanted("tls") {
        bench_air::run(out).await?;
    }
    if wanted("edit") {
        bench_conflicts::run(out).await?;
    }
    if wanted("year") || wanted("relay.disk") {
        bench_day::year(out).await?;
    }
    if wanted("relay.sqlite") {
        bench_relay::run(out).await?;
    }
    if wanted("relay.postgres") {
        bench_postgres::run(out).await?;
    }
    if name == "flat" {
        bench_flat::run(out).await?;
    }
    if wanted("link") {
        bench_link::run(out).await?;
    }
    if wanted("phone") || wanted("search") {
        bench_phone::run(out).await?;
    }
    if wanted("ffi") {
        bench_ffi::run(out).await?;
    }
    Ok(numbers)
}
