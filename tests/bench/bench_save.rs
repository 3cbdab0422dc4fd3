//! What a save costs, against one bare transaction on the same database file with the same settings.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use xunge_tests::{Outcome, programs};

use crate::measure::{Numbers, median};
use crate::place::Place;
use crate::sqlcipher;

const SAVES: usize = 120;
/// Turns that product and floor take.
const GROUPS: usize = 6;
/// Bytes of the bare row: about what a visit's change and projection take.
const ROW: usize = 1_200;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let mut worker = place.worker("李大山").await?;
    let dir = worker.phone.dir().to_path_buf();
    let bare = open_bare(&dir).await?;
    let (mut saves, mut floors) = (Vec::new(), Vec::new());
    // In turns, so that both meet the same disk; in groups, since a phone has its file to itself, and what another
    // process writes would empty its page cache before every save.
    for _ in 0..GROUPS {
        for _ in 0..SAVES / GROUPS {
            let open = worker.people.start(&worker.phone, "visit", None).await?;
            let open = worker.people.finish(&worker.phone, open).await?;
            let began = Instant::now();
            worker.phone.save(&open.interview).await?;
            saves.push(began.elapsed());
        }
        for _ in 0..SAVES / GROUPS {
            floors.push(bare_transaction(&bare)?);
        }
    }
    let (save, floor) = (median(saves), median(floors));
    numbers.set("save.ms", save.as_secs_f64() * 1_000.0);
    numbers.set("save.floor_ms", floor.as_secs_f64() * 1_000.0);
    numbers.set("save.ratio", save.as_secs_f64() / floor.as_secs_f64());
    Ok(())
}

fn bare_transaction(bare: &Connection) -> Outcome<Duration> {
    let row = vec![0x5a_u8; ROW];
    let began = Instant::now();
    bare.execute_batch("BEGIN IMMEDIATE")?;
    bare.execute("INSERT INTO bench_floor(row) VALUES (?1)", [row])?;
    bare.execute_batch("COMMIT")?;
    Ok(began.elapsed())
}

/// The worker's own database, opened a second time with the key that `xunge-phone key` prints.
async fn open_bare(dir: &Path) -> Outcome<Connection> {
    let program = programs::path("xunge-phone")?;
    let output = tokio::process::Command::new(program)
        .arg("key")
        .arg("--data")
        .arg(dir)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = said.split(|c: char| !c.is_ascii_hexdigit());
    let keys: Vec<&str> = words.filter(|word| word.len() == 96).collect();
    let connection = sqlcipher::open_any(dir, &keys)?;
    connection.execute_batch("CREATE TABLE bench_floor(id INTEGER PRIMARY KEY, row BLOB)")?;
    Ok(connection)
}
