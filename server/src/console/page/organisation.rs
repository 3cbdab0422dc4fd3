//! Grids and people: areas, workers, their phones and grants.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query as Raw, State};
use axum::response::{IntoResponse, Redirect, Response};
use qrcode::{EcLevel, QrCode, render::svg};
use xunge_protocol::system::OrgNode;
use xunge_protocol::{ScopeId, WriterId};
use xunge_records::Kind;

use super::action::blocking;
use super::refusal;
use crate::command::policy::Act;
use crate::command::{CommandError, worker};
use crate::console::context::{Context, draw, say};
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::places::GRID;
use crate::console::query::Query;
use crate::console::session::{Visitor, is_https};
use crate::console::ui::Ui;
use crate::console::view::Choosable;
use crate::relay::Relay;
use crate::store::{GroupBy, RecordFilter, Show, Worker, WriterRow};

/// An area below the shown one.
pub struct Child {
    /// Its scope.
    pub scope: String,
    /// Name.
    pub name: String,
    /// Administrative code.
    pub code: String,
    /// Households in it.
    pub households: u64,
    /// Workers in it.
    pub workers: u64,
}

/// A phone of a worker.
pub struct Device {
    /// Writer id.
    pub id: String,
    /// `active` or `revoked`.
    pub state: &'static str,
    /// Class of its colour.
    pub tone: &'static str,
    /// In words, with its last sync.
    pub text: String,
}

/// A grid worker.
pub struct WorkerCard {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Grants in words.
    pub grants: Vec<String>,
    /// Phones.
    pub devices: Vec<Device>,
}

/// An enrolment ticket, shown once.
pub struct TicketView {
    /// Whose it is.
    pub worker: String,
    /// SVG of the QR code.
    pub qr: String,
    /// What the QR code holds.
    pub text: String,
    /// Until when it can be used.
    pub expires: String,
    /// Ten digits that stand for it, in groups, as they are read out.
    pub code: String,
    /// Until when these can be used.
    pub code_expires: String,
}

/// The page.
#[derive(Template)]
#[template(path = "organisation.html")]
pub struct OrganisationPage {
    /// Surroundings.
    pub ui: Ui,
    /// The areas above, from the user's own.
    pub crumbs: Vec<Choosable>,
    /// Scope of the shown area.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// Level, code, households.
    pub lead: String,
    /// Whether it is a grid, where workers are added.
    pub grid: bool,
    /// What the areas below are.
    pub children_title: String,
    /// Areas below.
    pub children: Vec<Child>,
    /// Workers in it.
    pub workers: Vec<WorkerCard>,
    /// Whether the user may change anything.
    pub may_act: bool,
    /// A ticket made just now.
    pub ticket: Option<TicketView>,
    /// An unlock code told just now: worker and code.
    pub code: Option<(String, String)>,
}

/// Something that is shown once, on the answer to the form that asked for it.
enum Once {
    Nothing,
    Ticket(Box<TicketView>),
    Code(String, String),
}

/// An area with its workers.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    let silent = query.get("silent").is_some();
    let scope = query.get("scope").map(str::to_owned);
    page(relay, visitor, scope, silent, Once::Nothing).await
}

async fn page(
    relay: Arc<Relay>,
    visitor: Visitor,
    scope: Option<String>,
    silent: bool,
    once: Once,
) -> Result<Response, ConsoleError> {
    draw(relay, visitor, "organisation", move |context, ui| {
        let scope = context.chosen_scope(scope.as_deref())?;
        build(context, ui, scope, silent, once)
    })
    .await
}

fn build(
    context: &Context<'_>,
    ui: Ui,
    scope: ScopeId,
    silent: bool,
    once: Once,
) -> Result<OrganisationPage, ConsoleError> {
    let lang = context.words.lang;
    let node = context.places.get(scope).ok_or(ConsoleError::NotFound)?;
    let counted = RecordFilter {
        scopes: context.places.below(scope),
        ..context.filter(&[Kind::Household], Show::All)
    };
    let households = context.tx.count_groups(&counted, GroupBy::Scope)?;
    let workers = context.tx.workers_by_scope(&counted.scopes)?;
    let total = |scopes: &[ScopeId]| {
        let count = |scope: &ScopeId| households.get(&scope.to_string()).copied();
        scopes.iter().filter_map(count).sum::<u64>()
    };
    let children = context
        .places
        .children(scope)
        .map(|child| {
            let below = context.places.below(child.scope);
            Child {
                scope: child.scope.to_string(),
                name: child.name.clone(),
                code: child.code.clone(),
                households: total(&below),
                workers: below.iter().filter_map(|s| workers.get(s)).sum(),
            }
        })
        .collect();
    let (ticket, code) = match once {
        Once::Nothing => (None, None),
        Once::Ticket(ticket) => (Some(*ticket), None),
        Once::Code(name, code) => (None, Some((name, code))),
    };
    let crumbs = context.places.path(scope);
    Ok(OrganisationPage {
        crumbs: crumbs
            .into_iter()
            .filter(|node| node.scope != scope)
            .map(|node| Choosable {
                value: node.scope.to_string(),
                label: node.name.clone(),
                chosen: false,
            })
            .collect(),
        scope: scope.to_string(),
        name: node.name.clone(),
        lead: lang.fill(
            "org.lead",
            &[
                ("level", &context.words.code("org_level", &node.level)),
                ("code", &node.code),
                ("n", &total(&counted.scopes)),
            ],
        ),
        grid: node.level.as_str() >= GRID,
        children_title: children_title(context, node),
        children,
        workers: cards(context, scope, silent)?,
        may_act: context.may(Act::Equip),
        ticket,
        code,
        ui,
    })
}

