//! How a command ends when it does not do what was asked: one line that says what is wrong and what to do.

use crate::authority::AuthorityError;
use crate::store::StoreError;

/// Why a command did nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line makes no sense. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It could not be done. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A failure with a reason and a remedy.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// A failure about a file.
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Failed(format!("{}: {error}", path.display()))
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }

    /// The line for standard error.
    pub fn line(&self) -> String {
        let text = self.to_string();
        text.split(['\n', '\r'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What a command returns.
pub type Outcome = Result<(), Failure>;
