//! What happens in a simulation, by name, and how often it did.

use std::collections::BTreeMap;
use std::fmt;

/// What people and machines do.
pub(crate) const WORK: [&str; 10] = [
    "save",
    "edit",
    "mediate",
    "fix",
    "sync",
    "returned",
    "approved",
    "delivered",
    "photograph",
    "interview",
];
/// What goes wrong.
pub(crate) const FAULTS: [&str; 54] = [
    "dropped",
    "answer lost",
    "doubled",
    "flipped",
    "truncated",
    "overtaken",
    "slow",
    "captive portal",
    "relay busy",
    "other certificate",
    "old answer replayed",
    "no signal",
    "phone killed",
    "relay killed",
    "clock in 1970",
    "clock in 2100",
    "clock set back",
    "two supervisors at once",
    "erased while a phone is away",
    "sync gave up",
    "old copy put back",
    "phone copied",
    "revoked with unsent work",
    "worker moved",
    "relay restored",
    "bundle lost",
    "bundle delivered",
    "bundle delivered twice",
    "courier's answer lost",
    "forged writer",
    "inflated counter",
    "gap in a chain",
    "foreign scope",
    "replayed request",
    "disk full",
    "I/O error once",
    "I/O error from then on",
    "killed at a write",
    "power cut",
    "relay killed mid-batch",
    "several workers on one phone",
    "key store lost",
    "new phone",
    "snapshot cut",
    "part of a snapshot taken",
    "unknown fields of a newer app",
    "form changed mid-interview",
    "spoilt case",
    "let in after all",
    "rejected",
    "rejected with what builds on it",
    "media interrupted",
    "media quota reached",
    "receipt lost",
];

/// How often each must happen in a run that counts.
const TIMES: u64 = 20;

/// How often what happened.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    /// Counts one more.
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// How often something happened.
    pub(crate) fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Counts what happened in another world, too.
    pub(crate) fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// A run in which a fault hardly happened proves little about it, and so does one in which nobody works.
    pub(crate) fn assert_enough(&self, steps: u64) {
        for what in WORK.iter().chain(&FAULTS) {
            let times = self.get(what);
            assert!(times >= TIMES, "{what} happened {times} times: {self}");
        }
        let (saves, exchanges) = (self.get("save"), self.get("sync"));
        assert!(saves * 20 >= steps, "{saves} of {steps} steps are saves");
        assert!(
            exchanges * 50 >= steps,
            "{exchanges} of {steps} steps are exchanges"
        );
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (what, times)) in self.0.iter().enumerate() {
            write!(f, "{}{what} {times}", if n == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
