//! Where time and randomness come from, so that the whole core runs in simulation.

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
