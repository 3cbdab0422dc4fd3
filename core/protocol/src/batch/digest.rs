//! What closes a batch: four bytes over all headers, so that a reader who rebuilt something else notices before the
//! signatures are looked at. It guards against accidents; against malice the signatures do.

use sha2::{Digest as _, Sha256};

use crate::header::SegmentHeader;
use crate::wire;

/// Gathers headers.
#[derive(Debug, Default)]
pub(super) struct Digest(Sha256);

impl Digest {
    pub(super) fn add(&mut self, header: &SegmentHeader) {
        self.0.update(wire::encode(header));
    }

    pub(super) fn finish(self) -> [u8; 4] {
        let whole: [u8; 32] = self.0.finalize().into();
        [whole[0], whole[1], whole[2], whole[3]]
    }
}
