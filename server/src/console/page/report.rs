//! The monthly return, derived from what was recorded: every number opens its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Raw, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use xunge_protocol::ScopeId;
use xunge_records::Kind;
use xunge_records::lists::calendar;

use super::xlsx;
use crate::audit::AuditEvent;
use crate::console::context::{Context, draw, look};
use crate::console::error::ConsoleError;
use crate::console::places::Places;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::relay::Relay;
use crate::store::{GroupBy, RecordFilter, Show, Span, StoreError};

/// A number with the address of its rows.
pub struct Cell {
    /// As shown.
    pub text: String,
    /// As a number, for the spreadsheet.
    pub number: Option<f64>,
    /// Its rows; empty if there is no list of them.
    pub href: String,
}

/// A row of a table.
pub struct Line {
    /// What is counted.
    pub name: String,
    /// The numbers.
    pub cells: Vec<Cell>,
    /// Whether it is the sum.
    pub total: bool,
}

/// A table.
pub struct Table {
    /// Stable name.
    pub key: &'static str,
    /// Heading.
    pub title: String,
    /// Heads of the columns.
    pub head: Vec<String>,
    /// Rows.
    pub lines: Vec<Line>,
}

/// The page.
#[derive(Template)]
#[template(path = "report.html")]
pub struct ReportPage {
    /// Surroundings.
    pub ui: Ui,
    /// Heading.
    pub title: String,
    /// Name of the area.
    pub scope: String,
    /// `2026-11`.
    pub month: String,
    /// Address of the spreadsheet.
    pub xlsx: String,
    /// Tables.
    pub tables: Vec<Table>,
}

/// The page.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, "report", move |context, ui| {
        let (month, span) = query.month("month", context.now());
        Ok(ReportPage {
            title: context
                .words
                .lang
                .fill("report.title", &[("month", &month)]),
            scope: context.places.name(context.places.root()),
            xlsx: format!("/report.xlsx?month={month}"),
            tables: tables(context, &month, span)?,
            month,
            ui,
        })
    })
    .await
}

