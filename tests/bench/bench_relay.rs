//! How many records a second the relay makes durable, against a bare loop that applies the same changes with Automerge
//! and inserts the same rows: same batches, same settings, same disk. The batches are what real phones sent; they are
//! caught on the way, and given to the relay's own door in this process, so that no phone shares the clock.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use automerge::{AutoCommit, Change};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use xunge_records::Kind;
use xunge_records::document::genesis;
use xunge_server::env::SystemEnv;
use xunge_server::relay::{Config, Relay};
use xunge_server::store::Options;
use xunge_tests::{Outcome, fail};

use crate::measure::{Numbers, cpu, median};
use crate::place::Place;
use crate::sqlcipher;

const PHONES: usize = 12;
const BATCH: usize = 110;
/// Requests under way at the same time, as phones come to a relay.
const AT_ONCE: usize = 4;
/// What one batch leaves behind.
const TABLES: [&str; 4] = ["segments", "entries", "records", "receipts"];

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let bodies = catch(&place).await?;
    let key = place.relay.admin(&["key"]).await?;
    let key = key["key"].as_str().unwrap_or_default().to_owned();
    let data = place.relay.data().to_path_buf();
    place.relay.stop().await?;
    let folder = place.folder;

    let records = (PHONES * BATCH) as f64;
    let before = Before::of(&data, &key)?;
    let (took, spent) = tokio::task::spawn_blocking({
        let data = data.clone();
        move || relay_takes(&data, &bodies)
    })
    .await??;
    let floor = floor(&data, &key, &before)?;
    numbers.set("relay.batch_records", BATCH as f64);
    numbers.set("relay.records_per_second", records / took.as_secs_f64());
    numbers.set(
        "relay.floor_records_per_second",
        records / floor.as_secs_f64(),
    );
    numbers.set(
        "relay.cpu_ms_per_record",
        spent.as_secs_f64() * 1_000.0 / records,
    );
    numbers.set(
        "relay.sqlite_ratio",
        floor.as_secs_f64() / took.as_secs_f64(),
    );
    numbers.set(
        "relay.fsync_ms",
        fsync(folder.path())?.as_secs_f64() * 1_000.0,
    );
    Ok(())
}

/// The first sync request of each phone with a batch of fresh records; the relay never sees it.
async fn catch(place: &Place) -> Outcome<Vec<Vec<u8>>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut bodies = Vec::new();
    for number in 0..PHONES {
        let mut worker = place.worker(&format!("工{number}")).await?;
        for n in 0..BATCH {
            let kind = if n % 11 == 10 { "request" } else { "visit" };
            worker.record(kind, None).await?;
        }
        worker.proxy.set_upstream(address);
        let sync = async { worker.phone.call("sync", serde_json::json!({})).await };
        let body = async {
            loop {
                let (mut stream, _) = listener.accept().await?;
                if let Some(body) = sync_body(&mut stream).await? {
                    return Outcome::Ok(body);
                }
            }
        };
        tokio::select! {
            body = body => bodies.push(body?),
            ended = sync => fail!("the phone gave up before it sent its batch: {ended:?}"),
        }
        worker.phone.kill().await;
    }
    Ok(bodies)
}

/// Body of a `POST /sync/v1`.
async fn sync_body(stream: &mut tokio::net::TcpStream) -> Outcome<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16_384];
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|l| {
                l.strip_prefix("content-length:")?
                    .trim()
                    .parse::<usize>()
                    .ok()
            });
            let length = length.unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let is_sync = head.starts_with("post /sync/v1 ");
                return Ok(is_sync.then(|| bytes[end + 4..end + 4 + length].to_vec()));
            }
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}

/// Wall time and CPU of the relay for all batches.
fn relay_takes(data: &Path, bodies: &[Vec<u8>]) -> Outcome<(Duration, Duration)> {
    let relay = Relay::open(
        data,
        Arc::new(SystemEnv),
        Config::default(),
        Options {
            writer_thread: true,
        },
    )?;
    let relay = Arc::new(relay);
    let before = cpu(std::process::id())?;
    let began = Instant::now();
    let waiting = Mutex::new(bodies.iter());
    std::thread::scope(|scope| {
        let phone = || {
            while let Some(body) = next(&waiting) {
                if let Err(failure) = xunge_server::sync::handle(&relay, body) {
                    fail!("the relay refused a batch: {}", failure.code());
                }
            }
            Outcome::Ok(())
        };
        let phones: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(phone)).collect();
        let ended = phones.into_iter().map(|p| p.join());
        ended
            .map(|e| e.unwrap_or_else(|_| Err("a phone panicked".into())))
            .collect::<Outcome<Vec<()>>>()
    })?;
    Ok((began.elapsed(), cpu(std::process::id())? - before))
}

struct Rows {
    table: &'static str,
    rows: Vec<Vec<Value>>,
}

fn next<'a>(waiting: &Mutex<std::slice::Iter<'a, Vec<u8>>>) -> Option<&'a Vec<u8>> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .next()
}

/// What the log held before: its last position in each scope.
struct Before(HashMap<Vec<u8>, i64>);

