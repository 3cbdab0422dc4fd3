//! Households: where, last visited when, which are due.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Raw, State};
use axum::response::Response;
use xunge_protocol::ScopeId;
use xunge_records::lists::CodeLists;

use crate::command::policy::Act;
use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::places::{GRID, TOWN, VILLAGE};
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager, Row, Tile};
use crate::relay::Relay;
use crate::store::{HouseholdCounts, HouseholdFilter, HouseholdShow};

/// The list of households.
#[derive(Template)]
#[template(path = "households.html")]
pub struct HouseholdsPage {
    /// Surroundings.
    pub ui: Ui,
    /// A line below the heading.
    pub lead: String,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// What was searched for.
    pub q: String,
    /// Villages and grids to choose from.
    pub areas: Vec<Choosable>,
    /// All, due, never visited.
    pub shows: Vec<Choosable>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Where one is.
    pub pager: Pager,
    /// Whether the user may warn those chosen.
    pub may_issue: bool,
}

/// How deep the choice of areas goes: a town's user chooses grids, the county's user villages.
pub(super) fn choice_level(context: &Context<'_>) -> &'static str {
    let root = context.places.get(context.places.root());
    match root.map(|node| node.level.as_str()) {
        Some(level) if level >= TOWN => GRID,
        _ => VILLAGE,
    }
}

/// Days between visits by tier, from the county's list.
pub(super) fn intervals(lists: &CodeLists) -> std::collections::BTreeMap<String, u32> {
    let presets = lists.get("visit_interval_preset").map(|list| list.codes());
    let preset = |code: &xunge_records::lists::Code| {
        let tier = code.more.get("tier").filter(|tier| !tier.is_empty())?;
        Some((tier.clone(), code.more.get("days")?.parse().ok()?))
    };
    presets
        .unwrap_or_default()
        .iter()
        .filter_map(preset)
        .collect()
}

/// The list of households.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "households", move |context, ui| {
        build(context, ui, &query)
    })
    .await
}

fn build(context: &Context<'_>, ui: Ui, query: &Query) -> Result<HouseholdsPage, ConsoleError> {
    let lang = context.words.lang;
    let scope = area(context, query)?;
    let shows = [
        ("all", HouseholdShow::All),
        ("due", HouseholdShow::Due),
        ("never", HouseholdShow::Never),
    ];
    let asked = query.get("show").unwrap_or("all");
    let show = shows.iter().find(|(name, _)| *name == asked);
    let show = show.ok_or(ConsoleError::NotFound)?.1;
    let filter = HouseholdFilter {
        scopes: context.places.below(scope),
        show,
        text: query.get("q").map(str::to_owned),
        intervals: intervals(context.words.lists),
        today: context.today(),
    };
    let counts = context.tx.count_households(&HouseholdFilter {
        text: None,
        ..filter.clone()
    })?;
    let total = match &filter.text {
        Some(_) => context.tx.count_households(&filter)?.of(show),
        None => counts.of(show),
    };
    let rows = context.tx.list_households(&filter, query.window())?;
    Ok(HouseholdsPage {
        lead: lang.fill("household.lead", &[("n", &total)]),
        tiles: tiles(context, counts, scope),
        q: query.get("q").unwrap_or_default().to_owned(),
        areas: context.places.choices(scope, choice_level(context)),
        shows: shows
            .into_iter()
            .map(|(name, value)| Choosable {
                value: name.into(),
                label: lang.text(&format!("show.{name}")),
                chosen: value == show,
            })
            .collect(),
        rows: rows.iter().map(|row| context.household_row(row)).collect(),
        pager: Pager::new(query.page(), total, &query.base("/households")),
        may_issue: context.may(Act::Warn),
        ui,
    })
}

/// The area that is asked for. Without a wish the county's user sees the first town: all households of a county at once
/// are no list that anybody reads.
fn area(context: &Context<'_>, query: &Query) -> Result<ScopeId, ConsoleError> {
    let chosen = context.chosen_scope(query.get("scope"))?;
    let node = context.places.get(chosen);
    if query.get("scope").is_none() && node.is_some_and(|node| node.level.as_str() < TOWN) {
        let first = context.places.children(chosen).next();
        return Ok(first.map_or(chosen, |town| town.scope));
    }
    Ok(chosen)
}

fn tiles(context: &Context<'_>, counts: HouseholdCounts, scope: ScopeId) -> Vec<Tile> {
    let lang = context.words.lang;
    let tile = |key: &'static str, label: &str, n: u64, name: &str, alarm: bool| Tile {
        key,
        label: lang.text(label),
        value: lang.fill("tile.households.value", &[("n", &n)]),
        detail: String::new(),
        href: format!("/households?scope={scope}&show={name}"),
        alarm: alarm && n > 0,
    };
    vec![
        tile("households", "tile.households", counts.all, "all", false),
        tile("due", "tile.due", counts.due, "due", false),
        tile("never", "tile.unseen", counts.never, "never", false),
    ]
}
