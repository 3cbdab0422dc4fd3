//! What phones sent and the relay did not accept, with text and remedy, to admit or to reject.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query as Raw, State};
use axum::response::{Redirect, Response};
use xunge_records::{Document, Kind, check_change};

use super::record_parts as parts;
use super::refusal;
use crate::command;
use crate::command::policy::Act;
use crate::console::context::{Context, draw, say};
use crate::console::error::ConsoleError;
use crate::console::form::Posted;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::{Choosable, Fact, PAGE_ROWS, Pager, Sign};
use crate::relay::Relay;
use crate::store::{EntryId, QuarantineRow, QuarantineState};

/// One quarantined entry.
pub struct QuarantineEntry {
    /// Its place in the log.
    pub id: String,
    /// The record that it would change.
    pub record: String,
    /// `waiting`, `admitted` or `rejected`.
    pub state: &'static str,
    /// In words.
    pub state_text: String,
    /// Its sign.
    pub sign: Sign,
    /// Stable code of why.
    pub code: &'static str,
    /// Kind in words.
    pub kind: String,
    /// Where it was sent to.
    pub place: String,
    /// Who sent it.
    pub who: String,
    /// When it came.
    pub when: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// More from the guard.
    pub detail: String,
    /// What it says, as far as it can be read.
    pub facts: Vec<Fact>,
    /// Who decided what and why; empty while it waits.
    pub decided: String,
}

/// The quarantine.
#[derive(Template)]
#[template(path = "quarantine.html")]
pub struct QuarantinePage {
    /// Surroundings.
    pub ui: Ui,
    /// Which are shown.
    pub states: Vec<Choosable>,
    /// Entries, oldest first.
    pub entries: Vec<QuarantineEntry>,
    /// Whether the user may decide.
    pub may_act: bool,
    /// Where one is.
    pub pager: Pager,
}

/// The quarantine.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "quarantine", move |context, ui| {
        build(context, ui, &query)
    })
    .await
}

fn build(context: &Context<'_>, ui: Ui, query: &Query) -> Result<QuarantinePage, ConsoleError> {
    let lang = context.words.lang;
    let asked = query.get("state").unwrap_or("waiting");
    let state = QuarantineState::from_name(asked).ok_or(ConsoleError::NotFound)?;
    let scopes = context.places.seen();
    let total = context.tx.count_quarantine(&scopes, state.name())?;
    let after = match query.get("after") {
        Some(after) => Some(after.parse().map_err(|_| ConsoleError::NotFound)?),
        None => None,
    };
    let rows = context
        .tx
        .quarantine(Some(state), Some(&scopes), after, PAGE_ROWS as usize)?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        entries.push(entry(context, row)?);
    }
    let states = [
        QuarantineState::Waiting,
        QuarantineState::Admitted,
        QuarantineState::Rejected,
    ];
    let last = rows.last().filter(|_| rows.len() as u64 == PAGE_ROWS);
    let next = last.map(|row| format!("/quarantine?state={}&after={}", state.name(), row.id));
    Ok(QuarantinePage {
        states: states
            .into_iter()
            .map(|one| Choosable {
                value: one.name().into(),
                label: lang.text(&format!("quarantine.{}", one.name())),
                chosen: one == state,
            })
            .collect(),
        entries,
        may_act: context.may(Act::JudgeQuarantine),
        pager: Pager {
            total: 0,
            next: next.unwrap_or_default(),
            back: query
                .get("after")
                .map(|_| format!("/quarantine?state={}", state.name()))
                .unwrap_or_default(),
            ..Pager::new(0, total, "/quarantine")
        },
        ui,
    })
}

