//! The one error of all exports: a stable code, and what to say to the user.

use xunge_core::app::Explained;

/// Why a call did not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error, uniffi::Error)]
pub enum ApiError {
    /// It did nothing, unless the method's documentation says what it kept.
    #[error("{code}: {detail}")]
    Failed {
        /// Stable name of what went wrong.
        code: String,
        /// For the user, in the phone's locale.
        text: String,
        /// The same, to be spoken.
        speech: String,
        /// Whether the same call may succeed later.
        retry: bool,
        /// For the engineer, in English.
        detail: String,
    },
}

impl From<Explained> for ApiError {
    fn from(error: Explained) -> Self {
        let Explained {
            code,
            text,
            speech,
            retry,
            detail,
        } = error;
        Self::Failed {
            code,
            text,
            speech,
            retry,
            detail,
        }
    }
}
