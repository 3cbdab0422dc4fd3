//! Where time and randomness come from, so that the whole core runs in simulation.
//!
//! The shells' programs give a real [`Env`]; [`SeededEnv`] is the one of simulations and tests.

use std::sync::{Mutex, PoisonError};

use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};
use xunge_protocol::Timestamp;

/// The world outside, as far as the core asks it.
pub trait Env: Send + Sync + 'static {
    /// The phone's wall clock. It may be wrong by years and may jump.
    fn wall_clock(&self) -> Timestamp;

    /// Milliseconds since this boot of the phone; never goes back within a boot.
    fn elapsed_millis(&self) -> u64;

    /// Identifies this boot of the phone: another value after each start of the device.
    fn boot(&self) -> u64;

    /// Fills `bytes` from a cryptographic generator.
    fn fill_random(&self, bytes: &mut [u8]);
}

impl dyn Env + '_ {
    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        self.fill_random(&mut bytes);
        bytes
    }
}

/// A world that stands still until told otherwise: the same seed and the same calls give the same phone.
///
/// For simulation and tests only: its random bytes are predictable.
#[derive(Debug)]
pub struct SeededEnv(Mutex<World>);

#[derive(Debug)]
struct World {
    wall: Timestamp,
    elapsed: u64,
    boot: u64,
    random: ChaCha12Rng,
}

impl SeededEnv {
    /// A phone that was just switched on, its clock showing `wall`.
    pub fn new(seed: u64, wall: Timestamp) -> Self {
        Self(Mutex::new(World {
            wall,
            elapsed: 0,
            boot: 1,
            random: ChaCha12Rng::seed_from_u64(seed),
        }))
    }

    /// Lets `millis` pass.
    pub fn advance(&self, millis: u64) {
        self.with(|world| {
            world.elapsed += millis;
            world.wall = world
                .wall
                .plus_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        });
    }

    /// Sets the wall clock, as its owner may at any time; the time since boot goes on.
    pub fn set_wall_clock(&self, wall: Timestamp) {
        self.with(|world| world.wall = wall);
    }

    /// Switches the phone off and on.
    pub fn reboot(&self) {
        self.with(|world| {
            world.boot += 1;
            world.elapsed = 0;
        });
    }

    fn with<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Env for SeededEnv {
    fn wall_clock(&self) -> Timestamp {
        self.with(|world| world.wall)
    }

    fn elapsed_millis(&self) -> u64 {
        self.with(|world| world.elapsed)
    }

    fn boot(&self) -> u64 {
        self.with(|world| world.boot)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.with(|world| world.random.fill_bytes(bytes));
    }
}
