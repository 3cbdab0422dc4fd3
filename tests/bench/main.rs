//! The benchmarks: real programs in release builds, each time as a ratio against a floor that is measured in the same
//! run, beside bytes and counts that stand for themselves. `cargo xtask bench` builds and runs this.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench_day;
mod bench_ffi;
mod bench_phone;
mod bench_relay;
mod bench_save;
mod measure;
mod place;
mod sqlcipher;
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

/// Runs the groups whose name, or one of whose numbers, begins with `name`.
async fn all(name: &str) -> Outcome<Numbers> {
    let wanted =
        |group: &str| name.is_empty() || name.starts_with(group) || group.starts_with(name);
    let mut numbers = Numbers::default();
    if wanted("save") {
        bench_save::run(&mut numbers).await?;
    }
    if wanted("day") {
        bench_day::run(&mut numbers).await?;
    }
    if wanted("year") {
        bench_day::year(&mut numbers).await?;
    }
    if wanted("relay") {
        bench_relay::run(&mut numbers).await?;
    }
    if wanted("phone") || wanted("search") {
        bench_phone::run(&mut numbers).await?;
    }
    if wanted("ffi") {
        bench_ffi::run(&mut numbers).await?;
    }
    Ok(numbers)
}
