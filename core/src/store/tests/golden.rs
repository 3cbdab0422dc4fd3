//! A database as version 1 wrote it: every later version opens it, with the cipher's parameters of that time.
//!
//! Once version 1 is released, its file never changes. Before that, after a change of the schema:
//! `cargo test -p xunge-core write_the_golden_database -- --ignored`.

use super::*;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../fixtures/golden/database/1.db"
);

fn key() -> DatabaseKey {
    DatabaseKey::from_slice(&[0x42; 48]).unwrap()
}

#[test]
fn the_golden_database_of_version_1_opens_with_all_that_was_in_it() {
    let mut phone = Phone::new();
    phone.key = key();
    std::fs::copy(FILE, phone.path()).unwrap();
    let store = phone.open();
    let progress = store.progress().unwrap();
    assert_eq!((progress.saved, progress.acknowledged), (3, 2));
    assert_eq!(store.search("wgl", 9).unwrap()[0].household.door, "3组12号");
    assert_eq!(store.receipts(None).unwrap().len(), 1);
    let before = all(&store);
    assert_eq!(before.len(), 4);
    store.write(super::super::projection::rebuild).unwrap();
    assert_eq!(all(&store), before);
    // Work goes on where it stopped.
    assert_eq!(dispute(&store).record, RecordId::written(ME, 4));
    phone.relay.receipts = 1;
    phone.relay.accept_all(&store);
    assert_eq!(store.progress().unwrap().acknowledged, 4);
}

#[test]
#[ignore = "writes fixtures/golden/database/1.db"]
fn write_the_golden_database() {
    let mut phone = Phone::new();
    phone.key = key();
    let store = phone.enrolled();
    let (household, entry) = phone.relay.household("王桂兰", "3组12号");
    phone.relay.push(&store, vec![entry]);
    visit(&store, &household, "2026-11-23");
    dispute(&store);
    phone.relay.accept_all(&store);
    dispute(&store);
    drop(store);
    std::fs::create_dir_all(std::path::Path::new(FILE).parent().unwrap()).unwrap();
    std::fs::copy(phone.path(), FILE).unwrap();
}