impl Before {
    fn of(data: &Path, key: &str) -> Outcome<Self> {
        let relay = sqlcipher::open_any(data, &[key])?;
        let mut scopes = relay.prepare("SELECT scope, position FROM scopes")?;
        let scopes = scopes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self(scopes.collect::<Result<_, _>>()?))
    }

    fn last(&self, scope: &Value) -> i64 {
        match scope {
            Value::Blob(scope) => self.0.get(scope).copied().unwrap_or(0),
            _ => 0,
        }
    }
}

/// Wall time of the bare loop over what the relay has just written: what the phones brought, and what the relay added to
/// it in their scopes.
fn floor(data: &Path, key: &str, before: &Before) -> Outcome<Duration> {
    let relay = sqlcipher::open_any(data, &[key])?;
    let mut batches: Vec<Vec<Rows>> = Vec::new();
    let mut writers = relay.prepare(
        "SELECT DISTINCT w.writer, e.scope FROM writers w JOIN entries e ON e.writer = w.writer WHERE w.worker <> ''",
    )?;
    let writers: Vec<(Value, Value)> = writers
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (n, (writer, scope)) in writers.iter().enumerate() {
        let mut batch = Vec::new();
        for table in TABLES {
            let rows = rows(&relay, table, writer)?;
            batch.push(Rows { table, rows });
        }
        let mut select = relay.prepare(
            "SELECT e.* FROM entries e JOIN writers w ON w.writer = e.writer
             WHERE w.worker = '' AND e.scope = ?1 AND e.position > ?2 AND e.kind < 128",
        )?;
        // Of a scope with several phones once, when all that it builds on is there.
        if writers.iter().skip(n + 1).all(|(_, other)| other != scope) {
            let rows = query(&mut select, (scope, before.last(scope)))?;
            batch.push(Rows {
                table: "entries",
                rows,
            });
        }
        batches.push(batch);
    }
    let bare = Connection::open(data.join("bench-floor.db"))?;
    sqlcipher::prepare(&bare, key)?;
    for table in TABLES {
        let mut ddl = relay.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC")?;
        for sql in ddl.query_map([table], |row| row.get::<_, String>(0))? {
            bare.execute_batch(&sql?)?;
        }
    }
    let columns: Vec<String> = relay
        .prepare("SELECT * FROM entries")?
        .column_names()
        .map(Into::into)
        .collect();
    let place = |name: &str| {
        columns
            .iter()
            .position(|column| column == name)
            .ok_or("no such column")
    };
    let (body, kind, record) = (place("body")?, place("kind")?, place("record")?);
    let mut documents = Documents::default();

    let began = Instant::now();
    for batch in &batches {
        bare.execute_batch("BEGIN IMMEDIATE")?;
        for Rows { table, rows } in batch {
            for row in rows {
                if *table == "entries" {
                    documents.apply(&row[record], &row[kind], &row[body])?;
                }
                let marks = vec!["?"; row.len()].join(",");
                bare.prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})"))?
                    .execute(params_from_iter(row))?;
            }
        }
        bare.execute_batch("COMMIT")?;
    }
    Ok(began.elapsed())
}

fn rows(relay: &Connection, table: &str, writer: &Value) -> Outcome<Vec<Vec<Value>>> {
    let mut select = relay.prepare(&format!("SELECT * FROM {table} WHERE writer = ?1"))?;
    query(&mut select, [writer])
}

fn query(
    select: &mut rusqlite::Statement<'_>,
    params: impl rusqlite::Params,
) -> Outcome<Vec<Vec<Value>>> {
    let columns = select.column_count();
    let rows = select.query_map(params, |row| (0..columns).map(|n| row.get(n)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The documents that the bare loop has made.
#[derive(Default)]
struct Documents(HashMap<Vec<u8>, AutoCommit>);

impl Documents {
    fn apply(&mut self, record: &Value, kind: &Value, body: &Value) -> Outcome {
        let (Value::Blob(record), Value::Integer(kind), Value::Blob(body)) = (record, kind, body)
        else {
            fail!("entries have other columns")
        };
        if let Some(document) = self.0.get_mut(record) {
            document.apply_changes([Change::from_bytes(body.clone())?])?;
            return Ok(());
        }
        let kind = Kind::ALL
            .into_iter()
            .find(|k| i64::from(k.entry_kind().0) == *kind)
            .ok_or("unknown kind")?;
        let mut document = AutoCommit::new();
        let changes = [genesis::bytes(kind), body].map(|bytes| Change::from_bytes(bytes.to_vec()));
        let changes = changes.into_iter().collect::<Result<Vec<_>, _>>()?;
        document.apply_changes(changes)?;
        self.0.insert(record.clone(), document);
        Ok(())
    }
}

/// The disk itself: 4 KiB written and synced, the middle of 50 times.
fn fsync(dir: &Path) -> Outcome<Duration> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(dir.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        file.write_all(&[7; 4_096])?;
        file.sync_all()?;
        times.push(began.elapsed());
    }
    Ok(median(times))
}
