//! Hands in what a courier carried on a file, and gives the answers to take home.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use xunge_protocol::Pouch;

use crate::audit::AuditEvent;
use crate::console::context::{draw, say};
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::relay::Relay;
use crate::store::StoreError;
use crate::sync::courier::{self, Brought};

/// The page.
#[derive(Template)]
#[template(path = "courier.html")]
pub struct CourierPage {
    /// Surroundings.
    pub ui: Ui,
}

/// The page.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
) -> Result<Response, ConsoleError> {
    draw(relay, visitor, "courier", |_, ui| Ok(CourierPage { ui })).await
}

/// Takes the file. Its bundles are the workers' own sealed work, so that whoever may sign in may hand it in; what they
/// bring is judged like anything that a phone sends. Answers with the file that goes home.
pub(in crate::console) async fn take(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    super::action::blocking(move || {
        let lang = visitor.lang();
        let pouch = posted
            .file()
            .and_then(|(_, bytes)| Pouch::from_bytes(bytes).ok());
        let Some(pouch) = pouch else {
            say(&relay, &visitor, false, &lang.text("courier.bad"))?;
            return Ok(Redirect::to("/courier").into_response());
        };
        let (mut home, mut entries, mut refused) = (Pouch::default(), 0, 0u64);
        let internal = |e: crate::sync::SyncFailure| ConsoleError::Internal(e.to_string());
        for bundle in &pouch.0 {
            match courier::take(&relay, bundle).map_err(internal)? {
                Brought::Taken {
                    entries: n,
                    home: answer,
                } => {
                    entries += n;
                    home.0.push(answer);
                }
                Brought::Refused(_) => refused += 1,
            }
        }
        let (actor, now) = (&visitor.actor, relay.now());
        let detail = serde_json::json!({
            "bundles": home.0.len(), "entries": entries, "refused": refused,
        });
        let event = AuditEvent::new(&actor.user, "courier")
            .within(actor.scope)
            .with(detail);
        relay
            .store
            .write::<_, StoreError>(move |tx| tx.append_audit(&event, now).map(drop))?;
        let numbers: [(&str, &dyn std::fmt::Display); 3] = [
            ("bundles", &home.0.len()),
            ("entries", &entries),
            ("refused", &refused),
        ];
        if home.0.is_empty() {
            say(
                &relay,
                &visitor,
                false,
                &lang.fill("courier.none", &numbers),
            )?;
            return Ok(Redirect::to("/courier").into_response());
        }
        say(
            &relay,
            &visitor,
            true,
            &lang.fill("courier.taken", &numbers),
        )?;
        let name = "attachment; filename=\"xunge-home.xgc\"";
        Ok((
            [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, name),
            ],
            home.to_bytes(),
        )
            .into_response())
    })
    .await
}
