//! What a power cut, a fault of the disk or a kill leaves: the real stores of phone and relay on disks in memory, and the
//! two programs as processes that are killed.
//!
//! `XUNGE_CRASH_IMAGES=N`, `XUNGE_CRASH_FAULTS=N` and `XUNGE_CRASH_KILLS=N` set how much is run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod day;
mod faults;
mod held;
mod kills;
mod letting_go;
mod power_cuts;
mod town;
mod world;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One test at a time: each uses all cores for itself, and SQLCipher sets itself up once.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn setting(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