fn entry(context: &Context<'_>, row: &QuarantineRow) -> Result<QuarantineEntry, ConsoleError> {
    let lang = context.words.lang;
    let kind = Kind::from_entry_kind(row.kind);
    let state = row.state.name();
    let decided = row.decided_at.map(|at| {
        let who = row.decided_by.as_deref().map(|id| context.user(id));
        lang.fill(
            "quarantine.decided",
            &[
                ("state", &lang.text(&format!("quarantine.{state}"))),
                ("who", &who.unwrap_or_default()),
                ("when", &context.words.when(at)),
                ("reason", &row.reason.as_deref().unwrap_or_default()),
            ],
        )
    });
    Ok(QuarantineEntry {
        id: row.id.to_string(),
        record: row.record.to_string(),
        state,
        state_text: lang.text(&format!("quarantine.{state}")),
        sign: match row.state {
            QuarantineState::Waiting => Sign::REFUSED,
            QuarantineState::Admitted => Sign::DONE,
            QuarantineState::Rejected => Sign::NO_EFFECT,
        },
        code: row.code.name(),
        kind: kind.map_or_else(
            || lang.text("kind.unknown"),
            |kind| context.words.kind(kind),
        ),
        place: context.places.full_name(row.id.scope),
        who: context.writer(row.id.writer),
        when: context.words.when(row.created_at),
        text: lang.text(&format!("refusal.{}.text", row.code.name())),
        remedy: lang.text(&format!("refusal.{}.remedy", row.code.name())),
        detail: row.detail.clone().unwrap_or_default(),
        facts: match kind {
            Some(kind) => content(context, row, kind)?,
            None => Vec::new(),
        },
        decided: decided.unwrap_or_default(),
    })
}

/// What a quarantined change says, as far as it can be read: its record with what was accepted of it, the change, and
/// the changes of the same record that wait with it.
fn content(
    context: &Context<'_>,
    row: &QuarantineRow,
    kind: Kind,
) -> Result<Vec<Fact>, ConsoleError> {
    let Ok(mut document) = Document::new(kind) else {
        return Ok(Vec::new());
    };
    for body in context.tx.changes(row.id.scope, row.record)? {
        if let Ok(change) = check_change(&body) {
            // What cannot be shown is left out; the code above says why.
            let _ = document.apply(&change);
        }
    }
    let entries = context
        .tx
        .entries(row.id.scope, row.id.writer, row.id.index)?;
    let same = |record| record == row.record;
    for one in entries
        .iter()
        .filter(|e| same(e.entry.record) && e.ordinal <= row.id.ordinal)
    {
        if let Ok(change) = check_change(&one.entry.body) {
            let _ = document.apply(&change);
        }
    }
    let Ok(record) = document.read(row.record) else {
        return Ok(Vec::new());
    };
    Ok(parts::facts(context, &kind, &record.fields, false).0)
}

/// Lets an entry in.
pub(in crate::console) async fn admit(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Redirect, ConsoleError> {
    judge(
        relay,
        visitor,
        id,
        posted,
        "done.admit",
        |relay, visitor, id, reason| command::admit(relay, &visitor.actor, id, reason).map(drop),
    )
    .await
}

/// Refuses an entry for good.
pub(in crate::console) async fn reject(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Redirect, ConsoleError> {
    judge(
        relay,
        visitor,
        id,
        posted,
        "done.reject",
        |relay, visitor, id, reason| command::reject(relay, &visitor.actor, id, reason).map(drop),
    )
    .await
}

type Judge = fn(&Arc<Relay>, &Visitor, EntryId, &str) -> Result<(), command::CommandError>;

async fn judge(
    relay: Arc<Relay>,
    visitor: Visitor,
    id: String,
    posted: Posted,
    done: &'static str,
    decide: Judge,
) -> Result<Redirect, ConsoleError> {
    let id: EntryId = id.parse().map_err(|_| ConsoleError::NotFound)?;
    super::action::blocking(move || {
        let lang = visitor.lang();
        let (good, text) = match decide(&relay, &visitor, id, posted.get("reason")) {
            Ok(()) => (true, lang.text(done)),
            Err(error) => (false, refusal::text(lang, error)?),
        };
        say(&relay, &visitor, good, &text)?;
        Ok(Redirect::to("/quarantine"))
    })
    .await
}
