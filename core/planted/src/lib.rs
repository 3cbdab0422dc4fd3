//! Bugs that are put in on purpose, to prove that the simulation finds such bugs. Knows nothing of what they do: each
//! stands where it would be made, behind a question to [`is_on`].
//!
//! Without the feature `planted` the answer is no at compile time, and nothing of them is in the program. No release
//! build can have the feature.

#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!(
    "planted bugs are for the simulation: no build without debug assertions may have them"
);

/// A bug that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// The phone says "saved" about a save that is not on disk.
    AcknowledgeBeforeCommit = 1,
    /// The phone goes on reading one position too far.
    CursorOffByOne,
    /// The phone takes what it sent for received.
    OutboxClearedOnSend,
    /// The phone does not check that an answer is the relay's, and to its question.
    ReceiptNotChecked,
    /// The relay refuses an entry, and does not keep it for a supervisor.
    QuarantineDropped,
    /// The phone does not offer its work again after the relay went back to a backup.
    EpochIgnored,
    /// Two copies of a phone go on under one writer.
    ActorReused,
    /// What lists show is written after the transaction that it is about, and a phone can die between.
    ProjectionOutsideTransaction,
    /// The relay takes a late copy of what was erased.
    ErasedBodyTakenAgain,
    /// The relay takes what a revoked phone sends.
    RevokedWriterAccepted,
    /// Which of two values counts depends on which came first.
    FoldDependsOnArrival,
    /// An entry that waits for another stays in quarantine when that has come.
    DependentsForgotten,
    /// The phone goes on building on what the relay lost with its disk.
    LostWordsKept,
    /// Each copy of a phone gives a record that it says again an id of its own.
    NewIdForEachCopy,
    /// Work that was done before the worker moved is refused.
    LateWorkRefused,
    /// The phone does not hear that a record was erased.
    TombstoneIgnored,
    /// The phone forgets a receipt that changes an earlier one.
    RevisionIgnored,
    /// The relay calls a file whole before it has looked whether its bytes have the hash by which it goes.
    MediaCompleteWithoutHash,
    /// The phone takes a file that the relay refused for sent.
    RefusedMediaTakenForSent,
    /// An erasure leaves the snapshots that hold what is erased.
    SnapshotKeptAfterErasure,
    /// The phone believes a transaction that could not be committed.
    FailedCommitBelieved,
    /// What a worker wrote after a change that was rejected goes with it.
    LaterEditsDropped,
    /// An interview goes on by another form than the one that it was begun by.
    FormSwappedMidInterview,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::AcknowledgeBeforeCommit,
        Self::CursorOffByOne,
        Self::OutboxClearedOnSend,
        Self::ReceiptNotChecked,
        Self::QuarantineDropped,
        Self::EpochIgnored,
        Self::ActorReused,
        Self::ProjectionOutsideTransaction,
        Self::ErasedBodyTakenAgain,
        Self::RevokedWriterAccepted,
        Self::FoldDependsOnArrival,
        Self::DependentsForgotten,
        Self::LostWordsKept,
        Self::NewIdForEachCopy,
        Self::LateWorkRefused,
        Self::TombstoneIgnored,
        Self::RevisionIgnored,
        Self::MediaCompleteWithoutHash,
        Self::RefusedMediaTakenForSent,
        Self::SnapshotKeptAfterErasure,
        Self::FailedCommitBelieved,
        Self::LaterEditsDropped,
        Self::FormSwappedMidInterview,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeBeforeCommit => "acknowledge-before-commit",
            Self::CursorOffByOne => "cursor-off-by-one",
            Self::OutboxClearedOnSend => "outbox-cleared-on-send",
            Self::ReceiptNotChecked => "receipt-not-checked",
            Self::QuarantineDropped => "quarantine-dropped",
            Self::EpochIgnored => "epoch-ignored",
            Self::ActorReused => "actor-reused-after-restore",
            Self::ProjectionOutsideTransaction => "projection-outside-the-transaction",
            Self::ErasedBodyTakenAgain => "erased-body-re-offered",
            Self::RevokedWriterAccepted => "revoked-writer-accepted",
            Self::FoldDependsOnArrival => "fold-depends-on-arrival-order",
            Self::DependentsForgotten => "dependents-forgotten",
            Self::LostWordsKept => "lost-words-kept",
            Self::NewIdForEachCopy => "new-id-for-each-copy",
            Self::LateWorkRefused => "late-work-refused",
            Self::TombstoneIgnored => "tombstone-ignored",
            Self::RevisionIgnored => "revision-ignored",
            Self::MediaCompleteWithoutHash => "media-complete-without-its-hash",
            Self::RefusedMediaTakenForSent => "refused-media-taken-for-sent",
            Self::SnapshotKeptAfterErasure => "snapshot-kept-after-erasure",
            Self::FailedCommitBelieved => "failed-commit-believed",
            Self::LaterEditsDropped => "later-edits-dropped",
            Self::FormSwappedMidInterview => "form-swapped-mid-interview",
        }
    }

    /// The bug of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

#[cfg(feature = "planted")]
static PLANTED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Plants `bug` in this process in the place of the one before; `None` takes it out.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    let number = bug.map_or(0, |bug| bug as u8);
    PLANTED.store(number, std::sync::atomic::Ordering::SeqCst);
}

/// Whether `bug` is in this process.
#[cfg(feature = "planted")]
pub fn is_on(bug: Bug) -> bool {
    PLANTED.load(std::sync::atomic::Ordering::SeqCst) == bug as u8
}

/// No: this build has no bugs that were put in on purpose.
#[cfg(not(feature = "planted"))]
pub const fn is_on(_: Bug) -> bool {
    false
}
