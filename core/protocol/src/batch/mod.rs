//! How many segments travel together: bytes behind a version byte.
//!
//! A [`Batch`] says how segments are written down, never what is true: the writers' signatures decide. Version 0 is the
//! CBOR of the segments. A reader who meets a version that it does not know asks for version 0 (`plain` in a request,
//! `send_plain` in a response), which everybody reads.

pub(crate) mod plain;

use minicbor::{Decode, Encode};

use crate::segment::{PulledSegment, Segment};
use crate::wire::{self, WireError};

/// Version byte of raw bytes: the CBOR of the segments.
pub(crate) const PLAIN: u8 = 0;

/// Why a batch was not opened. The remedy is always the same: raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Not even a version byte.
    #[error("empty batch")]
    Empty,
    /// A version from the future.
    #[error("batch version {0} is unknown here")]
    UnknownVersion(u8),
    /// Raw bytes that are not CBOR of segments.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Segments on their way, as bytes that say themselves how they are written.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Batch(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl Batch {
    /// What a phone pushes.
    pub fn plain(segments: &[Segment]) -> Self {
        Self(plain::bytes(&segments))
    }

    /// What a phone pulls.
    pub fn plain_pulled(segments: &[PulledSegment]) -> Self {
        Self(plain::bytes(&segments))
    }

    /// Segments as a phone pushed them. Signatures are **not** verified here.
    pub fn open(&self) -> Result<Vec<Segment>, BatchError> {
        Ok(wire::decode("segments", self.content()?)?)
    }

    /// Segments as they were pulled. Signatures are **not** verified here.
    pub fn open_pulled(&self) -> Result<Vec<PulledSegment>, BatchError> {
        Ok(wire::decode("segments", self.content()?)?)
    }

    fn content(&self) -> Result<&[u8], BatchError> {
        match self.0.split_first() {
            Some((&PLAIN, cbor)) => Ok(cbor),
            Some((&version, _)) => Err(BatchError::UnknownVersion(version)),
            None => Err(BatchError::Empty),
        }
    }
}
