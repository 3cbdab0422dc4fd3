//! What a supervisor does to a record: one address a verb, one form for all of them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use xunge_protocol::{Hash32, RecordId};
use xunge_records::{MediaRef, Value};

use super::{record, record_parts, refusal, shares};
use crate::audit::AuditEvent;
use crate::command::agree::Agree;
use crate::command::approve::Approve;
use crate::command::assign::Assign;
use crate::command::escalate::Escalate;
use crate::command::reopen::Reopen;
use crate::command::resolve::Resolve;
use crate::command::return_::Return;
use crate::command::settle::Settle;
use crate::command::transfer::Transfer;
use crate::command::{self, Action, NewOwner, Order};
use crate::console::context::{look, say};
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::session::{REVEAL_MS, Visitor};
use crate::media::{self, MediaFailure};
use crate::relay::Relay;
use crate::store::{MediaOwner, StoreError};

/// Carries out a verb on a record, and shows the record again.
pub(in crate::console) async fn perform(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path((id, verb)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let id: RecordId = id.parse().map_err(|_| ConsoleError::NotFound)?;
    // Before anything else: what lies outside is not there, whatever is asked of it.
    look(relay.clone(), visitor.clone(), move |context| {
        record::find(context, id).map(drop)
    })
    .await?;
    blocking(move || {
        let lang = visitor.lang();
        if verb == "reveal" {
            return reveal(&relay, &visitor, id, &posted);
        }
        if verb == "erase" {
            return erase(&relay, &visitor, id, &posted);
        }
        match verb.as_str() {
            "share" => return shares::set(&relay, &visitor, id, &posted),
            "unshare" => return shares::end_in_file(&relay, &visitor, id, &posted),
            _ => {}
        }
        let (good, text) = match order(&relay, &visitor, id, &verb, &posted)? {
            Err(key) => (false, lang.text(key)),
            Ok(order) => match command::perform(&relay, &visitor.actor, order) {
                Ok(_) => (true, lang.text(&format!("done.{verb}"))),
                Err(error) => (false, refusal::text(lang, error)?),
            },
        };
        say(&relay, &visitor, good, &text)?;
        Ok(Redirect::to(&format!("/records/{id}")).into_response())
    })
    .await
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConsoleError> + Send + 'static,
) -> Result<T, ConsoleError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(ConsoleError::Internal(error.to_string())))
}

/// The order in a form, or the key of what is wrong with it.
fn order(
    relay: &Relay,
    visitor: &Visitor,
    record: RecordId,
    verb: &str,
    posted: &Posted,
) -> Result<Result<Order, &'static str>, ConsoleError> {
    let note = posted.get("note").to_owned();
    let mut reason = posted.get("reason").to_owned();
    let owner = || {
        let typed = posted.some("owner");
        let scope = typed.as_deref().and_then(|owner| owner.parse().ok());
        NewOwner {
            name: typed.filter(|_| scope.is_none()),
            scope,
            deadline: posted.some("deadline"),
        }
    };
    let action = match verb {
        "assign" => Action::Assign(Assign { owner: owner() }),
        "approve" => Action::Approve(Approve { note: note.clone() }),
        "return" => {
            let audio = match posted.file() {
                Some((_, bytes)) => match keep_audio(relay, bytes)? {
                    Some(audio) => Some(audio),
                    None => return Ok(Err("refused.audio")),
                },
                None => None,
            };
            Action::Return(Return {
                note: note.clone(),
                audio,
            })
        }
        "escalate" => Action::Escalate(Escalate {
            deadline: posted.some("deadline"),
        }),
        "transfer" => {
            let mut owner = owner();
            if let Some(elsewhere) = posted.some("elsewhere") {
                owner.scope = None;
                owner.name = Some(elsewhere);
            }
            Action::Transfer(Transfer { owner })
        }
        "agree" => Action::Agree(Agree {
            note: note.clone(),
            ..Agree::default()
        }),
        "resolve" => Action::Resolve(Resolve {
            code: posted.some("method"),
            note: note.clone(),
        }),
        "reopen" => Action::Reopen(Reopen),
        "settle" => {
            let Some((field, value)) = posted.get("choice").split_once('=') else {
                return Err(ConsoleError::BadForm);
            };
            let value: Value = serde_json::from_str(value).map_err(|_| ConsoleError::BadForm)?;
            if let Some(said) = posted.some("settle_reason") {
                reason = said;
            }
            if reason.is_empty() {
                reason = visitor.lang().text("settle.reason");
            }
            Action::Settle(Settle {
                field: field.to_owned(),
                value,
            })
        }
        _ => return Err(ConsoleError::NotFound),
    };
    // Who wrote only a note has said why.
    if reason.is_empty() {
        reason = note;
    }
    Ok(Ok(Order {
        record,
        version: posted.get("version").parse().ok(),
        reason,
        action,
    }))
}

