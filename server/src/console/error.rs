//! Why a page was not shown or a command not done, and what the user sees of it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::authority::AuthorityError;
use crate::command::CommandError;
use crate::log::LogError;
use crate::store::StoreError;

/// A page that was not shown.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Nobody is signed in; where to go on afterwards.
    #[error("not signed in")]
    SignIn(String),
    /// No such page, or not for this user: the two look the same.
    #[error("not found")]
    NotFound,
    /// The role may not do this.
    #[error("forbidden")]
    Forbidden,
    /// The form's token is not the session's.
    #[error("the form's token is not the session's")]
    Csrf,
    /// The form or address cannot be read.
    #[error("bad form")]
    BadForm,
    /// Something went wrong inside; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

/// Marks a response whose body the outer layer draws in the user's language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Problem(pub(super) &'static str);

impl IntoResponse for ConsoleError {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::SignIn(next) => {
                let mut query = form_encode("next", &next);
                query.insert_str(0, "/login?");
                return Redirect::to(&query).into_response();
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::Csrf => (StatusCode::FORBIDDEN, "csrf"),
            Self::BadForm => (StatusCode::BAD_REQUEST, "bad_form"),
            Self::Internal(why) => {
                tracing::error!(error = %why, "console");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Problem(code));
        response
    }
}

/// `name=value` for an address.
pub(super) fn form_encode(name: &str, value: &str) -> String {
    let mut out = format!("{name}=");
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

impl From<StoreError> for ConsoleError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<LogError> for ConsoleError {
    fn from(error: LogError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<AuthorityError> for ConsoleError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::UnknownRecord(_)
            | AuthorityError::UnknownEntry(_)
            | AuthorityError::UnknownWorker(_) => Self::NotFound,
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<askama::Error> for ConsoleError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// Commands that a user may mend by trying again are told on the page; the others are problems.
impl From<CommandError> for ConsoleError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound => Self::NotFound,
            CommandError::Forbidden => Self::Forbidden,
            error => Self::Internal(error.to_string()),
        }
    }
}
