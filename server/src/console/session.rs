//! Sessions: a random token in a cookie, its hash in the store. Idle ones end; every form carries the session's token.
//!
//! Own code instead of tower-sessions, because time and randomness come from the relay's `Env`, and because the store
//! keeps only the hash of what the browser holds.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use xunge_protocol::Hash32;

use super::error::ConsoleError;
use super::locale::Lang;
use crate::account::Actor;
use crate::relay::Relay;
use crate::store::{SessionRow, StoreError};

/// A user who asks for nothing for so long is signed out.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// Nobody stays signed in longer.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// A session's last sight is written at most this often.
const TOUCH_MS: i64 = 60 * 1000;
/// How long personal data stay revealed.
pub(super) const REVEAL_MS: i64 = 15 * 60 * 1000;

/// Whether browsers reach the relay by https: then the cookie is bound to it.
pub(super) fn is_https(relay: &Relay) -> bool {
    match &relay.config.public_url {
        Some(url) => url.starts_with("https://"),
        None => relay.config.tls,
    }
}

/// Name of the cookie.
pub(super) fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-xunge" } else { "xunge" }
}

/// A session, signed in or not.
#[derive(Debug, Clone)]
pub(super) struct Session(pub(super) SessionRow);

/// A signed-in user with the session.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) session: SessionRow,
    pub(super) actor: Actor,
    /// Path and query of this request.
    pub(super) here: String,
}

impl Visitor {
    /// The user's language.
    pub(super) fn lang(&self) -> Lang {
        Lang::from_tag(&self.session.lang).unwrap_or_default()
    }
}

/// Starts a session for `user`, or for a browser that is about to sign in; returns it with its cookie. Blocks.
pub(super) fn start(
    relay: &Relay,
    user: Option<String>,
    lang: Lang,
) -> Result<(SessionRow, HeaderValue), StoreError> {
    let now = relay.now();
    let token = hex::encode(relay.env.random::<32>());
    let row = SessionRow {
        token_hash: Hash32::of(token.as_bytes()),
        csrf: hex::encode(relay.env.random::<32>()),
        user,
        lang: lang.tag().into(),
        flash: None,
        created_at: now,
        seen_at: now,
    };
    let kept = row.clone();
    relay.store.write::<_, StoreError>(move |tx| {
        tx.end_idle_sessions(now.plus_millis(-LONGEST_MS))?;
        tx.put_session(&kept)
    })?;
    Ok((row, cookie(is_https(relay), &token)))
}

fn cookie(https: bool, token: &str) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let text = format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax{secure}",
        cookie_name(https)
    );
    // A token is hex: it always makes a header.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn token(headers: &HeaderMap, https: bool) -> Option<&str> {
    let name = cookie_name(https);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, token)| token)
}

/// Finds the session of a request. What is idle or too old counts as none.
pub(super) async fn find(
    State(relay): State<Arc<Relay>>,
    mut request: Request,
    next: Next,
) -> Response {
    let https = is_https(&relay);
    if let Some(hash) = token(request.headers(), https).map(|t| Hash32::of(t.as_bytes())) {
        match relay.store.read_async(move |tx| tx.session(hash)).await {
            Ok(Some(row)) => {
                let now = relay.now();
                let alive = now.millis_since(row.seen_at) < IDLE_MS
                    && now.millis_since(row.created_at) < LONGEST_MS;
                if alive {
                    if now.millis_since(row.seen_at) > TOUCH_MS {
                        let mut seen = row.clone();
                        seen.seen_at = now;
                        let touched = relay.store.write_async(move |tx| tx.put_session(&seen));
                        if let Err(error) = touched.await {
                            tracing::warn!(%error, "a session was not touched");
                        }
                    }
                    request.extensions_mut().insert(Session(row));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a session was not read"),
        }
    }
    next.run(request).await
}

impl<S: Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = ConsoleError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ConsoleError> {
        // A form from a browser without a session has no token that could be right.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(ConsoleError::Csrf)
    }
}

impl FromRequestParts<Arc<Relay>> for Visitor {
    type Rejection = ConsoleError;

    async fn from_request_parts(
        parts: &mut Parts,
        relay: &Arc<Relay>,
    ) -> Result<Self, ConsoleError> {
        let here = parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        let next = if parts.method == axum::http::Method::GET {
            here.clone()
        } else {
            "/".into()
        };
        let session = parts
            .extensions
            .get::<Session>()
            .map(|s| s.0.clone())
            .ok_or_else(|| ConsoleError::SignIn(next.clone()))?;
        let id = session
            .user
            .clone()
            .ok_or_else(|| ConsoleError::SignIn(next.clone()))?;
        let user = relay
            .store
            .read_async::<_, StoreError>(move |tx| tx.user(&id))
            .await?
            .filter(|user| user.disabled_at.is_none())
            .ok_or(ConsoleError::SignIn(next))?;
        Ok(Self {
            session,
            actor: user.actor(),
            here,
        })
    }
}
