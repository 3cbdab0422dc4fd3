//! Lets in programs with a token of role `export`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::Problem;
use crate::account::token::{self, TokenRole};
use crate::relay::Relay;
use crate::store::StoreError;

/// Proof that the caller may read everything.
pub(super) struct Exporter;

impl FromRequestParts<Arc<Relay>> for Exporter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(Problem::unauthorized)?;
        let fingerprint = token::fingerprint(token);
        let role = relay
            .store
            .read_async::<_, StoreError>(move |tx| tx.token_role(fingerprint))
            .await?;
        match role {
            Some(TokenRole::Export) => Ok(Self),
            Some(TokenRole::Media) | None => Err(Problem::unauthorized()),
        }
    }
}
