//! Parameters of a query and of an address, read one by one, so that a bad one is named with what would be right.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use xunge_protocol::{EpochId, ScopeId};
use xunge_records::Kind;

use super::Problem;
use crate::relay::Relay;
use crate::store::StoreError;

/// Rows of a page, if the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// Most rows of a page.
const MAX_LIMIT: usize = 10_000;

/// The parameters of a request.
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::bad_parameter("query", error.body_text()))?;
        Ok(Self(pairs))
    }
}

/// What stands in the address in the place of its one parameter.
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::bad_parameter("path", error.body_text()))?;
        Ok(Self(text))
    }
}

impl Params {
    /// Refuses parameters that are not among `known`, or stand twice.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let detail = format!("there is no such parameter: use {}", known.join(", "));
                return Err(Problem::bad_parameter(name, detail));
            }
            if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::bad_parameter(name, "stands twice"));
            }
        }
        Ok(())
    }

    /// The value of a parameter; an empty one counts as absent.
    fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(found, _)| found == name)?;
        Some(pair.1.as_str()).filter(|value| !value.is_empty())
    }

    fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        self.get(name)
            .map(|value| {
                value
                    .parse()
                    .map_err(|_| Problem::bad_parameter(name, format!("expected {expected}")))
            })
            .transpose()
    }

    pub(super) fn kind(&self) -> Result<Option<Kind>, Problem> {
        let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
        self.parsed("kind", &format!("one of {}", names.join(", ")))
    }

    pub(super) fn limit(&self) -> Result<usize, Problem> {
        let expected = format!("a number from 1 to {MAX_LIMIT}");
        // An empty number is none.
        let given = self.0.iter().find(|(name, _)| name == "limit");
        if given.is_some_and(|(_, text)| text.is_empty()) {
            return Err(Problem::bad_parameter(
                "limit",
                format!("expected {expected}"),
            ));
        }
        match self.parsed("limit", &expected)? {
            None => Ok(DEFAULT_LIMIT),
            Some(n @ 1..=MAX_LIMIT) => Ok(n),
            Some(_) => Err(Problem::bad_parameter(
                "limit",
                format!("expected {expected}"),
            )),
        }
    }

    pub(super) fn parse<T: FromStr>(
        &self,
        name: &str,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        self.parsed(name, expected)
    }

    /// The scope that `scope` names, by id or by code, with all below it. None if it is not given.
    pub(super) async fn scopes(&self, relay: &Arc<Relay>) -> Result<Option<Vec<ScopeId>>, Problem> {
        let Some(text) = self.get("scope") else {
            return Ok(None);
        };
        let (text, now) = (text.to_owned(), relay.now());
        let found = relay
            .store
            .read_async::<_, StoreError>(move |tx| {
                let node = match tx.org_node_by_code(&text, now)? {
                    Some(node) => Some(node),
                    None => match text.parse() {
                        Ok(scope) => tx.org_node(scope, now)?,
                        Err(_) => None,
                    },
                };
                node.map(|node| tx.org_subtree(node.scope, now)).transpose()
            })
            .await?;
        let nodes = found.ok_or_else(|| {
            Problem::bad_parameter(
                "scope",
                "expected the scope of a record or the code of a place: see /api/v1/scopes",
            )
        })?;
        Ok(Some(nodes.into_iter().map(|node| node.scope).collect()))
    }
}

/// Where a reader stands: an epoch of the relay and a place in its order of changes. As text `EPOCH-N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The epoch.
    pub epoch: EpochId,
    /// The last change that the reader has.
    pub sequence: u64,
}

impl FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, sequence) = text.split_once('-').ok_or(())?;
        Ok(Self {
            epoch: epoch.parse().map_err(|_| ())?,
            sequence: sequence.parse().map_err(|_| ())?,
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

impl Cursor {
    /// The sequence to go on from, if the cursor is of this epoch.
    pub fn sequence_in(self, epoch: EpochId) -> Option<u64> {
        (self.epoch == epoch).then_some(self.sequence)
    }
}
