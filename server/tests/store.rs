//! The store on a real file: what was answered is there, what failed is not, and nobody reads it without the key.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::*;
use xunge_server::store::sqlite::database_key;
use xunge_server::store::{Options, Store, StoreError, Tx};

const THREADED: Options = Options {
    writer_thread: true,
};

fn next(tx: &Tx<'_>) -> Result<u64, StoreError> {
    tx.next_number(GRID, "test")
}

#[test]
fn many_writers_get_each_number_once() {
    let place = Place::new(THREADED);
    let sum = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..25 {
                    let n = place.relay.store.write(next).unwrap();
                    sum.fetch_add(n, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 200 * 201 / 2);
}

#[test]
fn failed_and_panicking_work_takes_back_only_its_own_rows() {
    for options in [Options::default(), THREADED] {
        let place = Place::new(options);
        let store = &place.relay.store;
        assert_eq!(store.write(next).unwrap(), 1);
        let failed: Result<(), StoreError> = store.write(|tx| {
            next(tx)?;
            Err(StoreError::Closed)
        });
        assert!(failed.is_err());
        let panicked: Result<(), StoreError> = store.write(|tx| {
            next(tx)?;
            panic!("on purpose")
        });
        assert!(matches!(panicked, Err(StoreError::NotCommitted(_))));
        assert_eq!(store.write(next).unwrap(), 2);
    }
}

#[test]
fn a_reader_sees_one_moment_while_others_write() {
    let place = Place::inline();
    let store = place.relay.store.clone();
    store
        .read(|tx| {
            let before = tx.last_position(GRID_BESIDE)?;
            place
                .relay
                .store
                .write(|tx| tx.next_position(GRID_BESIDE))?;
            assert_eq!(tx.last_position(GRID_BESIDE)?, before);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let after = store.read(|tx| tx.last_position(GRID_BESIDE)).unwrap();
    assert_eq!(after, 1);
}

#[test]
fn what_was_answered_is_there_after_the_relay_was_opened_again() {
    let place = Place::new(THREADED);
    place.relay.store.write(next).unwrap();
    let Place { relay, dir, .. } = place;
    drop(relay);
    let store = Store::open(dir.path(), THREADED).unwrap();
    assert_eq!(store.write(next).unwrap(), 2);
    assert_eq!(store.county().scope, COUNTY);
    assert_eq!(store.county().name, "测试县");
}

#[test]
fn a_second_store_in_one_folder_and_none_in_an_empty_one_are_said_so() {
    let place = Place::inline();
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        Store::open(empty.path(), Options::default()),
        Err(StoreError::NotInitialised(_))
    ));
    let key = std::fs::read(place.dir.path().join("relay.key")).unwrap();
    let again = Store::open(place.dir.path(), Options::default());
    assert!(again.is_ok(), "another process may open it too");
    assert_eq!(key.len(), 96);
}

#[test]
fn the_file_is_unreadable_without_its_key_and_the_key_is_the_owners() {
    let place = Place::inline();
    let file = std::fs::read(place.dir.path().join("relay.db")).unwrap();
    assert_ne!(&file[..15], b"SQLite format 3");
    let name = "测试县".as_bytes();
    assert!(!file.windows(name.len()).any(|w| w == name));
    assert_eq!(database_key(place.dir.path()).unwrap().len(), 96);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let key = std::fs::metadata(place.dir.path().join("relay.key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(place.dir.path().join("relay.key"), "ab".repeat(48)).unwrap();
    assert!(Store::open(place.dir.path(), Options::default()).is_err());
    std::fs::write(place.dir.path().join("relay.key"), "short").unwrap();
    assert!(matches!(
        Store::open(place.dir.path(), Options::default()),
        Err(StoreError::Corrupt(_))
    ));
}

#[test]
fn a_backup_taken_while_the_relay_writes_opens_with_the_same_key() {
    let place = Place::new(THREADED);
    place.relay.store.write(next).unwrap();
    let to = tempfile::tempdir().unwrap();
    let copy = to.path().join("relay.db");
    let Store::Sqlite(sqlite) = &*place.relay.store else {
        panic!("not SQLite")
    };
    sqlite.backup(&copy).unwrap();
    std::fs::copy(
        place.dir.path().join("relay.key"),
        to.path().join("relay.key"),
    )
    .unwrap();
    let store = Store::open(to.path(), Options::default()).unwrap();
    assert_eq!(store.write(next).unwrap(), 2);
}

#[tokio::test]
async fn async_callers_wait_without_holding_up_each_other() {
    let place = Place::new(THREADED);
    let store = Arc::clone(&place.relay.store);
    let all: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.write_async(next).await.unwrap() })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in all {
        numbers.push(task.await.unwrap());
    }
    numbers.sort();
    assert_eq!(numbers, (1..=50).collect::<Vec<u64>>());
    let last = store.read_async(|tx| tx.last_position(GRID)).await;
    assert_eq!(last.unwrap(), 0);
}