fn children_title(context: &Context<'_>, node: &OrgNode) -> String {
    let key = format!("org.children.{}", node.level);
    context.words.lang.find(&key).unwrap_or_default().to_owned()
}

/// Most workers on one page; a larger area shows those of its own places one level down.
const MOST_WORKERS: usize = 200;

fn cards(
    context: &Context<'_>,
    scope: ScopeId,
    silent: bool,
) -> Result<Vec<WorkerCard>, ConsoleError> {
    const WEEK_MS: i64 = 7 * 86_400_000;
    let before = context.now().plus_millis(-WEEK_MS);
    let mut cards: Vec<WorkerCard> = Vec::new();
    for grid in context.places.below(scope) {
        for grant in context.tx.grants_in(grid)? {
            if cards.len() >= MOST_WORKERS || cards.iter().any(|card| card.id == grant.worker) {
                continue;
            }
            let Some(worker) = context.tx.worker(&grant.worker)? else {
                continue;
            };
            let phones = context.tx.writers(Some(&worker.id))?;
            let is_silent = |row: &WriterRow| {
                row.revoked_at.is_none() && row.last_seen_at.is_none_or(|seen| seen < before)
            };
            if !silent || phones.iter().any(is_silent) {
                cards.push(card(context, worker, &phones)?);
            }
        }
    }
    Ok(cards)
}

fn card(
    context: &Context<'_>,
    worker: Worker,
    phones: &[WriterRow],
) -> Result<WorkerCard, ConsoleError> {
    let words = &context.words;
    let mut grants = Vec::new();
    for grant in context.tx.grants_of(&worker.id)? {
        if context.places.sees(grant.scope) {
            let grid = context.places.full_name(grant.scope);
            let (key, at) = match grant.until {
                Some(until) => ("grant.ended", until),
                None => ("grant.since", grant.from),
            };
            let when = words.day_of(at);
            grants.push(words.lang.fill(key, &[("grid", &grid), ("when", &when)]));
        }
    }
    let device = |row: &WriterRow| {
        let id = row.id().to_string();
        let short = id.get(..6).unwrap_or_default().to_owned();
        let seen = row
            .last_seen_at
            .map_or_else(|| words.lang.text("time.never"), |at| words.when(at));
        let (state, tone, text) = match row.revoked_at {
            Some(_) => (
                "revoked",
                "grey",
                words.lang.fill("device.revoked", &[("id", &short)]),
            ),
            None => (
                "active",
                "green",
                words
                    .lang
                    .fill("device.active", &[("id", &short), ("when", &seen)]),
            ),
        };
        let text = match row.certificate.certificate.predecessor {
            Some(old) => {
                let old = old.to_string();
                let old = old.get(..6).unwrap_or_default();
                let more = words.lang.fill("device.copy", &[("id", &old)]);
                format!("{text} · {more}")
            }
            None => text,
        };
        Device {
            id,
            state,
            tone,
            text,
        }
    };
    Ok(WorkerCard {
        id: worker.id,
        name: worker.name,
        grants,
        devices: phones.iter().map(device).collect(),
    })
}

