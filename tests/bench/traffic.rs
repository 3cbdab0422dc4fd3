//! Batches as real phones send them: caught on the way, and given to the relay's own door in this process, so that no phone
//! shares the clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use xunge_server::env::SystemEnv;
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{Location, Options};
use xunge_tests::{Outcome, fail};

use crate::measure::own_cpu;
use crate::place::Place;

/// Records of a batch.
pub(crate) const BATCH: usize = 110;
/// Requests under way at the same time, as phones come to a relay.
const AT_ONCE: usize = 4;

/// What all batches together took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Taken {
    pub(crate) fn records_per_second(&self, records: usize) -> f64 {
        records as f64 / self.wall.as_secs_f64()
    }

    /// How fast it is, `floor` being 1.
    pub(crate) fn ratio_to(&self, floor: Self) -> f64 {
        floor.wall.as_secs_f64() / self.wall.as_secs_f64()
    }

    pub(crate) fn cpu_ms_per_record(&self, records: usize) -> f64 {
        self.cpu.as_secs_f64() * 1_000.0 / records as f64
    }
}

/// The first sync request of each of `phones` with a batch of fresh records; the relay never sees it. Each phone is of a
/// grid of its own, as far as there are grids.
pub(crate) async fn catch(place: &Place, phones: usize) -> Outcome<Vec<Vec<u8>>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut bodies = Vec::new();
    for number in 0..phones {
        let mut worker = place.worker_of(number, &format!("工{number}")).await?;
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

/// A relay of its own in this process.
pub(crate) fn node(at: impl Into<Location>) -> Outcome<Arc<Relay>> {
    let relay = Relay::open(
        at,
        Arc::new(SystemEnv),
        Config::default(),
        Options {
            writer_thread: true,
        },
    )?;
    Ok(Arc::new(relay))
}

/// Wall time and CPU of this process for all batches; phones choose among the nodes by turns.
pub(crate) fn given_to(nodes: &[Arc<Relay>], bodies: &[Vec<u8>]) -> Outcome<Taken> {
    let before = own_cpu();
    let began = Instant::now();
    let waiting = Mutex::new(bodies.iter());
    let phone = |relay: &Arc<Relay>| {
        while let Some(body) = next(&waiting) {
            if let Err(failure) = xunge_server::sync::handle(relay, body) {
                fail!("the relay refused a batch: {}", failure.code());
            }
        }
        Outcome::Ok(())
    };
    let phone = &phone;
    std::thread::scope(|scope| {
        let relays = nodes.iter().cycle().take(AT_ONCE);
        let phones: Vec<_> = relays
            .map(|relay| scope.spawn(move || phone(relay)))
            .collect();
        let ended = phones.into_iter().map(|p| p.join());
        ended
            .map(|e| e.unwrap_or_else(|_| Err("a phone panicked".into())))
            .collect::<Outcome<Vec<()>>>()
    })?;
    Ok(Taken {
        wall: began.elapsed(),
        cpu: own_cpu() - before,
    })
}

fn next<'a>(waiting: &Mutex<std::slice::Iter<'a, Vec<u8>>>) -> Option<&'a Vec<u8>> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .next()
}
