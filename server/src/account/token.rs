//! Bearer tokens of programs: 256 random bits, of which only the hash is kept.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use xunge_protocol::Hash32;

use crate::env::Env;

const PREFIX: &str = "xg_";

/// What the holder of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRole {
    /// Reads all records by the API.
    Export,
    /// Sends and reads media as phones do.
    Media,
}

impl TokenRole {
    /// Name in the store and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Media => "media",
        }
    }
}

impl fmt::Display for TokenRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of the roles of tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role {0}: use export or media")]
pub struct UnknownTokenRole(pub String);

impl FromStr for TokenRole {
    type Err = UnknownTokenRole;
    fn from_str(text: &str) -> Result<Self, UnknownTokenRole> {
        match text {
            "export" => Ok(Self::Export),
            "media" => Ok(Self::Media),
            other => Err(UnknownTokenRole(other.into())),
        }
    }
}

/// A fresh token. The prefix lets scanners for leaked secrets find it.
pub fn generate(env: &dyn Env) -> String {
    format!("{PREFIX}{}", hex::encode(env.random::<32>()))
}

/// What is kept of a token. A plain hash is enough: the token is random, nobody guesses it.
pub fn fingerprint(token: &str) -> Hash32 {
    Hash32::of(token.as_bytes())
}
