//! Parameters of the methods, by name. A name that a method does not know is an error, so that a misspelt one shows.

use serde::{Deserialize, Deserializer};
use xunge_ffi::Answer as Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// `zh-CN` if not given.
    pub(crate) locale: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrol {
    pub(crate) ticket: String,
    pub(crate) pin: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    pub(crate) relay: String,
    pub(crate) code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unlock {
    pub(crate) worker: String,
    pub(crate) pin: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnlockWithCode {
    pub(crate) worker: String,
    pub(crate) code: String,
    pub(crate) new_pin: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    pub(crate) kind: String,
    pub(crate) subject: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) interview: String,
    #[serde(deserialize_with = "value")]
    pub(crate) value: Value,
}

/// `skip`, `back`, `save`, `discard`. A `value` is let pass, because `answer` beside them has one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interview {
    pub(crate) interview: String,
    #[serde(rename = "value")]
    _value: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) record: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaybeRecord {
    pub(crate) record: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    pub(crate) text: String,
    pub(crate) limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Speech {
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Path {
    pub(crate) path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Practice {
    pub(crate) on: bool,
}

/// An answer, with an error that says what it may be instead of that nothing matched.
fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer).map_err(|_| {
        serde::de::Error::custom("expected a text, a list of texts, a number or a truth value")
    })
}
