//! What the person at the terminal sees while the day goes by: what happens, and every five seconds where everything is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use xunge_tests::phone::Progress;

/// The terminal.
#[derive(Debug)]
pub(crate) struct Screen {
    began: Instant,
    progress: Mutex<BTreeMap<usize, Progress>>,
    first_sync: AtomicU64,
    /// Connections that the networks have broken, by phone.
    cuts: Mutex<BTreeMap<usize, u64>>,
    kills: AtomicU64,
}

impl Screen {
    /// Times are shown from `began`.
    pub(crate) fn new(began: Instant) -> Self {
        Self {
            began,
            progress: Mutex::default(),
            first_sync: AtomicU64::new(0),
            cuts: Mutex::default(),
            kills: AtomicU64::new(0),
        }
    }

    /// One line, with its time.
    pub(crate) fn say(&self, line: &str) {
        println!("{:>6.1} s  {line}", self.began.elapsed().as_secs_f64());
    }

    /// What a phone's home screen shows now.
    pub(crate) fn phone(&self, number: usize, progress: Progress, cuts: u64) {
        lock(&self.progress).insert(number, progress);
        lock(&self.cuts).insert(number, cuts);
    }

    /// A phone has synced for the first time.
    pub(crate) fn first_sync(&self, name: &str) {
        let now = self.began.elapsed().as_millis() as u64;
        if self
            .first_sync
            .compare_exchange(0, now, Relaxed, Relaxed)
            .is_ok()
        {
            self.say(&format!("{name} is the first phone that has synced"));
        }
    }

    /// Seconds until the first phone had synced.
    pub(crate) fn seconds_to_first_sync(&self) -> f64 {
        self.first_sync.load(Relaxed) as f64 / 1_000.0
    }

    /// A phone died.
    pub(crate) fn killed(&self, times: u64) {
        self.kills.fetch_add(times, Relaxed);
    }

    /// Shows the sums every five seconds until aborted.
    pub(crate) fn start(self: Arc<Self>) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(5)).await;
                let (phones, sum) = {
                    let progress = lock(&self.progress);
                    let mut sum = Progress::default();
                    for one in progress.values() {
                        sum.saved += one.saved;
                        sum.acknowledged += one.acknowledged;
                        sum.waiting += one.waiting;
                        sum.returned += one.returned;
                        sum.refused += one.refused;
                    }
                    (progress.len(), sum)
                };
                let cuts: u64 = lock(&self.cuts).values().sum();
                self.say(&format!(
                    "{phones} phones · saved {} = received {} + waiting {} + refused {} · returned {} · cut connections {cuts} · phones killed {}",
                    sum.saved, sum.acknowledged, sum.waiting, sum.refused, sum.returned, self.kills.load(Relaxed),
                ));
            }
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
