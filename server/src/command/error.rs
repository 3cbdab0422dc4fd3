//! Why a command was not carried out. Nothing of it is stored.

use crate::authority::AuthorityError;
use crate::store::StoreError;

/// A command that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such record, or not for this actor.
    #[error("not found")]
    NotFound,
    /// The actor's role may not do this.
    #[error("your role may not do this")]
    Forbidden,
    /// Something that the actor wrote cannot be used.
    #[error("{field} {problem}")]
    BadInput {
        /// Name of the form field.
        field: &'static str,
        /// What is wrong, English.
        problem: String,
    },
    /// Somebody else decided meanwhile: look again.
    #[error("somebody else decided meanwhile")]
    Conflict,
    /// What was asked has no effect in the state that the record is in.
    #[error("{0}")]
    NotPossible(String),
    /// The relay could not.
    #[error(transparent)]
    Authority(AuthorityError),
}

impl CommandError {
    pub(crate) fn bad(field: &'static str, problem: impl Into<String>) -> Self {
        Self::BadInput {
            field,
            problem: problem.into(),
        }
    }

    /// Stable code for resource files and problem documents.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::BadInput { .. } => "bad_input",
            Self::Conflict => "conflict",
            Self::NotPossible(_) => "not_possible",
            Self::Authority(error) => error.code(),
        }
    }
}

impl From<AuthorityError> for CommandError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::UnknownRecord(_) | AuthorityError::UnknownEntry(_) => Self::NotFound,
            AuthorityError::Stale { .. } | AuthorityError::AlreadyDecided(_) => Self::Conflict,
            error @ (AuthorityError::NotPossible(_)
            | AuthorityError::NotAdmissible(_)
            | AuthorityError::Refused(_)) => Self::NotPossible(error.to_string()),
            error => Self::Authority(error),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Authority(error.into())
    }
}
