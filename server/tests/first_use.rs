//! Many stores at the very first use of SQLCipher in a process. Alone in its file, since a process has one first use.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Barrier};

use xunge_server::env::SystemEnv;
use xunge_server::store::{NewCounty, Options, Store};

#[test]
fn stores_that_are_opened_by_many_threads_at_once_all_open() {
    let folder = tempfile::tempdir().unwrap();
    let together = Arc::new(Barrier::new(24));
    let threads: Vec<_> = (0..24)
        .map(|n| {
            let (together, dir) = (together.clone(), folder.path().join(n.to_string()));
            std::thread::spawn(move || {
                let county = NewCounty::drawn(&SystemEnv, "999999", "青山县");
                let options = Options {
                    writer_thread: false,
                };
                together.wait();
                Store::create(&dir, &county, options).map(|_| ())
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
}
