//! A bad network: a TCP proxy with delay, little bandwidth, lost connections, and cuts in the middle of a request or of
//! its answer. Faults follow a seed and the number of the connection, so that a run can be repeated. It knows nothing
//! of what flows through it, except how to count the request lines of HTTP/1.1.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Outcome;

/// How bad the network is.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// Time that bytes take, each way.
    pub delay: Duration,
    /// Bytes a second from the phone.
    pub up: u32,
    /// Bytes a second to the phone.
    pub down: u32,
    /// Share of connections that swallow what is sent and then break.
    pub drops: f64,
    /// Share of connections that are cut while a request goes up.
    pub cuts_in_request: f64,
    /// Share of connections that are cut while the answer comes down.
    pub cuts_in_response: f64,
    /// Cuts that happen for certain, on the first connections.
    pub certain_cuts: u64,
}

impl Network {
    /// EDGE in a valley: 60 kbit/s up, 120 down, 600 ms there and back, and it breaks.
    pub const VILLAGE: Self = Self {
        delay: Duration::from_millis(300),
        up: 7_500,
        down: 15_000,
        drops: 0.05,
        cuts_in_request: 0.12,
        cuts_in_response: 0.12,
        certain_cuts: 1,
    };

    /// Breaks often but does not keep a test waiting.
    pub const CUTTING: Self = Self {
        delay: Duration::from_millis(5),
        up: 4_000_000,
        down: 4_000_000,
        drops: 0.1,
        cuts_in_request: 0.25,
        cuts_in_response: 0.25,
        certain_cuts: 2,
    };

    /// Nothing wrong.
    pub const GOOD: Self = Self {
        delay: Duration::ZERO,
        up: u32::MAX,
        down: u32::MAX,
        drops: 0.0,
        cuts_in_request: 0.0,
        cuts_in_response: 0.0,
        certain_cuts: 0,
    };
}

/// What went through, counted while it runs.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections accepted.
    pub connections: AtomicU64,
    /// HTTP request lines seen.
    pub requests: AtomicU64,
    /// Connections cut while a request went up.
    pub cuts_in_request: AtomicU64,
    /// Connections cut while an answer came down.
    pub cuts_in_response: AtomicU64,
    /// Connections that swallowed what was sent.
    pub drops: AtomicU64,
    /// Bytes that reached the relay.
    pub bytes_up: AtomicU64,
    /// Bytes that reached the phone.
    pub bytes_down: AtomicU64,
}

impl Counters {
    /// Connections broken in use, in any way.
    pub fn cuts(&self) -> u64 {
        self.cuts_in_request.load(Relaxed)
            + self.cuts_in_response.load(Relaxed)
            + self.drops.load(Relaxed)
    }
}

/// A running proxy. It ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: Mutex<SocketAddr>,
    network: Mutex<Network>,
    online: AtomicBool,
    counters: Counters,
}

impl Proxy {
    /// Listens on a free port of the loopback interface and passes on to `upstream`.
    pub async fn start(upstream: SocketAddr, network: Network, seed: u64) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream),
            network: Mutex::new(network),
            online: AtomicBool::new(true),
            counters: Counters::default(),
        });
        let task = tokio::spawn(accept(listener, shared.clone(), seed));
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// Where phones connect, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What went through so far.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Without signal new connections break at once; those that are open live on.
    pub fn set_online(&self, online: bool) {
        self.shared.online.store(online, Relaxed);
    }

    /// From the next connection on.
    pub fn set_network(&self, network: Network) {
        *lock(&self.shared.network) = network;
    }

    /// From the next connection on.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        *lock(&self.shared.upstream) = upstream;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What befalls one connection. A number is how many bytes still pass.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    Drop,
    CutUp(usize),
    CutDown(usize),
}

fn fault(rng: &mut ChaCha8Rng, network: &Network, cuts_so_far: u64) -> Fault {
    let roll: f64 = rng.random();
    if cuts_so_far < network.certain_cuts {
        // So early that even the shortest request is struck.
        return match roll {
            r if r < 0.5 => Fault::CutUp(rng.random_range(1..=120)),
            _ => Fault::CutDown(rng.random_range(0..=60)),
        };
    }
    // From the first bytes to deep inside a body: every order of size is as likely as the next.
    let depth = 2f64.powf(rng.random_range(4.0..13.0)) as usize;
    match roll {
        r if r < network.drops => Fault::Drop,
        r if r < network.drops + network.cuts_in_request => Fault::CutUp(depth),
        r if r < network.drops + network.cuts_in_request + network.cuts_in_response => {
            Fault::CutDown(depth)
        }
        _ => Fault::None,
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, seed: u64) {
    let mut number = 0u64;
    while let Ok((client, _)) = listener.accept().await {
        number += 1;
        shared.counters.connections.fetch_add(1, Relaxed);
        if !shared.online.load(Relaxed) {
            continue;
        }
        let network = *lock(&shared.network);
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ number.rotate_left(32));
        let fault = fault(&mut rng, &network, shared.counters.cuts());
        tokio::spawn(carry(client, shared.clone(), network, fault));
    }
}

