//! How much to send at once, how long to wait for it, and when to give up: learnt from the line as it is.

use std::time::Duration;

/// A sync goes on for this long without one successful exchange, then says so.
pub(super) const PATIENCE_MILLIS: u64 = 60_000;

const FIRST_BUDGET_BYTES: usize = 96 * 1024;
const LEAST_BUDGET_BYTES: usize = 4 * 1024;
const MOST_BUDGET_BYTES: usize = 384 * 1024;
/// What a bad EDGE line moves in a second.
const ASSUMED_BYTES_PER_SECOND: u64 = 2_000;
/// What is given time for, after requests that were not answered in time: less than GPRS at the edge of a cell.
const SLOWEST_BYTES_PER_SECOND: u64 = 500;
/// A request of fewer bytes goes within the base even on such a line.
const LEAST_SLOW_BYTES: usize = 2_000;
const BASE_TIMEOUT_MILLIS: u64 = 20_000;
const FIRST_BACKOFF_MILLIS: u64 = 400;
const MOST_BACKOFF_MILLIS: u64 = 15_000;

/// State of the line during one sync. Times are milliseconds of [`crate::env::Env::elapsed_millis`].
#[derive(Debug)]
pub(super) struct Pace {
    budget_bytes: usize,
    bytes_per_second: u64,
    failures: u32,
    last_success_millis: u64,
}

impl Pace {
    pub(super) fn new(now_millis: u64) -> Self {
        Self {
            budget_bytes: FIRST_BUDGET_BYTES,
            bytes_per_second: ASSUMED_BYTES_PER_SECOND,
            failures: 0,
            last_success_millis: now_millis,
        }
    }

    /// Most bytes of entry bodies to send, and to ask for, in one exchange.
    pub(super) fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// How long a request of `bytes` may take until its answer begins: three times what the line has shown, and a base.
    pub(super) fn timeout(&self, bytes: usize) -> Duration {
        let moving_millis = (bytes as u64).saturating_mul(3_000) / self.bytes_per_second.max(100);
        Duration::from_millis(BASE_TIMEOUT_MILLIS + moving_millis)
    }

    /// An exchange of `bytes` succeeded in `millis`.
    pub(super) fn succeeded(&mut self, now_millis: u64, bytes: usize, millis: u64) {
        self.failures = 0;
        self.last_success_millis = now_millis;
        if bytes >= 2_000 {
            let measured = (bytes as u64).saturating_mul(1_000) / millis.max(1);
            self.bytes_per_second = (self.bytes_per_second + measured) / 2;
        }
        self.budget_bytes = (self.budget_bytes * 2).min(MOST_BUDGET_BYTES);
    }

    /// A request of `bytes` was not answered in time. If it was one that a slow line may still carry, the next gets twice
    /// the time for a byte, and patience begins anew: a slow line is no dead one. The rate only falls, so this ends.
    pub(super) fn timed_out(&mut self, now_millis: u64, bytes: usize) {
        if bytes >= LEAST_SLOW_BYTES && self.bytes_per_second > SLOWEST_BYTES_PER_SECOND {
            self.bytes_per_second = (self.bytes_per_second / 2).max(SLOWEST_BYTES_PER_SECOND);
            self.last_success_millis = now_millis;
        }
    }

    /// An exchange failed. How long to wait before the next, or `None` if patience is over. `jitter` is uniform
    /// over all of `u64`; `asked` is the relay's `Retry-After`.
    pub(super) fn failed(
        &mut self,
        now_millis: u64,
        asked: Option<Duration>,
        jitter: u64,
    ) -> Option<Duration> {
        let spent = now_millis.saturating_sub(self.last_success_millis);
        self.budget_bytes = (self.budget_bytes / 2).max(LEAST_BUDGET_BYTES);
        let ceiling = (FIRST_BACKOFF_MILLIS << self.failures.min(8)).min(MOST_BACKOFF_MILLIS);
        self.failures += 1;
        let backoff = ceiling / 2 + jitter % (ceiling / 2 + 1);
        let wait = asked.map_or(backoff, |asked| (asked.as_millis() as u64).max(backoff));
        (spent.saturating_add(wait) < PATIENCE_MILLIS).then(|| Duration::from_millis(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_send_less_and_end_after_a_minute_without_success() {
        let mut pace = Pace::new(0);
        let mut now = 0;
        let mut waits = Vec::new();
        while let Some(wait) = pace.failed(now, None, u64::MAX / 3) {
            waits.push(wait);
            now += wait.as_millis() as u64 + 1_000;
        }
        assert!(
            waits.len() > 5 && now <= PATIENCE_MILLIS + 16_000,
            "{waits:?}"
        );
        assert!(waits[0] < waits[3]);
        assert_eq!(pace.budget_bytes(), LEAST_BUDGET_BYTES);
    }

    #[test]
    fn retry_after_is_honoured_and_a_longer_one_than_patience_ends_the_sync() {
        let mut pace = Pace::new(0);
        assert_eq!(
            pace.failed(0, Some(Duration::from_secs(20)), 0),
            Some(Duration::from_secs(20))
        );
        assert_eq!(pace.failed(20_000, Some(Duration::from_secs(90)), 0), None);
    }

    #[test]
    fn a_request_that_is_too_large_for_its_time_gets_more_until_it_goes_and_a_dead_line_ends() {
        // 100 kB that cannot be divided, over a line that moves 300 bytes a second.
        let (bytes, needed) = (100_000, Duration::from_secs(334));
        let (mut pace, mut now, mut tries) = (Pace::new(0), 0, 0);
        while pace.timeout(bytes) < needed {
            now += pace.timeout(bytes).as_millis() as u64;
            pace.timed_out(now, bytes);
            now += pace.failed(now, None, 0).unwrap().as_millis() as u64;
            tries += 1;
        }
        assert!(tries < 4, "{tries}");
        // Nothing ever comes: it ends, sooner where little was to go.
        for (bytes, most) in [(400, 5), (100_000, 10)] {
            let (mut pace, mut now, mut tries) = (Pace::new(0), 0, 0);
            loop {
                now += pace.timeout(bytes).as_millis() as u64;
                pace.timed_out(now, bytes);
                tries += 1;
                match pace.failed(now, None, 0) {
                    Some(wait) => now += wait.as_millis() as u64,
                    None => break,
                }
            }
            assert!(tries <= most, "{bytes}: {tries}");
        }
    }

    #[test]
    fn a_slow_line_gets_more_time_and_a_success_restores_patience() {
        let mut pace = Pace::new(0);
        let before = pace.timeout(10_000);
        pace.succeeded(50_000, 10_000, 40_000);
        assert!(pace.timeout(10_000) > before);
        assert!(pace.failed(100_000, None, 0).is_some());
    }
}
