//! The relay's signed answer to a segment: what it holds of it, and what it does not.
//!
//! A receipt may be revised: when a supervisor admits or rejects a quarantined entry, a receipt of the same segment
//! with a higher revision replaces the one before.

use minicbor::{Decode, Encode};

use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::ids::{EpochId, Hash32, ScopeId, WriterId};
use crate::refusal::RefusalCode;
use crate::relay_key::KeyRing;
use crate::time::Timestamp;
use crate::wire::{self, WireError};

const LABEL: &str = "xunge receipt 1";

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// Durably stored, at this position of the scope.
    #[n(0)]
    Accepted {
        /// Position in the scope.
        #[n(0)]
        position: u64,
        /// Arrived after the worker's grant was closed, within the drain.
        #[n(1)]
        late: bool,
    },
    /// In quarantine, waiting for a supervisor.
    #[n(1)]
    Quarantined {
        /// Why.
        #[n(0)]
        code: RefusalCode,
        /// Detail for a person, from the relay (for instance the supervisor's reason), if any.
        #[n(1)]
        detail: Option<String>,
    },
    /// Rejected for good by a supervisor.
    #[n(2)]
    Rejected {
        /// The supervisor's reason.
        #[n(0)]
        reason: String,
    },
    /// Of an erased record: nothing of it is kept, here or on the phone.
    #[n(3)]
    Erased,
}

/// What the relay promises about one segment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// Suite byte of the signature.
    #[n(0)]
    pub suite: u8,
    /// Place in the sequence of this writer's receipts, from 1.
    #[n(1)]
    pub sequence: u64,
    /// Epoch of the relay.
    #[n(2)]
    pub epoch: EpochId,
    /// The relay's writer that signs.
    #[n(3)]
    pub relay: WriterId,
    /// Whose segment it is.
    #[n(4)]
    pub writer: WriterId,
    /// In which scope.
    #[n(5)]
    pub scope: ScopeId,
    /// Its index.
    #[n(6)]
    pub index: u64,
    /// Hash of its header.
    #[n(7)]
    pub header: Hash32,
    /// 0 for the first receipt of a segment, then counting.
    #[n(8)]
    pub revision: u32,
    /// When the relay first stored the segment.
    #[n(9)]
    pub received_at: Timestamp,
    /// One verdict an entry, in order.
    #[n(10)]
    pub verdicts: Vec<Verdict>,
}

impl Receipt {
    /// The receipt with its signature.
    pub fn sign(self, key: &SecretKey) -> SignedReceipt {
        let signature = key.sign(LABEL, &[&wire::encode(&self)]);
        SignedReceipt {
            receipt: self,
            signature,
        }
    }
}

/// A receipt that can be shown to anyone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedReceipt {
    /// What is promised.
    #[n(0)]
    pub receipt: Receipt,
    /// By the relay.
    #[n(1)]
    pub signature: Signature,
}

impl SignedReceipt {
    /// Checks the signature against the relay's key.
    pub fn verify(&self, relay: &PublicKey) -> Result<(), WireError> {
        relay.verify(LABEL, &[&wire::encode(&self.receipt)], &self.signature)
    }

    /// Checks that one of the relay's keys signed, while it counted.
    pub fn verify_by(&self, keys: &KeyRing) -> Result<(), WireError> {
        keys.check(self.receipt.received_at, |key| self.verify(key))
    }
}
