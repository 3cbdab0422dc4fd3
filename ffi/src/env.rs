//! The real world for the core: the operating system's clocks and generator.

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::ChaCha20Rng;
use rand::{Rng as _, SeedableRng as _};
use rustix::time::{ClockId, clock_gettime};
use xunge_core::env::Env;
use xunge_protocol::Timestamp;

/// Counts, in the phone's folder, how often a seeded phone was started.
const STARTS_FILE: &str = "seeded-starts";

/// The operating system as [`Env`].
pub struct SystemEnv {
    boot: u64,
    clock_offset_millis: i64,
    seeded: Option<Mutex<ChaCha20Rng>>,
}

impl Default for SystemEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemEnv {
    /// The real clock and the system's generator.
    pub fn new() -> Self {
        Self {
            boot: boot_of_this_device(),
            clock_offset_millis: 0,
            seeded: None,
        }
    }

    /// For tests: a wall clock that is wrong by `millis`.
    #[must_use]
    pub fn with_clock_offset_millis(mut self, millis: i64) -> Self {
        self.clock_offset_millis = millis;
        self
    }

    /// For tests: all randomness from `seed`. Each start of the phone in `folder` draws from a stream of its own, so
    /// that a phone that is killed and started again does not repeat a key or a nonce.
    pub fn with_seed(mut self, seed: u64, folder: &Path) -> io::Result<Self> {
        let file = folder.join(STARTS_FILE);
        let starts = match std::fs::read_to_string(&file) {
            Ok(text) => text.trim().parse::<u64>().map_err(io::Error::other)? + 1,
            Err(e) if e.kind() == io::ErrorKind::NotFound => 0,
            Err(e) => return Err(e),
        };
        std::fs::write(&file, starts.to_string())?;
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(starts);
        tracing::warn!(seed, starts, "randomness is seeded: keys are predictable");
        self.seeded = Some(Mutex::new(rng));
        Ok(self)
    }
}

impl Env for SystemEnv {
    #[allow(clippy::disallowed_methods)] // The one place where the wall clock comes in.
    fn wall_clock(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Timestamp(millis).plus_millis(self.clock_offset_millis)
    }

    fn elapsed_millis(&self) -> u64 {
        // Both go on while the device sleeps.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = ClockId::Boottime;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = ClockId::Monotonic;
        let time = clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
        seconds * 1000 + nanos / 1_000_000
    }

    fn boot(&self) -> u64 {
        self.boot
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        match &self.seeded {
            Some(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(bytes),
            None => fill_from_system(bytes),
        }
    }
}

/// There is no safe way on without randomness, and none of the systems that this runs on ever fails here.
#[allow(clippy::panic)]
fn fill_from_system(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        panic!("the operating system gives no randomness: {error}");
    }
}

/// From the kernel's boot id. Where an app may not read it, every start of the app counts as a boot: the clock is then
/// trusted less, never more.
fn boot_of_this_device() -> u64 {
    let mut number = [0u8; 8];
    match std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
        Ok(text) => {
            let hex: String = text
                .chars()
                .filter(char::is_ascii_hexdigit)
                .take(16)
                .collect();
            if hex::decode_to_slice(hex, &mut number).is_err() {
                fill_from_system(&mut number);
            }
        }
        Err(_) => fill_from_system(&mut number),
    }
    u64::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeded_phone_repeats_itself_in_a_new_folder_and_never_in_the_same() {
        let draw = |folder: &Path| {
            let mut bytes = [0u8; 16];
            SystemEnv::new()
                .with_seed(7, folder)
                .unwrap()
                .fill_random(&mut bytes);
            bytes
        };
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = draw(one.path());
        assert_eq!(first, draw(two.path()));
        assert_ne!(first, draw(one.path()));
    }

    #[test]
    fn the_clock_offset_moves_the_wall_clock_and_not_the_time_since_boot() {
        let right = SystemEnv::new();
        let wrong = SystemEnv::new().with_clock_offset_millis(-86_400_000);
        let apart = right.wall_clock().millis_since(wrong.wall_clock());
        assert!((86_300_000..86_500_000).contains(&apart));
        assert!(wrong.elapsed_millis() - right.elapsed_millis() < 60_000);
        assert_eq!(wrong.boot(), right.boot());
    }
}