/// Adds a worker to a grid.
pub(in crate::console) async fn add(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Redirect, ConsoleError> {
    change(
        relay,
        visitor,
        posted,
        "done.grant",
        |relay, visitor, posted| {
            let scope = posted
                .get("scope")
                .parse()
                .map_err(|_| CommandError::NotFound)?;
            worker::add(relay, &visitor.actor, scope, posted.get("name")).map(drop)
        },
    )
    .await
}

/// Ends a worker's time in a grid.
pub(in crate::console) async fn close(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Redirect, ConsoleError> {
    change(
        relay,
        visitor,
        posted,
        "done.close",
        move |relay, visitor, posted| {
            let scope = posted
                .get("scope")
                .parse()
                .map_err(|_| CommandError::NotFound)?;
            worker::close(relay, &visitor.actor, &id, scope, posted.get("reason"))
        },
    )
    .await
}

/// Revokes a phone.
pub(in crate::console) async fn revoke(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Redirect, ConsoleError> {
    let device: WriterId = id.parse().map_err(|_| ConsoleError::NotFound)?;
    change(
        relay,
        visitor,
        posted,
        "done.revoke",
        move |relay, visitor, posted| {
            worker::revoke(relay, &visitor.actor, device, posted.get("reason"))
        },
    )
    .await
}

async fn change(
    relay: Arc<Relay>,
    visitor: Visitor,
    posted: Posted,
    done: &'static str,
    work: impl FnOnce(&Arc<Relay>, &Visitor, &Posted) -> Result<(), CommandError> + Send + 'static,
) -> Result<Redirect, ConsoleError> {
    blocking(move || {
        let lang = visitor.lang();
        let (good, text) = match work(&relay, &visitor, &posted) {
            Ok(()) => (true, lang.text(done)),
            Err(error) => (false, refusal::text(lang, error)?),
        };
        say(&relay, &visitor, good, &text)?;
        let scope: Option<ScopeId> = posted.get("scope").parse().ok();
        Ok(match scope {
            Some(scope) => Redirect::to(&format!("/organisation?scope={scope}")),
            None => Redirect::to("/organisation"),
        })
    })
    .await
}

/// Makes a ticket and shows it once.
pub(in crate::console) async fn enrol(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: axum::http::HeaderMap,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let scope = posted.some("scope");
    let url = match &relay.config.public_url {
        Some(url) => url.clone(),
        // Without a public address: where this browser found the relay.
        None => {
            let host = headers.get(axum::http::header::HOST);
            let host = host
                .and_then(|h| h.to_str().ok())
                .ok_or(ConsoleError::BadForm)?;
            let scheme = if is_https(&relay) { "https" } else { "http" };
            format!("{scheme}://{host}")
        }
    };
    let (inside, asking) = (relay.clone(), visitor.clone());
    let made = blocking(move || Ok(worker::enrol(&inside, &asking.actor, &id, &url))).await?;
    match made {
        Ok((worker, ticket, open)) => {
            let text = ticket.to_text();
            let words = crate::console::words::Words {
                lang: visitor.lang(),
                lists: crate::console::context::lists(),
                now: relay.now(),
            };
            let until = |key, at| words.lang.fill(key, &[("when", &words.when(at))]);
            let view = TicketView {
                worker: worker.name,
                qr: qr(&text)?,
                expires: until("enrol.expires", ticket.expires_at),
                text,
                code: open.code.grouped(),
                code_expires: until("enrol.code.expires", open.expires_at),
            };
            page(relay, visitor, scope, false, Once::Ticket(Box::new(view))).await
        }
        Err(error) => sorry(relay, visitor, error, "refused.failed").await,
    }
}

/// Tells an unlock code once.
pub(in crate::console) async fn unlock(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let scope = posted.some("scope");
    let (inside, asking) = (relay.clone(), visitor.clone());
    let told = blocking(move || Ok(worker::unlock_code(&inside, &asking.actor, &id))).await?;
    match told {
        Ok((worker, code)) => {
            // In groups of four, as it is read aloud.
            let groups = [code.get(..4), code.get(4..8), code.get(8..)];
            let code = groups.into_iter().flatten().collect::<Vec<_>>().join(" ");
            page(relay, visitor, scope, false, Once::Code(worker.name, code)).await
        }
        Err(error) => sorry(relay, visitor, error, "unlock.none").await,
    }
}

async fn sorry(
    relay: Arc<Relay>,
    visitor: Visitor,
    error: CommandError,
    not_possible: &'static str,
) -> Result<Response, ConsoleError> {
    blocking(move || {
        let lang = visitor.lang();
        let text = match error {
            CommandError::NotPossible(_) => lang.text(not_possible),
            error => refusal::text(lang, error)?,
        };
        say(&relay, &visitor, false, &text)?;
        Ok(Redirect::to("/organisation").into_response())
    })
    .await
}

/// A ticket as inline SVG.
fn qr(text: &str) -> Result<String, ConsoleError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| ConsoleError::Internal(error.to_string()))?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .build();
    // Inside a page the XML declaration is no part of the picture.
    let start = picture.find("<svg").unwrap_or(0);
    Ok(picture.get(start..).unwrap_or_default().to_owned())
}
