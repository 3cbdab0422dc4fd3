//! What a sync did, in numbers: for the screen, the log and the tests.

use serde::Serialize;

/// What a sync did. Records are counted once, however many changes they had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Own records of which something was sent.
    pub sent: u64,
    /// Own records that a receipt now covers.
    pub acknowledged: u64,
    /// Entries by others that arrived.
    pub received: u64,
    /// Own records of which the relay did not take something.
    pub refused: u64,
    /// Requests sent, media included.
    pub requests: u64,
    /// Requests that had to be repeated.
    pub repeated: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of response bodies.
    pub bytes_down: u64,
    /// Media files sent.
    pub media_sent: u64,
    /// Sealed bundles, of others or left at lock, that the relay took.
    pub carried: u64,
    /// Bytes both ways until households and open work of every scope were here; 0 if no first copy of a scope came.
    pub usable_bytes: u64,
    /// Milliseconds since the beginning.
    pub ms: u64,
}

impl SyncReport {
    /// Adds what a delivery of sealed bundles after this sync did.
    pub(crate) fn add_delivery(&mut self, delivery: &Self) {
        self.carried += delivery.carried;
        self.requests += delivery.requests;
        self.bytes_up += delivery.bytes_up;
        self.bytes_down += delivery.bytes_down;
        self.ms += delivery.ms;
    }
}
