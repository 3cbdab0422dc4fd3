//! A database of an earlier version is brought to this one as it opens: it says what it said, and its log proves itself.
//!
//! `fixtures/golden/database/relay-1.db` is the SQLite file of a relay (key beside it) as it was when each entry was a row:
//! three households, four persons, one of them erased. `relay-1.json` is what its API said of all records.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::postgres;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::Value as Json;
use xunge_protocol::{Hash32, PulledEntry, PulledSegment, WireError};
use xunge_server::api::records::record_json;
use xunge_server::store::{Location, Options, Store, StoreError};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/golden/database");
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/postgres/migrations");
/// Those that the golden database had seen, in PostgreSQL's numbers.
const EARLIER: [&str; 5] = [
    "0001_relay",
    "0002_erasure",
    "0003_snapshots",
    "0004_shares",
    "0005_relay_keys",
];

/// A folder with a copy of the golden database.
fn golden() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["db", "key"] {
        let from = Path::new(GOLDEN).join(format!("relay-1.{file}"));
        std::fs::copy(from, dir.path().join(format!("relay.{file}"))).unwrap();
    }
    dir
}

/// Every segment of the log: header, signature, and what is there of its entries.
fn log(store: &Store) -> Vec<PulledSegment> {
    store
        .read(|tx| {
            let mut segments = BTreeMap::new();
            for node in tx.org_nodes(xunge_protocol::Timestamp(i64::MAX))? {
                for entry in tx.entries_after(node.scope, 0, usize::MAX)? {
                    let place = (entry.home, entry.writer, entry.index);
                    let segment = match segments.entry(place) {
                        std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                        std::collections::btree_map::Entry::Vacant(new) => {
                            let row = tx.segment(place.0, place.1, place.2)?.unwrap();
                            let leaves = tx.leaves(place.0, place.1, place.2)?;
                            new.insert(PulledSegment {
                                header: row.header,
                                signature: row.signature,
                                entries: leaves.into_iter().map(PulledEntry::Absent).collect(),
                            })
                        }
                    };
                    let ordinal = entry.row.ordinal as usize;
                    if !entry.row.entry.body.is_empty() {
                        segment.entries[ordinal] = PulledEntry::Body {
                            position: entry.row.position.unwrap(),
                            entry: entry.row.entry,
                        };
                    }
                }
            }
            Ok::<_, StoreError>(segments.into_values().collect())
        })
        .unwrap()
}

fn says_what_it_said_and_proves_it(store: &Store) {
    let expected = std::fs::read(Path::new(GOLDEN).join("relay-1.json")).unwrap();
    let expected: Vec<Json> = serde_json::from_slice(&expected).unwrap();
    let mut said = store
        .read(|tx| {
            let rows = tx.records_after(0, None, None, 100)?;
            rows.iter().map(record_json).collect::<Result<Vec<_>, _>>()
        })
        .unwrap();
    said.sort_by_key(|record| record["id"].as_str().unwrap().to_owned());
    assert_eq!(said, expected);

    let log = log(store);
    let (mut bodies, mut erased) = (0, 0);
    for segment in &log {
        let writer = segment.header.writer;
        let writer = store.read(|tx| tx.writer(writer)).unwrap().unwrap();
        let hash = |entry: &xunge_protocol::Entry| {
            Ok::<_, WireError>(match entry.kind.is_system() {
                true => Hash32::of(&entry.body),
                false => Hash32::of(&entry.body[8..]),
            })
        };
        segment.verify(writer.key(), hash).unwrap();
        for entry in &segment.entries {
            match entry {
                PulledEntry::Body { .. } => bodies += 1,
                PulledEntry::Absent(_) => erased += 1,
            }
        }
    }
    // A person and the household that named it.
    assert_eq!(erased, 2);
    assert!(bodies > 12, "{bodies}");
    // Each record's document is made of the log's changes.
    for record in &expected {
        let id = record["id"].as_str().unwrap().parse().unwrap();
        let read = store
            .read(|tx| xunge_server::log::read_record(tx, id))
            .unwrap()
            .unwrap();
        assert_eq!(read.state.code, record["state"]);
    }
}

#[test]
fn the_golden_database_of_a_relay_opens_with_all_that_was_in_it() {
    let dir = golden();
    for _ in 0..2 {
        let store = Store::open(dir.path(), Options::default()).unwrap();
        says_what_it_said_and_proves_it(&store);
    }
}

#[test]
fn the_same_database_on_postgresql_opens_with_all_that_was_in_it() {
    let url = postgres();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(as_it_was(&url));
    let dir = tempfile::tempdir().unwrap();
    let at = Location {
        data: dir.path().into(),
        database: Some(url),
    };
    for _ in 0..2 {
        let store = Store::open(at.clone(), Options::default()).unwrap();
        says_what_it_said_and_proves_it(&store);
    }
}

/// Makes the tables of the earlier version, and fills them with what the golden database holds.
async fn as_it_was(url: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut sql = String::from(
        "CREATE SCHEMA xunge; SET search_path = xunge;
         CREATE TABLE migrations (name TEXT COLLATE \"C\" PRIMARY KEY);",
    );
    for name in EARLIER {
        let file = Path::new(MIGRATIONS).join(format!("{name}.sql"));
        sql.push_str(&std::fs::read_to_string(file).unwrap());
        sql.push_str(&format!("INSERT INTO migrations VALUES ('{name}');"));
    }
    client.batch_execute(&sql).await.unwrap();

    let dir = golden();
    let sqlite = Connection::open(dir.path().join("relay.db")).unwrap();
    let key = std::fs::read_to_string(dir.path().join("relay.key")).unwrap();
    sqlite
        .execute_batch(&format!("PRAGMA key = \"x'{key}'\""))
        .unwrap();
    let tables = client
        .query(
            "SELECT table_name::text, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
             FROM information_schema.columns WHERE table_schema = 'xunge' AND table_name <> 'migrations'
             GROUP BY 1",
            &[],
        )
        .await
        .unwrap();
    for table in &tables {
        let (name, columns): (String, String) = (table.get(0), table.get(1));
        let Ok(mut query) = sqlite.prepare(&format!("SELECT {columns} FROM {name}")) else {
            continue;
        };
        let count = query.column_count();
        let rows = query.query_map([], |r| {
            (0..count)
                .map(|n| Ok(literal(r.get(n)?)))
                .collect::<rusqlite::Result<Vec<String>>>()
        });
        for row in rows.unwrap() {
            let values = row.unwrap().join(", ");
            let insert = format!("INSERT INTO {name} ({columns}) VALUES ({values})");
            client.batch_execute(&insert).await.unwrap();
        }
    }
}

/// A value for PostgreSQL, of whichever type its column is.
fn literal(value: Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Integer(n) => format!("'{n}'"),
        Value::Real(n) => format!("'{n}'"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => format!("'\\x{}'", hex::encode(bytes)),
    }
}
