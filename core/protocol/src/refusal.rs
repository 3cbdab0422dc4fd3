//! Stable codes for what the relay does not accept. Texts and remedies live in the users' resource files, by code.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Why an entry was put into quarantine.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The worker has no grant for this scope at this time.
    #[n(0)]
    OutsideGrid,
    /// The worker's role may not write this kind of record.
    #[n(1)]
    KindNotAllowed,
    /// The change does something that only the relay, or only the record's opener, may do.
    #[n(2)]
    OperationNotAllowed,
    /// The bytes are not an Automerge change that passes the guard.
    #[n(3)]
    Malformed,
    /// The change is larger than the guard lets through.
    #[n(4)]
    TooLarge,
    /// A change that this one builds on is in quarantine or unknown.
    #[n(5)]
    DependencyMissing,
    /// The scope inside the document is not the segment's.
    #[n(6)]
    WrongScope,
    /// The writer of this record id is somebody else.
    #[n(7)]
    ForeignRecord,
    /// The content breaks a rule of its kind.
    #[n(8)]
    InvalidContent,
    /// The device was revoked before this arrived.
    #[n(9)]
    DeviceRevoked,
    /// A supervisor read it and rejected it for good.
    #[n(10)]
    Rejected,
    /// The record belongs to another scope, which shares it with this writer's to be read.
    #[n(11)]
    SharedRecord,
}

impl RefusalCode {
    /// The code as it stands in the API, in quarantine and in resource files.
    pub fn name(self) -> &'static str {
        match self {
            Self::OutsideGrid => "outside_grid",
            Self::KindNotAllowed => "kind_not_allowed",
            Self::OperationNotAllowed => "operation_not_allowed",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::DependencyMissing => "dependency_missing",
            Self::WrongScope => "wrong_scope",
            Self::ForeignRecord => "foreign_record",
            Self::InvalidContent => "invalid_content",
            Self::DeviceRevoked => "device_revoked",
            Self::Rejected => "rejected",
            Self::SharedRecord => "shared_record",
        }
    }
}

/// Why a whole request or segment was refused. Nothing of it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum SyncRefusal {
    /// The relay knows no such writer.
    #[n(0)]
    UnknownWriter,
    /// A signature does not verify.
    #[n(1)]
    BadSignature,
    /// The segment's index is taken by another segment: two histories under one writer.
    #[n(2)]
    Fork,
    /// The segment's index is beyond the next one, or its predecessor's hash does not match.
    #[n(3)]
    Gap,
    /// The request counter was already used.
    #[n(4)]
    Replay,
    /// The message could not be read.
    #[n(5)]
    Malformed,
    /// The message is larger than the relay takes.
    #[n(6)]
    TooLarge,
    /// The segment names another writer than the request's.
    #[n(7)]
    ForeignSegment,
    /// The relay's epoch is another one than the request's.
    #[n(8)]
    EpochChanged,
    /// The writer's lineage was revoked: it gets no new incarnation.
    #[n(9)]
    Revoked,
}

impl SyncRefusal {
    /// The code as it stands in problem documents and resource files.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownWriter => "unknown_writer",
            Self::BadSignature => "bad_signature",
            Self::Fork => "fork",
            Self::Gap => "gap",
            Self::Replay => "replay",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::ForeignSegment => "foreign_segment",
            Self::EpochChanged => "epoch_changed",
            Self::Revoked => "device_revoked",
        }
    }
}
