//! Takes a JSON object apart key by key, so that every complaint names its question and its key.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::error::FormError;
use super::xpath::Expr;

/// The keys of one object that were not taken yet.
pub(super) struct Keys {
    map: Map<String, Json>,
    form: String,
    question: Option<String>,
}

impl Keys {
    /// Starts on `json`, which must be an object.
    pub(super) fn new(json: Json, form: &str, question: Option<String>) -> Result<Self, FormError> {
        match json {
            Json::Object(map) => Ok(Self {
                map,
                form: form.into(),
                question,
            }),
            _ => Err(FormError {
                form: form.into(),
                question,
                key: None,
                what: "expected an object".into(),
            }),
        }
    }

    /// From now on complaints name this form and question.
    pub(super) fn name(&mut self, form: &str, question: Option<String>) {
        self.form = form.into();
        self.question = question;
    }

    /// A complaint about a key.
    pub(super) fn error(&self, key: &str, what: impl Into<String>) -> FormError {
        FormError {
            form: self.form.clone(),
            question: self.question.clone(),
            key: Some(key.into()),
            what: what.into(),
        }
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Takes a key's value as it is.
    pub(super) fn raw(&mut self, key: &str) -> Option<Json> {
        self.map.remove(key)
    }

    /// Takes an optional key.
    pub(super) fn may<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, FormError> {
        match self.map.remove(key) {
            None => Ok(None),
            Some(json) => serde_json::from_value(json)
                .map(Some)
                .map_err(|e| self.error(key, e.to_string())),
        }
    }

    /// Takes a key that must be there.
    pub(super) fn need<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, FormError> {
        self.may(key)?.ok_or_else(|| self.error(key, "is missing"))
    }

    /// Takes an optional expression.
    pub(super) fn expr(&mut self, key: &str) -> Result<Option<Expr>, FormError> {
        self.may::<String>(key)?
            .map(|text| Expr::parse(&text).map_err(|e| self.error(key, e.to_string())))
            .transpose()
    }

    /// Leaves the rest unread.
    pub(super) fn clear(&mut self) {
        self.map.clear();
    }

    /// Everything must have been taken.
    pub(super) fn finish(self) -> Result<(), FormError> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(key) => Err(self.error(key, "is not a key that this version knows")),
        }
    }
}
