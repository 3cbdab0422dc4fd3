//! One fraud warning, household by household: who has heard it and who has not.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query as Raw, State};
use axum::response::Response;

use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::stored::Stored;
use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager, Row, Tile};
use crate::relay::Relay;
use crate::store::Outcome;

/// A warning's page.
#[derive(Template)]
#[template(path = "warning.html")]
pub struct WarningPage {
    /// Surroundings.
    pub ui: Ui,
    /// Its id.
    pub id: String,
    /// Code of its state.
    pub state: String,
    /// What it says.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// Level in words.
    pub level: String,
    /// Kind of fraud in words.
    pub fraud_type: String,
    /// When it was issued.
    pub issued: String,
    /// Until when it holds.
    pub expires: String,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// Which households are shown.
    pub outcomes: Vec<Choosable>,
    /// Households.
    pub rows: Vec<Row>,
    /// Where one is.
    pub pager: Pager,
}

const OUTCOMES: [(&str, Outcome); 4] = [
    ("all", Outcome::All),
    ("unheard", Outcome::Unheard),
    ("heard", Outcome::Heard),
    ("money", Outcome::Money),
];

/// A warning by its id.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(campaign): Path<String>,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "warnings", move |context, ui| {
        build(context, ui, &campaign, &query)
    })
    .await
}

fn build(
    context: &Context<'_>,
    ui: Ui,
    campaign: &str,
    query: &Query,
) -> Result<WarningPage, ConsoleError> {
    let scopes = context.places.seen();
    let sample = context.tx.campaign_sample(&scopes, campaign)?;
    let sample = sample.ok_or(ConsoleError::NotFound)?;
    let record = Stored::of(&sample);
    let words = &context.words;
    let lang = words.lang;
    let asked = query.get("outcome").unwrap_or("all");
    let outcome = OUTCOMES.iter().find(|(name, _)| *name == asked);
    let outcome = outcome.ok_or(ConsoleError::NotFound)?.1;
    let tally = context.tx.tally(&scopes, Some(campaign), None, None)?;
    let total = match outcome {
        Outcome::All => tally.total,
        Outcome::Unheard => tally.unheard,
        Outcome::Heard => tally.heard,
        Outcome::Money => tally.money,
    };
    let rows = context
        .tx
        .recipients(&scopes, campaign, outcome, query.window())?;
    let path = format!("/warnings/{campaign}");
    let tile = |key: &'static str, name: &str, n: u64, alarm: bool| Tile {
        key,
        label: lang.text(&format!("warning.tile.{name}")),
        value: lang.fill("tile.households.value", &[("n", &n)]),
        detail: String::new(),
        href: format!("{path}?outcome={name}"),
        alarm: alarm && n > 0,
    };
    let issued = words.when(sample.received_at);
    let expires = words.iso_day(record.text("expires_on"));
    Ok(WarningPage {
        id: campaign.to_owned(),
        state: sample.state.clone(),
        text: record.text("text").to_owned(),
        advice: record.text("advice").to_owned(),
        level: words.code("fraud_warning_level", record.text("level")),
        fraud_type: words.code("fraud_type", record.text("fraud_type")),
        issued: lang.fill("warning.issued", &[("when", &issued)]),
        expires: lang.fill("warning.until", &[("when", &expires)]),
        tiles: vec![
            tile("money", "money", tally.money, true),
            tile("unheard", "unheard", tally.unheard, true),
            tile("heard", "heard", tally.heard, false),
            tile("all", "all", tally.total, false),
        ],
        outcomes: OUTCOMES
            .into_iter()
            .map(|(name, value)| Choosable {
                value: name.into(),
                label: lang.text(&format!("outcome.{name}")),
                chosen: value == outcome,
            })
            .collect(),
        rows: rows.iter().map(|row| context.recipient_row(row)).collect(),
        pager: Pager::new(query.page(), total, &query.base(&path)),
        ui,
    })
}
