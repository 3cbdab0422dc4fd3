//! Who did what, when and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Raw, State};
use axum::response::Response;

use crate::audit::AuditRow;
use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::Pager;
use crate::relay::Relay;
use xunge_protocol::RecordId;
use xunge_records::Verb;

/// One line of the log.
pub struct AuditLine {
    /// Stable name of the act.
    pub action: String,
    /// When.
    pub when: String,
    /// Who.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// Of what.
    pub target: String,
    /// Its page; empty if none.
    pub href: String,
    /// Why.
    pub reason: String,
}

/// The page.
#[derive(Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    /// Surroundings.
    pub ui: Ui,
    /// What was searched for.
    pub q: String,
    /// Lines, newest first.
    pub lines: Vec<AuditLine>,
    /// Where one is.
    pub pager: Pager,
}

/// The log.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "audit", move |context, ui| {
        let scopes = context.places.seen();
        let total = context.tx.count_audit(&scopes, query.get("q"))?;
        let rows = context
            .tx
            .list_audit(&scopes, query.get("q"), query.window())?;
        Ok(AuditPage {
            q: query.get("q").unwrap_or_default().to_owned(),
            lines: rows.iter().map(|row| line(context, row)).collect(),
            pager: Pager::new(query.page(), total, &query.base("/audit")),
            ui,
        })
    })
    .await
}

fn line(context: &Context<'_>, row: &AuditRow) -> AuditLine {
    let event = &row.event;
    let lang = context.words.lang;
    let verb = format!("verb.{}", event.action);
    let act = format!("audit.act.{}", event.action);
    let known = event.action.parse::<Verb>().is_ok();
    let what = lang.find(if known { &verb } else { &act });
    let target = event.subject.clone().unwrap_or_default();
    let is_record = target.parse::<RecordId>().is_ok();
    let named = if is_record {
        context.record_name(&target)
    } else {
        None
    };
    let campaign = (event.action == "issue_warning").then(|| format!("/warnings/{target}"));
    let named = match &campaign {
        Some(_) => Some(lang.text("warning.one")),
        None => named,
    };
    AuditLine {
        action: event.action.clone(),
        when: context.words.when(row.at),
        who: context.user(&event.actor),
        what: what.unwrap_or(&event.action).to_owned(),
        href: match (campaign, &named) {
            (Some(page), _) => page,
            (None, Some(_)) => format!("/records/{target}"),
            (None, None) => String::new(),
        },
        target: named.unwrap_or(target),
        reason: event.reason.clone().unwrap_or_default(),
    }
}