async fn carry(mut client: TcpStream, shared: Arc<Shared>, network: Network, fault: Fault) {
    let counters = &shared.counters;
    if fault == Fault::Drop {
        let mut byte = [0; 512];
        if matches!(client.read(&mut byte).await, Ok(n) if n > 0) {
            counters.drops.fetch_add(1, Relaxed);
            sleep(network.delay * 4).await;
        }
        return;
    }
    let upstream = *lock(&shared.upstream);
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    let up = Lane {
        delay: network.delay,
        rate: network.up,
        left: if let Fault::CutUp(n) = fault {
            Some(n)
        } else {
            None
        },
        bytes: &counters.bytes_up,
        requests: Some(&counters.requests),
    };
    let down = Lane {
        delay: network.delay,
        rate: network.down,
        left: if let Fault::CutDown(n) = fault {
            Some(n)
        } else {
            None
        },
        bytes: &counters.bytes_down,
        requests: None,
    };
    let up = async {
        up.run(client_in, server_out)
            .await
            .map_err(|Cut| &counters.cuts_in_request)
    };
    let down = async {
        down.run(server_in, client_out)
            .await
            .map_err(|Cut| &counters.cuts_in_response)
    };
    // A cut in one direction drops both halves at once.
    if let Err(kind) = tokio::try_join!(up, down) {
        kind.fetch_add(1, Relaxed);
    }
}

struct Cut;

struct Lane<'a> {
    delay: Duration,
    rate: u32,
    left: Option<usize>,
    bytes: &'a AtomicU64,
    requests: Option<&'a AtomicU64>,
}

impl Lane<'_> {
    async fn run(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<(), Cut> {
        let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(256);
        let delay = self.delay;
        let read = async move {
            let mut buffer = [0; 1_024];
            while let Ok(n @ 1..) = from.read(&mut buffer).await {
                if sender
                    .send((Instant::now() + delay, buffer[..n].to_vec()))
                    .await
                    .is_err()
                {
                    break;
                }
            }
        };
        let write = async move {
            let mut free_at = Instant::now();
            while let Some((due, mut bytes)) = receiver.recv().await {
                let cut = self.left.is_some_and(|left| left < bytes.len());
                if let Some(left) = &mut self.left {
                    bytes.truncate(*left);
                    *left -= bytes.len();
                }
                free_at = free_at.max(due)
                    + Duration::from_secs_f64(bytes.len() as f64 / f64::from(self.rate));
                sleep_until(free_at).await;
                if to.write_all(&bytes).await.is_err() {
                    break;
                }
                self.bytes.fetch_add(bytes.len() as u64, Relaxed);
                if let Some(requests) = self.requests {
                    let lines = bytes.windows(11).filter(|w| w == b" HTTP/1.1\r\n").count();
                    requests.fetch_add(lines as u64, Relaxed);
                }
                if cut {
                    return Err(Cut);
                }
            }
            let _ = to.shutdown().await;
            Ok(())
        };
        // A reader that still waits must not hold the connection once its writer is gone.
        tokio::pin!(read);
        tokio::pin!(write);
        tokio::select! {
            ended = &mut write => ended,
            () = &mut read => write.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every connection's first bytes with `answer` and closes.
    async fn answering(answer: Vec<u8>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut buffer = vec![0; 65_536];
                    let _ = stream.read(&mut buffer).await;
                    let _ = stream.write_all(&answer).await;
                });
            }
        });
        address
    }

    async fn ask(proxy: &Proxy, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let mut answer = Vec::new();
        if stream.write_all(request).await.is_ok() {
            let _ = stream.read_to_end(&mut answer).await;
        }
        answer
    }

    #[tokio::test]
    async fn a_good_network_passes_every_byte_and_counts_it() {
        let answer = vec![7; 30_000];
        let proxy = Proxy::start(answering(answer.clone()).await, Network::GOOD, 1)
            .await
            .unwrap();
        assert_eq!(ask(&proxy, b"GET / HTTP/1.1\r\n\r\n").await, answer);
        assert_eq!(proxy.counters().bytes_down.load(Relaxed), 30_000);
        assert_eq!(proxy.counters().requests.load(Relaxed), 1);
        assert_eq!(proxy.counters().cuts(), 0);
    }

    #[tokio::test]
    async fn a_certain_cut_breaks_the_first_connections_and_then_no_more() {
        let network = Network {
            certain_cuts: 3,
            ..Network::GOOD
        };
        let answer = vec![7; 30_000];
        let proxy = Proxy::start(answering(answer.clone()).await, network, 9)
            .await
            .unwrap();
        for _ in 0..3 {
            assert!(ask(&proxy, &[1; 400]).await.len() < answer.len());
        }
        assert_eq!(proxy.counters().cuts(), 3);
        assert_eq!(ask(&proxy, &[1; 400]).await, answer);
    }

    #[tokio::test]
    async fn bytes_take_their_delay_both_ways_and_no_more_than_the_bandwidth() {
        let network = Network {
            delay: Duration::from_millis(100),
            down: 20_000,
            ..Network::GOOD
        };
        let proxy = Proxy::start(answering(vec![7; 4_000]).await, network, 1)
            .await
            .unwrap();
        let began = Instant::now();
        assert_eq!(ask(&proxy, b"hello").await.len(), 4_000);
        assert!(
            began.elapsed() >= Duration::from_millis(395),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn without_signal_nothing_passes() {
        let proxy = Proxy::start(answering(vec![7; 10]).await, Network::GOOD, 1)
            .await
            .unwrap();
        proxy.set_online(false);
        assert!(ask(&proxy, b"hello").await.is_empty());
        proxy.set_online(true);
        assert_eq!(ask(&proxy, b"hello").await.len(), 10);
    }

    #[test]
    fn the_same_seed_strikes_the_same_connections() {
        let run = || {
            let mut rng = ChaCha8Rng::seed_from_u64(5);
            (0..50)
                .map(|_| fault(&mut rng, &Network::CUTTING, 9))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        assert!(run().contains(&Fault::Drop) && run().contains(&Fault::None));
    }
}
