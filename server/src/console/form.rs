//! Forms as browsers post them, plain or with a file. Nothing of a form is read before its token was found right.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;

use super::error::ConsoleError;
use super::session::Session;

/// A posted form of a known session.
#[derive(Debug, Default)]
pub(super) struct Posted {
    values: Vec<(String, String)>,
    file: Option<(String, Bytes)>,
}

impl Posted {
    /// The first value of a field, trimmed; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The first value of a field, if it holds anything.
    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name).to_owned()).filter(|value| !value.is_empty())
    }

    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.values.iter().filter(move |(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The uploaded file with its media type, if one was chosen.
    pub(super) fn file(&self) -> Option<(&str, &Bytes)> {
        self.file
            .as_ref()
            .map(|(mime, bytes)| (mime.as_str(), bytes))
    }
}

/// Whether two tokens are the same, in a time that does not say where they differ.
fn same(a: &str, b: &str) -> bool {
    let differ = a
        .bytes()
        .zip(b.bytes())
        .fold(0u8, |all, (x, y)| all | (x ^ y));
    a.len() == b.len() && differ == 0
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = ConsoleError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ConsoleError> {
        let session = request.extensions().get::<Session>().cloned();
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let posted = if kind.starts_with("multipart/form-data") {
            parts(request, state).await?
        } else {
            let form = axum::Form::<Vec<(String, String)>>::from_request(request, state).await;
            Self {
                values: form.map_err(|_| ConsoleError::BadForm)?.0,
                file: None,
            }
        };
        match session {
            Some(Session(row)) if same(&row.csrf, posted.get("csrf")) => Ok(posted),
            _ => Err(ConsoleError::Csrf),
        }
    }
}

async fn parts<S: Send + Sync>(request: Request, state: &S) -> Result<Posted, ConsoleError> {
    let bad = |_| ConsoleError::BadForm;
    let mut multipart = Multipart::from_request(request, state)
        .await
        .map_err(|_| ConsoleError::BadForm)?;
    let mut posted = Posted::default();
    while let Some(field) = multipart.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_some() {
            let mime = field.content_type().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(bad)?;
            if !bytes.is_empty() {
                posted.file = Some((mime, bytes));
            }
        } else {
            let value = field.text().await.map_err(bad)?;
            posted.values.push((name, value));
        }
    }
    Ok(posted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_only_as_a_whole() {
        assert!(same("abc", "abc"));
        for other in ["", "ab", "abd", "abcd"] {
            assert!(!same("abc", other), "{other}");
        }
    }
}
