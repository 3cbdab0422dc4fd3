//! Why the guard does not let bytes through, and the stable code that the relay answers with.

use xunge_protocol::RefusalCode;

use crate::document::DocumentError;

/// Why bytes are not a change that a document may take.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Not one uncompressed Automerge change chunk whose hash matches.
    #[error("not an uncompressed change: {0}")]
    Malformed(&'static str),
    /// Beyond a cap.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// Automerge could not read it.
    #[error("automerge cannot read it: {0}")]
    Unreadable(String),
    /// Automerge panicked on it; the panic was contained.
    #[error("automerge panicked on it")]
    Panicked,
    /// It does something that no change of a record does.
    #[error("operation not allowed: {0}")]
    OperationNotAllowed(&'static str),
    /// It does not fit into its document.
    #[error(transparent)]
    Place(#[from] DocumentError),
}

impl GuardError {
    /// The code for the quarantine.
    pub fn refusal(&self) -> RefusalCode {
        match self {
            Self::TooLarge(_) | Self::Place(DocumentError::TooLarge(_)) => RefusalCode::TooLarge,
            Self::OperationNotAllowed(_) => RefusalCode::OperationNotAllowed,
            Self::Place(DocumentError::MissingDependencies(_)) => RefusalCode::DependencyMissing,
            Self::Place(DocumentError::WrongKind(_)) => RefusalCode::OperationNotAllowed,
            Self::Malformed(_) | Self::Unreadable(_) | Self::Panicked | Self::Place(_) => {
                RefusalCode::Malformed
            }
        }
    }
}
