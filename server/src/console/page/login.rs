//! Sign-in.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query as Raw, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::account::sign_in::{SignInError, sign_in};
use crate::audit::AuditEvent;
use crate::console::desk::Desk;
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::locale::Lang;
use crate::console::query::Query;
use crate::console::session::{self, Session, Visitor};
use crate::console::ui::{Flash, Ui};
use crate::relay::Relay;
use crate::store::{SessionRow, StoreError};

/// The sign-in page.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// Surroundings.
    pub ui: Ui,
    /// Why the last try failed.
    pub problem: Option<String>,
    /// User name typed before.
    pub user: String,
    /// Where to go afterwards.
    pub next: String,
}

/// The sign-in page. A browser without a session gets one, so that the form has a token.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    session: Option<Session>,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    let next = local(query.get("next").unwrap_or("/"));
    if session.as_ref().is_some_and(|s| s.0.user.is_some()) {
        return Ok(Redirect::to(&next).into_response());
    }
    let (row, cookie) = match session {
        Some(Session(row)) => (row, None),
        None => {
            let asked = query.get("lang").and_then(Lang::from_tag);
            let (row, cookie) = start(relay, None, asked.unwrap_or_default()).await?;
            (row, Some(cookie))
        }
    };
    let said = query.get("said").filter(|said| *said == "bye");
    let flash = said.map(|_| lang_of(&row).text("login.bye"));
    let mut page = page(&row, next);
    page.ui.flash = flash.map(|text| Flash { good: true, text });
    let mut response = Html(page.render()?).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Lets a user in, under a new session.
pub(in crate::console) async fn enter(
    State(relay): State<Arc<Relay>>,
    Extension(desk): Extension<Arc<Desk>>,
    Session(row): Session,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let lang = lang_of(&row);
    let next = local(posted.get("next"));
    let mut again = page(&row, next.clone());
    again.user = posted.get("user").to_owned();
    if !desk.may_try() {
        again.problem = Some(lang.fill("login.slow", &[("n", &10)]));
        return Ok((StatusCode::TOO_MANY_REQUESTS, Html(again.render()?)).into_response());
    }
    let checked = relay.clone();
    let (user, password, code) = (
        posted.get("user").to_owned(),
        posted.get("password").to_owned(),
        posted.get("totp").replace(' ', ""),
    );
    let outcome =
        tokio::task::spawn_blocking(move || sign_in(&checked, &user, &password, &code)).await;
    match outcome.map_err(|e| ConsoleError::Internal(e.to_string()))? {
        Ok(user) => {
            let old = row.token_hash;
            let ended = relay.store.write_async(move |tx| tx.end_session(old));
            ended.await.map_err(|e: StoreError| ConsoleError::from(e))?;
            let (_, cookie) = start(relay, Some(user.id), lang).await?;
            let mut response = Redirect::to(&next).into_response();
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(SignInError::Store(error)) => Err(error.into()),
        Err(SignInError::Locked(until)) => {
            let wait = until.millis_since(relay.now()).max(0) / 1000 + 1;
            again.problem = Some(lang.fill("login.slow", &[("n", &wait)]));
            Ok((StatusCode::TOO_MANY_REQUESTS, Html(again.render()?)).into_response())
        }
        Err(SignInError::CodeUsed) => {
            again.problem = Some(lang.text("login.code_used"));
            Ok((StatusCode::UNAUTHORIZED, Html(again.render()?)).into_response())
        }
        Err(SignInError::Wrong) => {
            again.problem = Some(lang.text("login.wrong"));
            Ok((StatusCode::UNAUTHORIZED, Html(again.render()?)).into_response())
        }
    }
}

/// Signs out.
pub(in crate::console) async fn leave(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    _: Posted,
) -> Result<Response, ConsoleError> {
    let now = relay.now();
    relay
        .store
        .write_async::<_, StoreError>(move |tx| {
            let actor = &visitor.actor;
            tx.append_audit(
                &AuditEvent::new(&actor.user, "sign_out").within(actor.scope),
                now,
            )?;
            tx.end_session(visitor.session.token_hash)
        })
        .await?;
    Ok(Redirect::to("/login?said=bye").into_response())
}

/// Changes the language of the session, signed in or not.
pub(in crate::console) async fn language(
    State(relay): State<Arc<Relay>>,
    Session(mut row): Session,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let lang = Lang::from_tag(posted.get("lang")).ok_or(ConsoleError::BadForm)?;
    row.lang = lang.tag().into();
    let written = relay.store.write_async(move |tx| tx.put_session(&row));
    written
        .await
        .map_err(|e: StoreError| ConsoleError::from(e))?;
    Ok(Redirect::to(&local(posted.get("here"))).into_response())
}

async fn start(
    relay: Arc<Relay>,
    user: Option<String>,
    lang: Lang,
) -> Result<(SessionRow, axum::http::HeaderValue), ConsoleError> {
    let started = tokio::task::spawn_blocking(move || session::start(&relay, user, lang)).await;
    Ok(started.map_err(|e| ConsoleError::Internal(e.to_string()))??)
}

fn lang_of(row: &SessionRow) -> Lang {
    Lang::from_tag(&row.lang).unwrap_or_default()
}

/// An address of this console: anything else leads to the inbox, never to another site.
fn local(next: &str) -> String {
    let inside = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|b| b.is_ascii() && !b.is_ascii_control());
    if inside { next.to_owned() } else { "/".into() }
}

fn page(row: &SessionRow, next: String) -> LoginPage {
    LoginPage {
        ui: Ui::outside(lang_of(row), &row.csrf, "login"),
        problem: None,
        user: String::new(),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_sign_in_one_stays_on_this_site() {
        assert_eq!(local("/records/01?x=1"), "/records/01?x=1");
        for other in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "/a\r\nb",
            "/a\0b",
            "/a\x7fb",
        ] {
            assert_eq!(local(other), "/", "{other}");
        }
    }
}
