//! Where time and randomness come from, so that the relay runs in simulation.

use xunge_protocol::Timestamp;

/// The world outside, as far as the relay asks it.
pub trait Env: Send + Sync + 'static {
    /// The relay's wall clock.
    fn now(&self) -> Timestamp;

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

/// The machine's clock and generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

impl Env for SystemEnv {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // Without a generator no key and no secret is safe, so nothing may go on.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
