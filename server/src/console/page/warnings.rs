//! All fraud warnings, each with how many heard it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Raw, State};
use axum::response::Response;

use crate::command::policy::Act;
use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::stored::Stored;
use crate::console::ui::Ui;
use crate::console::view::Pager;
use crate::relay::Relay;
use crate::store::CampaignRow;

/// One warning over all grids that it went to.
pub struct Campaign {
    /// Its id.
    pub id: String,
    /// Code of its state: `W10` issued.
    pub state: String,
    /// What it says.
    pub text: String,
    /// Kind of fraud in words.
    pub fraud_type: String,
    /// Level in words.
    pub level: String,
    /// Class of the level's colour.
    pub tone: &'static str,
    /// Issued and expiring when.
    pub when: String,
    /// Households that were warned.
    pub total: u64,
    /// Of them, those that heard it.
    pub heard: u64,
    /// Those that did not yet.
    pub unheard: u64,
    /// Those where money was sent.
    pub money: u64,
}

/// The list of warnings.
#[derive(Template)]
#[template(path = "warnings.html")]
pub struct WarningsPage {
    /// Surroundings.
    pub ui: Ui,
    /// Whether the user may write one.
    pub may_issue: bool,
    /// The warnings, newest first.
    pub campaigns: Vec<Campaign>,
    /// Where one is.
    pub pager: Pager,
}

/// The list of warnings.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "warnings", move |context, ui| {
        let scopes = context.places.seen();
        let total = context.tx.count_campaigns(&scopes, None)?;
        let rows = context.tx.list_campaigns(&scopes, query.window())?;
        Ok(WarningsPage {
            may_issue: context.may(Act::Warn),
            campaigns: rows.iter().map(|row| campaign(context, row)).collect(),
            pager: Pager::new(query.page(), total, "/warnings"),
            ui,
        })
    })
    .await
}

/// Class of a level's colour: high, middle, low.
pub(super) fn tone(level: &str) -> &'static str {
    match level {
        "3" => "red",
        "2" => "amber",
        _ => "brown",
    }
}

fn campaign(context: &Context<'_>, row: &CampaignRow) -> Campaign {
    let record = Stored::of(&row.sample);
    let words = &context.words;
    let level = record.text("level");
    let issued = words.when(row.sample.received_at);
    let expires = words.iso_day(record.text("expires_on"));
    let when = [
        words.lang.fill("warning.issued", &[("when", &issued)]),
        words.lang.fill("warning.until", &[("when", &expires)]),
    ];
    Campaign {
        id: row.campaign.clone(),
        state: row.sample.state.clone(),
        text: record.text("text").to_owned(),
        fraud_type: words.code("fraud_type", record.text("fraud_type")),
        tone: tone(level),
        level: words.code("fraud_warning_level", level),
        when: when.join(" · "),
        total: row.tally.total,
        heard: row.tally.heard,
        unheard: row.tally.unheard,
        money: row.tally.money,
    }
}