/// The same as a spreadsheet.
pub(in crate::console) async fn sheet(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Raw<Vec<(String, String)>>,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    let actor = visitor.actor.clone();
    let inside = relay.clone();
    let (month, file) = look(relay.clone(), visitor, move |context| {
        let (month, span) = query.month("month", context.now());
        let title = context
            .words
            .lang
            .fill("report.title", &[("month", &month)]);
        let scope = context.places.name(context.places.root());
        let tables = tables(context, &month, span)?;
        let file = xlsx::write(&format!("{scope} {title}"), &tables, inside.now())?;
        Ok((month, file))
    })
    .await?;
    let now = relay.now();
    let event = AuditEvent::new(&actor.user, "xlsx")
        .about(&month)
        .within(actor.scope);
    relay
        .store
        .write_async::<_, StoreError>(move |tx| tx.append_audit(&event, now).map(drop))
        .await?;
    let name = format!("attachment; filename=\"xunge-{month}.xlsx\"");
    let mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok((
        [
            (header::CONTENT_TYPE, mime.to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ],
        file,
    )
        .into_response())
}

fn cell(n: u64, href: String) -> Cell {
    Cell {
        text: n.to_string(),
        number: Some(n as f64),
        // Nothing to open where nothing was counted.
        href: if n == 0 { String::new() } else { href },
    }
}

fn percent(part: u64, whole: u64) -> Cell {
    let number = (whole > 0).then(|| (part * 100) as f64 / whole as f64);
    Cell {
        text: number.map_or_else(|| "—".into(), |n| format!("{n:.0}%")),
        number: number.map(|n| n.round() / 100.0),
        href: String::new(),
    }
}

fn tables(context: &Context<'_>, month: &str, span: Span) -> Result<Vec<Table>, ConsoleError> {
    Ok(vec![
        cases(context, Kind::Dispute, month, span)?,
        cases(context, Kind::Request, month, span)?,
        visits(context, month, span)?,
        warnings(context, span)?,
        areas(context, month, span)?,
    ])
}

/// Found and resolved, by type.
fn cases(
    context: &Context<'_>,
    kind: Kind,
    month: &str,
    span: Span,
) -> Result<Table, ConsoleError> {
    let lang = context.words.lang;
    let (key, path, list) = match kind {
        Kind::Dispute => ("disputes", "/disputes", "dispute_type"),
        _ => ("requests", "/requests", "request_type"),
    };
    let all = context.filter(&[kind], Show::All);
    let by = GroupBy::Field("type");
    let count = |received, resolved, show| {
        let filter = RecordFilter {
            received,
            resolved,
            show,
            ..all.clone()
        };
        context.tx.count_groups(&filter, by)
    };
    let found = count(Some(span), None, Show::All)?;
    let resolved = count(None, Some(span), Show::All)?;
    let open = count(None, None, Show::Open)?;
    let get = |map: &BTreeMap<String, u64>, code: &str| map.get(code).copied().unwrap_or_default();
    let line = |name: String, f: u64, r: u64, o: u64, code: &str, total: bool| Line {
        name,
        cells: vec![
            cell(f, format!("{path}?received={month}{code}")),
            cell(r, format!("{path}?resolved={month}{code}")),
            percent(r, f),
            cell(o, format!("{path}?show=open{code}")),
        ],
        total,
    };
    let mut lines: Vec<Line> = context
        .words
        .codes(list)
        .into_iter()
        .map(|(code, name)| {
            let (f, r, o) = (get(&found, &code), get(&resolved, &code), get(&open, &code));
            (
                f + r + o,
                line(name, f, r, o, &format!("&code=type:{code}"), false),
            )
        })
        // A county has some twenty types; those with nothing to tell are left out.
        .filter(|(any, _)| *any > 0)
        .map(|(_, line)| line)
        .collect();
    let sum = |map: &BTreeMap<String, u64>| map.values().sum::<u64>();
    lines.push(line(
        lang.text("report.total"),
        sum(&found),
        sum(&resolved),
        sum(&open),
        "",
        true,
    ));
    Ok(Table {
        key,
        title: lang.text(&format!("report.{key}")),
        head: [
            "report.type",
            "report.found",
            "report.resolved",
            "report.rate",
            "report.open",
        ]
        .map(|key| lang.text(key))
        .into(),
        lines,
    })
}

fn visits(context: &Context<'_>, month: &str, span: Span) -> Result<Table, ConsoleError> {
    let lang = context.words.lang;
    let filter = RecordFilter {
        received: Some(span),
        ..context.filter(&[Kind::Visit], Show::All)
    };
    let purposes = context
        .tx
        .count_groups(&filter, GroupBy::Members("purposes"))?;
    let line = |name: String, n: u64, code: &str| Line {
        name,
        cells: vec![cell(n, format!("/visits?received={month}{code}"))],
        total: code.is_empty(),
    };
    let mut lines: Vec<Line> = context
        .words
        .codes("visit_purpose")
        .into_iter()
        .filter_map(|(code, name)| {
            let n = purposes.get(&code).copied()?;
            Some(line(name, n, &format!("&code=purposes:{code}")))
        })
        .collect();
    let installed = RecordFilter {
        code: Some(("helped_install".into(), "1".into())),
        ..filter.clone()
    };
    let counts = [
        (
            "report.visits.installed",
            context.tx.count_records(&installed)?,
            "&code=helped_install:1",
        ),
        (
            "report.visits.households",
            context.tx.count_households_of(&filter)?,
            "",
        ),
        ("report.visits.all", context.tx.count_records(&filter)?, ""),
    ];
    lines.extend(counts.map(|(key, n, code)| line(lang.text(key), n, code)));
    Ok(Table {
        key: "visits",
        title: lang.text("report.visits"),
        head: ["report.purpose", "report.count"]
            .map(|key| lang.text(key))
            .into(),
        lines,
    })
}

/// The days of a month as ISO dates: the first, and the first of the next month.
fn days(span: Span) -> (Date, Date) {
    (calendar::date_of(span.0), calendar::date_of(span.1))
}

fn warnings(context: &Context<'_>, span: Span) -> Result<Table, ConsoleError> {
    let lang = context.words.lang;
    let (from, to) = days(span);
    let (from, to) = (from.to_string(), to.to_string());
    let scopes = context.places.seen();
    let within = Some((from.as_str(), to.as_str()));
    let tally = context.tx.tally(&scopes, None, within, None)?;
    let counts = [
        (
            "report.warnings",
            context.tx.count_campaigns(&scopes, within)?,
        ),
        ("report.warned", tally.total),
        ("report.heard", tally.heard),
        ("report.unheard", tally.unheard),
        ("report.money", tally.money),
    ];
    Ok(Table {
        key: "warnings",
        title: lang.text("report.warnings"),
        head: ["report.what", "report.number"]
            .map(|key| lang.text(key))
            .into(),
        lines: counts
            .into_iter()
            .map(|(key, n)| Line {
                name: lang.text(key),
                cells: vec![cell(
                    n,
                    if key == "report.money" {
                        "/records?show=money".into()
                    } else {
                        "/warnings".into()
                    },
                )],
                total: false,
            })
            .collect(),
    })
}

/// The same by area, one level down: numbers of places, never of persons.
fn areas(context: &Context<'_>, month: &str, span: Span) -> Result<Table, ConsoleError> {
    let lang = context.words.lang;
    let by_scope = |kind, received, resolved| {
        let filter = RecordFilter {
            received,
            resolved,
            ..context.filter(&[kind], Show::All)
        };
        context.tx.count_groups(&filter, GroupBy::Scope)
    };
    let households = by_scope(Kind::Household, None, None)?;
    let visits = by_scope(Kind::Visit, Some(span), None)?;
    let found = by_scope(Kind::Dispute, Some(span), None)?;
    let resolved = by_scope(Kind::Dispute, None, Some(span))?;
    let root = context.places.root();
    let lines = context.places.children(root).map(|place| {
        let n = |map| sum_below(&context.places, place.scope, map);
        let at = place.scope;
        Line {
            name: place.name.clone(),
            cells: vec![
                cell(n(&households), format!("/households?scope={at}")),
                cell(n(&visits), format!("/visits?received={month}&scope={at}")),
                cell(n(&found), format!("/disputes?received={month}&scope={at}")),
                cell(
                    n(&resolved),
                    format!("/disputes?resolved={month}&scope={at}"),
                ),
            ],
            total: false,
        }
    });
    Ok(Table {
        key: "areas",
        title: lang.text("report.areas"),
        head: [
            "report.area",
            "report.households",
            "report.visits.all",
            "report.found",
            "report.resolved",
        ]
        .map(|key| lang.text(key))
        .into(),
        lines: lines.collect(),
    })
}

fn sum_below(places: &Places, scope: ScopeId, map: &BTreeMap<String, u64>) -> u64 {
    let below = places.below(scope);
    below.iter().filter_map(|s| map.get(&s.to_string())).sum()
}
