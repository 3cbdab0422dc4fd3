//! Bodies of system entries: what the relay tells phones about writers, grants, the organisation and shared data.
//!
//! They stand in the scope that they concern, before what they cover; code lists, forms and holidays in the county's.

use minicbor::{Decode, Encode};

use crate::crypto::{PublicKey, SecretKey, Signature};
use crate::ids::{Hash32, RecordId, ScopeId, WriterId};
use crate::relay_key::KeyRing;
use crate::time::Timestamp;
use crate::wire::{self, WireError};

const CERTIFICATE_LABEL: &str = "xunge certificate 1";

/// What a writer is to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum WriterRole {
    /// The relay itself.
    #[n(0)]
    Relay,
    /// A grid worker's phone.
    #[n(1)]
    Worker,
}

/// Binds a writer to a key and a person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Certificate {
    /// Suite byte.
    #[n(0)]
    pub suite: u8,
    /// Whom it certifies.
    #[n(1)]
    pub writer: WriterId,
    /// The writer's key.
    #[n(2)]
    pub key: PublicKey,
    /// What it is.
    #[n(3)]
    pub role: WriterRole,
    /// Id of the worker (the same over all incarnations); 8 opaque bytes as hex. Empty for the relay.
    #[n(4)]
    pub worker: String,
    /// Name to show.
    #[n(5)]
    pub name: String,
    /// The incarnation that this one follows, if any.
    #[n(6)]
    pub predecessor: Option<WriterId>,
    /// When it was issued.
    #[n(7)]
    pub issued_at: Timestamp,
}

/// A certificate with the relay's signature.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedCertificate {
    /// What is certified.
    #[n(0)]
    pub certificate: Certificate,
    /// By the relay's key.
    #[n(1)]
    pub signature: Signature,
}

impl Certificate {
    /// Signs with the relay's key.
    pub fn sign(self, relay: &SecretKey) -> SignedCertificate {
        let signature = relay.sign(CERTIFICATE_LABEL, &[&wire::encode(&self)]);
        SignedCertificate {
            certificate: self,
            signature,
        }
    }

    /// Id of its log entry.
    pub fn entry_id(&self) -> RecordId {
        item_id("certificate", &self.writer.0)
    }
}

impl SignedCertificate {
    /// Checks the relay's signature.
    pub fn verify(&self, relay: &PublicKey) -> Result<(), WireError> {
        relay.verify(
            CERTIFICATE_LABEL,
            &[&wire::encode(&self.certificate)],
            &self.signature,
        )
    }

    /// Checks that one of the relay's keys signed, while it counted.
    pub fn verify_by(&self, keys: &KeyRing) -> Result<(), WireError> {
        keys.check(self.certificate.issued_at, |key| self.verify(key))
    }
}

/// Who works in a scope, from when to when. A later grant of the same worker in the same scope replaces an earlier.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Grant {
    /// The worker's id.
    #[n(0)]
    pub worker: String,
    /// Where.
    #[n(1)]
    pub scope: ScopeId,
    /// First moment.
    #[n(2)]
    pub from: Timestamp,
    /// Closed at, if it is.
    #[n(3)]
    pub until: Option<Timestamp>,
    /// How long pushes are still taken after `until`, in days.
    #[n(4)]
    pub drain_days: u32,
}

/// Writers that the relay takes nothing more from, but into quarantine: all incarnations of one phone. In the county's log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Revocation {
    /// The whole lineage.
    #[n(0)]
    pub writers: Vec<WriterId>,
    /// When.
    #[n(1)]
    pub at: Timestamp,
}

/// A node of the organisation as phones see it: dated attributes of an opaque scope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OrgNode {
    /// Its scope.
    #[n(0)]
    pub scope: ScopeId,
    /// The scope above, none for the county.
    #[n(1)]
    pub parent: Option<ScopeId>,
    /// Code of list `org_level`: 1 county, 2 town, 3 village, 4 grid, 5 micro-grid.
    #[n(2)]
    pub level: String,
    /// Administrative code, of no fixed length.
    #[n(3)]
    pub code: String,
    /// Name to show.
    #[n(4)]
    pub name: String,
    /// From when these attributes hold.
    #[n(5)]
    pub from: Timestamp,
    /// Telephone of the supervisor whom a worker calls for help, if known.
    #[n(6)]
    pub help_phone: Option<String>,
}

/// A piece of shared data: a code list, a form, a holiday calendar.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Resource {
    /// Path-like name, for instance `codelists/visit_purpose.csv` or `forms/visit.json`.
    #[n(0)]
    pub name: String,
    /// Counts up with each change of this name.
    #[n(1)]
    pub version: u32,
    /// The data.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

/// What stays of an erased record: whoever holds something of it removes that, and takes no copy of it any more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Tombstone {
    /// The erased record.
    #[n(0)]
    pub record: RecordId,
    /// When it was erased.
    #[n(1)]
    pub erased_at: Timestamp,
    /// The record that says what may still be said, if there is one.
    #[n(2)]
    pub successor: Option<RecordId>,
}

/// A record that the phones of another scope may read. It stands in the logs of both scopes: in the guest's before the
/// record's entries, which get positions of their own there. A later item of the same record and guest replaces an earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Share {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// The scope that it belongs to, whose workers write it.
    #[n(1)]
    pub home: ScopeId,
    /// The scope whose phones read it, and write nothing of it.
    #[n(2)]
    pub guest: ScopeId,
    /// The one of the two that acts for the person.
    #[n(3)]
    pub acts: ScopeId,
    /// First moment.
    #[n(4)]
    pub from: Timestamp,
    /// Ended at, if it is: the guest's phones then forget the record.
    #[n(5)]
    pub until: Option<Timestamp>,
}

impl Share {
    /// Id of its log entry.
    pub fn entry_id(&self) -> RecordId {
        let mut key = self.record.0.to_vec();
        key.extend_from_slice(&self.guest.0);
        item_id("share", &key)
    }

    /// Whether the guest reads the record now.
    pub fn is_in_force(&self) -> bool {
        self.until.is_none()
    }
}

/// Id of a system item's log entry.
pub fn item_id(purpose: &str, key: &[u8]) -> RecordId {
    let digest = Hash32::of(key);
    let mut bytes = [0u8; 13];
    bytes.copy_from_slice(&digest.0[..13]);
    RecordId::derived(purpose, &[&RecordId(bytes)])
}
