//! What the console keeps in memory: how often people may try to sign in.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Sign-ins a second that are looked at at all, over all users: each costs tens of milliseconds of CPU. Slowing one user
/// down after failures is [`crate::account::sign_in`]'s own work, and survives a restart.
const SIGN_INS_A_SECOND: NonZeroU32 = NonZeroU32::new(10).unwrap();
const BURST: NonZeroU32 = NonZeroU32::new(40).unwrap();

/// State of the console in this process.
pub(super) struct Desk {
    sign_ins: DefaultDirectRateLimiter,
}

impl Desk {
    /// Nobody has tried yet.
    pub(super) fn new() -> Self {
        let quota = Quota::per_second(SIGN_INS_A_SECOND).allow_burst(BURST);
        Self {
            sign_ins: RateLimiter::direct(quota),
        }
    }

    /// Whether a sign-in may be looked at now.
    pub(super) fn may_try(&self) -> bool {
        self.sign_ins.check().is_ok()
    }
}
