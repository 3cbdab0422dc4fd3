//! Points in time as they cross the wire, and how much a phone's clock may be believed.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Never used for order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

impl Timestamp {
    /// `millis` later (earlier where negative), saturating.
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`, saturating.
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How sure a recorded time is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The relay's own clock.
    #[n(0)]
    Relay,
    /// Derived from a relay time in the same boot of the phone, by elapsed time.
    #[n(1)]
    Derived,
    /// The phone's clock, which agreed with the relay at the last sync.
    #[n(2)]
    Checked,
    /// The phone's clock alone: never compared, or it jumped since.
    #[n(3)]
    Unsure,
}
