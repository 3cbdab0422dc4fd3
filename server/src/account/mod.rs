//! What lets a person or a program in: roles, passwords, one-time codes, tokens. Knows no HTTP.

pub mod create;
pub mod password;
pub mod sign_in;
pub mod token;
pub mod totp;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xunge_protocol::ScopeId;

/// What a user of the console is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the county's relay: users, devices, quarantine, and all that a supervisor may.
    Admin,
    /// Reviews and decides within a scope.
    Supervisor,
    /// Reads within a scope.
    Viewer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Supervisor, Self::Viewer];

    /// Name in the store, on the command line and in resource files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Viewer => "viewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of the roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role {0}: use admin, supervisor or viewer")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| UnknownRole(text.into()))
    }
}

/// Who acts: a user of the console, or the engineer at the relay's own machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// User id as in the audit log and in relay events.
    pub user: String,
    /// Name shown to workers.
    pub name: String,
    /// What the actor is.
    pub role: Role,
    /// Acts here and below.
    pub scope: ScopeId,
}

impl Actor {
    /// The engineer at the command line, who answers for the whole county.
    pub fn engineer(county: ScopeId) -> Self {
        Self {
            user: "admin".into(),
            name: "admin".into(),
            role: Role::Admin,
            scope: county,
        }
    }
}
