//! People who live in one grid and are registered in another: the list of them, and the part of a person's file about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query as Raw, State};
use axum::response::{IntoResponse, Redirect, Response};
use xunge_protocol::system::Share;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{Kind, Record};

use super::action::blocking;
use super::refusal;
use crate::command::policy::Act;
use crate::command::{self, Acts, CommandError};
use crate::console::context::{Context, draw, say};
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::places::GRID;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager};
use crate::relay::Relay;
use crate::store::StoreError;

/// Where a person lives and is registered, in words.
pub struct Living {
    /// The person's record.
    pub record: String,
    /// Masked name.
    pub name: String,
    /// Page of the record; empty where it lies outside what the user sees.
    pub href: String,
    /// Grid of the home.
    pub residence: String,
    /// Grid of the registration.
    pub registered: String,
    /// The one that acts.
    pub acts: String,
    /// Since when.
    pub since: String,
}

/// The part of a person's file about the two grids.
pub struct Sharing {
    /// The share in force.
    pub living: Option<Living>,
    /// Code of the grid that reads the record now; may be empty.
    pub guest: String,
    /// Whether that grid acts.
    pub guest_acts: bool,
    /// Grids to choose from; others by their code.
    pub grids: Vec<Choosable>,
}

/// The list.
#[derive(Template)]
#[template(path = "shares.html")]
pub struct SharesPage {
    /// Surroundings.
    pub ui: Ui,
    /// Whether the user may end a share.
    pub may_act: bool,
    /// The people.
    pub people: Vec<Living>,
    /// Where one is.
    pub pager: Pager,
}

/// The list of those whose home or registration the user sees.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "households", move |context, ui| {
        let scopes = context.places.seen();
        let total = context.tx.count_shares_in(&scopes)?;
        let shares = context.tx.shares_in(&scopes, query.window())?;
        Ok(SharesPage {
            may_act: context.may(Act::Decide),
            people: shares.iter().map(|share| living(context, share)).collect(),
            pager: Pager::new(query.page(), total, "/shares"),
            ui,
        })
    })
    .await
}

/// What the file of `record` says about it; none for anything but a person.
pub(super) fn part(
    context: &Context<'_>,
    record: &Record,
) -> Result<Option<Sharing>, ConsoleError> {
    if record.kind != Kind::Person {
        return Ok(None);
    }
    let shares = context.tx.shares_of(record.id)?;
    let share = shares.iter().find(|share| share.is_in_force());
    let seen = context.places.seen().into_iter();
    let grids = seen.filter_map(|scope| context.places.get(scope));
    Ok(Some(Sharing {
        living: share.map(|share| living(context, share)),
        guest: share
            .and_then(|share| context.places.get(share.guest))
            .map(|node| node.code.clone())
            .unwrap_or_default(),
        guest_acts: share.is_some_and(|share| share.acts == share.guest),
        grids: grids
            .filter(|node| node.level.as_str() >= GRID && Some(node.scope) != record.scope)
            .map(|node| Choosable {
                value: node.code.clone(),
                label: context.places.full_name(node.scope),
                chosen: share.is_some_and(|share| share.guest == node.scope),
            })
            .collect(),
    }))
}

fn living(context: &Context<'_>, share: &Share) -> Living {
    let record = share.record.to_string();
    let seen = context.places.sees(share.home);
    Living {
        name: context.record_name(&record).unwrap_or_default(),
        href: match seen {
            true => format!("/records/{record}"),
            false => String::new(),
        },
        residence: context.places.full_name(share.home),
        registered: context.places.full_name(share.guest),
        acts: context.places.full_name(share.acts),
        since: context.words.day_of(share.from),
        record,
    }
}

/// Says in a person's file where the person is registered, and who acts. Blocks.
pub(super) fn set(
    relay: &Arc<Relay>,
    visitor: &Visitor,
    record: RecordId,
    posted: &Posted,
) -> Result<Response, ConsoleError> {
    let acts = match posted.get("acts") {
        "registered" => Acts::Registered,
        _ => Acts::Residence,
    };
    let done = match grid(relay, posted.get("guest"))? {
        Some(guest) => {
            let reason = posted.get("reason");
            command::share(relay, &visitor.actor, record, guest, acts, reason)
        }
        None => Err(CommandError::BadInput {
            field: "guest",
            problem: "is no place of this county".into(),
        }),
    };
    answer(relay, visitor, done, "share", &format!("/records/{record}"))
}

/// Ends it from a person's file. Blocks.
pub(super) fn end_in_file(
    relay: &Arc<Relay>,
    visitor: &Visitor,
    record: RecordId,
    posted: &Posted,
) -> Result<Response, ConsoleError> {
    let done = command::unshare(relay, &visitor.actor, record, posted.get("reason"));
    answer(
        relay,
        visitor,
        done,
        "unshare",
        &format!("/records/{record}"),
    )
}

/// Ends it from the list, where the supervisor of either grid may.
pub(in crate::console) async fn end(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let record: RecordId = id.parse().map_err(|_| ConsoleError::NotFound)?;
    blocking(move || {
        let done = command::unshare(&relay, &visitor.actor, record, posted.get("reason"));
        answer(&relay, &visitor, done, "unshare", "/shares")
    })
    .await
}

fn answer(
    relay: &Arc<Relay>,
    visitor: &Visitor,
    done: Result<Share, CommandError>,
    what: &str,
    to: &str,
) -> Result<Response, ConsoleError> {
    let lang = visitor.lang();
    let (good, text) = match done {
        Ok(_) => (true, lang.text(&format!("done.{what}"))),
        Err(CommandError::NotPossible(_)) => (false, lang.text("refused.share")),
        Err(error) => (false, refusal::text(lang, error)?),
    };
    say(relay, visitor, good, &text)?;
    Ok(Redirect::to(to).into_response())
}

/// The place that a supervisor names by its code, its scope, or as the list of choices writes it: `NAME CODE`.
fn grid(relay: &Relay, text: &str) -> Result<Option<ScopeId>, ConsoleError> {
    let code = text.trim().to_owned();
    let now = relay.now();
    Ok(relay.store.read::<_, StoreError>(|tx| {
        if let Ok(scope) = code.parse::<ScopeId>() {
            return Ok(Some(scope));
        }
        Ok(tx.org_node_by_code(&code, now)?.map(|node| node.scope))
    })?)
}
