//! Writing a fraud warning and choosing whom it reaches.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Raw, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::lists::calendar;

use super::action::blocking;
use super::refusal;
use crate::command::policy::Act;
use crate::command::{self, CommandError, IssueWarning};
use crate::console::context::{Context, draw, say};
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::places::{TOWN, VILLAGE};
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::Choosable;
use crate::relay::Relay;

/// A village with its grids.
pub struct Area {
    /// Scope of the village.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// Whether it is unfolded.
    pub open: bool,
    /// Its grids.
    pub grids: Vec<Choosable>,
}

/// The form.
#[derive(Template)]
#[template(path = "warning_new.html")]
pub struct WarningNewPage {
    /// Surroundings.
    pub ui: Ui,
    /// Why the last try failed.
    pub problem: Option<String>,
    /// What it says.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// Kinds of fraud.
    pub types: Vec<Choosable>,
    /// Levels.
    pub levels: Vec<Choosable>,
    /// Until when it holds, ISO date.
    pub expires_on: String,
    /// Household ids typed.
    pub households: String,
    /// Households ticked on the list.
    pub chosen: Vec<Choosable>,
    /// Towns to choose from, for a user of the county.
    pub towns: Vec<Choosable>,
    /// Villages of the town.
    pub areas: Vec<Area>,
}

/// Days that a warning holds unless its writer says otherwise.
const USUAL_DAYS: i64 = 30;

/// What was typed before, or what a list brought along.
#[derive(Default)]
struct Typed {
    problem: Option<String>,
    text: String,
    advice: Option<String>,
    fraud_type: Option<String>,
    level: Option<String>,
    expires_on: Option<String>,
    households: String,
    chosen: Vec<String>,
    scopes: Vec<String>,
    town: Option<String>,
}

/// The empty form, or one with the households that were ticked on their list.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    let typed = Typed {
        chosen: query.all("households").map(str::to_owned).collect(),
        town: query.get("town").map(str::to_owned),
        ..Typed::default()
    };
    page(relay, visitor, typed).await
}

async fn page(relay: Arc<Relay>, visitor: Visitor, typed: Typed) -> Result<Response, ConsoleError> {
    draw(relay, visitor, "warnings", move |context, ui| {
        build(context, ui, typed)
    })
    .await
}

fn build(context: &Context<'_>, ui: Ui, typed: Typed) -> Result<WarningNewPage, ConsoleError> {
    if !context.may(Act::Warn) {
        return Err(ConsoleError::Forbidden);
    }
    let words = &context.words;
    let options = |list: &str, chosen: &str| {
        let codes = words.codes(list).into_iter();
        codes
            .map(|(value, label)| Choosable {
                chosen: value == chosen,
                value,
                label,
            })
            .collect()
    };
    let today: Date = calendar::date_of(context.now());
    let later = today
        .checked_add(jiff::Span::new().days(USUAL_DAYS))
        .unwrap_or(today);
    let (towns, areas) = areas(context, &typed)?;
    Ok(WarningNewPage {
        problem: typed.problem,
        text: typed.text,
        advice: typed
            .advice
            .unwrap_or_else(|| words.lang.text("warning.advice.default")),
        types: options("fraud_type", typed.fraud_type.as_deref().unwrap_or("F08")),
        levels: options("fraud_warning_level", typed.level.as_deref().unwrap_or("3")),
        expires_on: typed.expires_on.unwrap_or_else(|| later.to_string()),
        households: typed.households,
        chosen: typed
            .chosen
            .iter()
            .filter_map(|id| {
                Some(Choosable {
                    label: context.record_name(id)?,
                    value: id.clone(),
                    chosen: true,
                })
            })
            .collect(),
        towns,
        areas,
        ui,
    })
}