/// Keeps a recording; nothing if it is none that phones and browsers play. What it is, its first bytes say.
fn keep_audio(relay: &Relay, bytes: &[u8]) -> Result<Option<MediaRef>, ConsoleError> {
    let mime = media::media_type(bytes);
    if !mime.starts_with("audio/") {
        return Ok(None);
    }
    let hash = media::keep(relay, MediaOwner::Console, bytes)
        .map_err(|error| ConsoleError::Internal(error.to_string()))?;
    Ok(Some(MediaRef {
        hash,
        mime: mime.into(),
        bytes: bytes.len() as u64,
    }))
}

fn reveal(
    relay: &Arc<Relay>,
    visitor: &Visitor,
    id: RecordId,
    posted: &Posted,
) -> Result<Response, ConsoleError> {
    let lang = visitor.lang();
    let reason = posted.get("reason");
    let (good, text) = match command::reveal(relay, &visitor.actor, id, reason) {
        Ok(_) => {
            let (session, until) = (
                visitor.session.token_hash,
                relay.now().plus_millis(REVEAL_MS),
            );
            relay
                .store
                .write::<_, StoreError>(move |tx| tx.put_reveal(session, id, until))?;
            (true, lang.text("done.reveal"))
        }
        Err(error) => (false, refusal::text(lang, error)?),
    };
    say(relay, visitor, good, &text)?;
    Ok(Redirect::to(&format!("/records/{id}")).into_response())
}

fn erase(
    relay: &Arc<Relay>,
    visitor: &Visitor,
    id: RecordId,
    posted: &Posted,
) -> Result<Response, ConsoleError> {
    let lang = visitor.lang();
    let (good, text, to) = match command::erase(relay, &visitor.actor, id, posted.get("reason")) {
        Ok(_) => (true, lang.text("done.erase"), "/".to_owned()),
        Err(error) => (false, refusal::text(lang, error)?, format!("/records/{id}")),
    };
    say(relay, visitor, good, &text)?;
    Ok(Redirect::to(&to).into_response())
}

/// A recording or picture of a record that the user sees. Each opening stands in the audit log.
pub(in crate::console) async fn file(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path((id, hash)): Path<(String, String)>,
    headers: axum::http::HeaderMap,
) -> Result<Response, ConsoleError> {
    let id: RecordId = id.parse().map_err(|_| ConsoleError::NotFound)?;
    let hash: Hash32 = hash.parse().map_err(|_| ConsoleError::NotFound)?;
    let actor = visitor.actor.user.clone();
    let scope = look(relay.clone(), visitor, move |context| {
        let (record, row) = record::find(context, id)?;
        if record_parts::refers_to(&record, hash) {
            Ok(row.scope)
        } else {
            Err(ConsoleError::NotFound)
        }
    })
    .await?;
    let answer =
        media::serve(relay.clone(), hash, &headers)
            .await
            .or_else(|failure| match failure {
                MediaFailure::Range(_) => Ok(failure.into_response()),
                _ => Err(ConsoleError::NotFound),
            })?;
    // A player asks for the rest in pieces: only the beginning is an opening.
    let rest = answer
        .headers()
        .get(header::CONTENT_RANGE)
        .is_some_and(|range| !range.as_bytes().starts_with(b"bytes 0-"));
    if !rest {
        blocking(move || {
            let now = relay.now();
            let event = AuditEvent::new(&actor, "media").about(id).within(scope);
            relay
                .store
                .write::<_, StoreError>(move |tx| tx.append_audit(&event, now).map(drop))?;
            Ok(())
        })
        .await?;
    }
    Ok(answer)
}