/// Towns to choose from (for a user above them), and the villages with grids of the chosen one.
fn areas(
    context: &Context<'_>,
    typed: &Typed,
) -> Result<(Vec<Choosable>, Vec<Area>), ConsoleError> {
    let root = context.places.root();
    let level = context.places.get(root).map(|node| node.level.clone());
    let above = level.as_deref().is_some_and(|level| level < TOWN);
    let (towns, place) = if above {
        let chosen = match &typed.town {
            Some(town) => context.chosen_scope(Some(town))?,
            None => context
                .places
                .children(root)
                .next()
                .map_or(root, |town| town.scope),
        };
        let towns = context.places.children(root).map(|town| Choosable {
            value: town.scope.to_string(),
            label: town.name.clone(),
            chosen: town.scope == chosen,
        });
        (towns.collect(), chosen)
    } else {
        (Vec::new(), root)
    };
    let area = |scope: ScopeId, grids: Vec<ScopeId>, open: bool| Area {
        scope: scope.to_string(),
        name: context.places.name(scope),
        open,
        grids: grids
            .into_iter()
            .map(|grid| Choosable {
                value: grid.to_string(),
                label: context.places.name(grid),
                chosen: typed.scopes.contains(&grid.to_string()),
            })
            .collect(),
    };
    let place_level = context.places.get(place).map(|node| node.level.clone());
    let areas = if place_level.as_deref().is_some_and(|level| level >= VILLAGE) {
        let grids = context.places.children(place).map(|grid| grid.scope);
        vec![area(place, grids.collect(), true)]
    } else {
        let villages = context.places.children(place);
        villages
            .map(|village| {
                let grids = context
                    .places
                    .children(village.scope)
                    .map(|grid| grid.scope);
                area(village.scope, grids.collect(), false)
            })
            .collect()
    };
    Ok((towns, areas))
}

/// Sends a warning.
pub(in crate::console) async fn send(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, ConsoleError> {
    let lang = visitor.lang();
    let mut warning = IssueWarning {
        fraud_type: posted.some("fraud_type").unwrap_or_else(|| "F99".into()),
        level: posted.some("level").unwrap_or_else(|| "3".into()),
        text: posted.get("text").to_owned(),
        advice: posted.get("advice").to_owned(),
        expires_on: posted.get("expires_on").to_owned(),
        reason: posted.get("reason").to_owned(),
        ..IssueWarning::default()
    };
    let mut problem = None;
    // One a line, or separated by commas of either script.
    let typed = posted.all("households");
    let ids =
        typed.flat_map(|text| text.split(|c: char| c.is_whitespace() || ",;，；、".contains(c)));
    for id in ids.filter(|id| !id.is_empty()) {
        match id.parse::<RecordId>() {
            Ok(id) => warning.households.push(id),
            Err(_) => problem = Some(lang.fill("warning.bad.household", &[("id", &id)])),
        }
    }
    for scope in posted.all("scopes") {
        warning
            .scopes
            .push(scope.parse().map_err(|_| ConsoleError::NotFound)?);
    }
    let problem = match problem {
        Some(problem) => problem,
        None => {
            let (inside, asking) = (relay.clone(), visitor.clone());
            let sent =
                blocking(move || Ok(command::issue_warning(&inside, &asking.actor, warning)))
                    .await?;
            match sent {
                Ok(issued) => {
                    let text = lang.fill("done.issue", &[("n", &issued.households)]);
                    blocking(move || Ok(say(&relay, &visitor, true, &text)?)).await?;
                    let page = format!("/warnings/{}", issued.campaign);
                    return Ok(Redirect::to(&page).into_response());
                }
                Err(CommandError::BadInput { field, problem }) => {
                    let key = match field {
                        "text" if problem.contains("required") => "warning.bad.text",
                        "text" | "advice" => "warning.bad.link",
                        "expires_on" => "warning.bad.expires",
                        _ => "warning.bad.whom",
                    };
                    lang.text(key)
                }
                Err(error) => refusal::text(lang, error)?,
            }
        }
    };
    let typed = Typed {
        problem: Some(problem),
        text: posted.get("text").to_owned(),
        advice: Some(posted.get("advice").to_owned()),
        fraud_type: posted.some("fraud_type"),
        level: posted.some("level"),
        expires_on: posted.some("expires_on"),
        households: posted.get("households").to_owned(),
        chosen: Vec::new(),
        scopes: posted.all("scopes").map(str::to_owned).collect(),
        town: None,
    };
    let mut response = page(relay, visitor, typed).await?;
    *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}
