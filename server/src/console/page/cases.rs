//! Lists of disputes, requests and visits.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Raw, State};
use axum::response::Response;
use xunge_records::Kind;

use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager, Row};
use crate::relay::Relay;
use crate::store::Show;

/// One selection of a list's filter.
pub struct Select {
    /// Name of the form's field.
    pub name: &'static str,
    /// Label.
    pub label: String,
    /// What there is to choose.
    pub options: Vec<Choosable>,
}

/// A list.
#[derive(Template)]
#[template(path = "list.html")]
pub struct ListPage {
    /// Surroundings.
    pub ui: Ui,
    /// Heading.
    pub title: String,
    /// A line below.
    pub lead: String,
    /// A way on: address and words.
    pub way: Option<(String, String)>,
    /// What was searched for.
    pub q: String,
    /// Parameters that a new search keeps.
    pub kept: Vec<(String, String)>,
    /// Filters.
    pub selects: Vec<Select>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Where one is.
    pub pager: Pager,
}

type Pairs = Raw<Vec<(String, String)>>;

/// What one list is about.
#[derive(Clone, Copy)]
struct List {
    section: &'static str,
    path: &'static str,
    kinds: &'static [Kind],
    /// Code list of the field `type`, to filter by.
    types: Option<&'static str>,
}

/// The list of disputes.
pub(in crate::console) async fn disputes(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Pairs,
) -> Result<Response, ConsoleError> {
    let list = List {
        section: "disputes",
        path: "/disputes",
        kinds: &[Kind::Dispute],
        types: Some("dispute_type"),
    };
    show(relay, visitor, pairs, list).await
}

/// The list of requests.
pub(in crate::console) async fn requests(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Pairs,
) -> Result<Response, ConsoleError> {
    let list = List {
        section: "requests",
        path: "/requests",
        kinds: &[Kind::Request],
        types: Some("request_type"),
    };
    show(relay, visitor, pairs, list).await
}

/// The list of visits.
pub(in crate::console) async fn visits(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Pairs,
) -> Result<Response, ConsoleError> {
    let list = List {
        section: "visits",
        path: "/visits",
        kinds: &[Kind::Visit],
        types: None,
    };
    show(relay, visitor, pairs, list).await
}

/// Records of all kinds that stand in the inbox for one reason.
pub(in crate::console) async fn reasons(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Raw(pairs): Pairs,
) -> Result<Response, ConsoleError> {
    let list = List {
        section: "inbox",
        path: "/records",
        kinds: &[],
        types: None,
    };
    show(relay, visitor, pairs, list).await
}

async fn show(
    relay: Arc<Relay>,
    visitor: Visitor,
    pairs: Vec<(String, String)>,
    list: List,
) -> Result<Response, ConsoleError> {
    let query = Query::new(pairs);
    draw(relay, visitor, list.section, move |context, ui| {
        build(context, ui, &query, list)
    })
    .await
}

fn build(
    context: &Context<'_>,
    ui: Ui,
    query: &Query,
    list: List,
) -> Result<ListPage, ConsoleError> {
    let lang = context.words.lang;
    let filter = query.filter(context, list.kinds)?;
    let total = context.tx.count_records(&filter)?;
    let rows = context.tx.list_records(&filter, query.window())?;
    let title = match list.section {
        "inbox" => lang.text(&format!("group.{}", group(filter.show))),
        section => lang.text(&format!("nav.{section}")),
    };
    let kept = ["received", "resolved", "household", "day", "code"]
        .into_iter()
        .filter(|name| list.types.is_none() || *name != "code")
        .filter_map(|name| Some((name.to_owned(), query.get(name)?.to_owned())))
        .collect();
    Ok(ListPage {
        title,
        lead: lang.fill("case.lead", &[("n", &total)]),
        way: None,
        q: query.get("q").unwrap_or_default().to_owned(),
        kept,
        selects: selects(context, query, filter.show, list),
        rows: rows
            .iter()
            .map(|row| context.row(row, filter.show))
            .collect(),
        pager: Pager::new(query.page(), total, &query.base(list.path)),
        ui,
    })
}

/// The group of the inbox that a reason belongs to.
fn group(show: Show) -> &'static str {
    match show {
        Show::All | Show::Open | Show::Closed | Show::Returned => "new",
        show => show.name(),
    }
}

fn selects(context: &Context<'_>, query: &Query, show: Show, list: List) -> Vec<Select> {
    let lang = context.words.lang;
    let chosen = context
        .chosen_scope(query.get("scope"))
        .unwrap_or_else(|_| context.places.root());
    let mut selects = vec![Select {
        name: "scope",
        label: lang.text("filter.area"),
        options: context
            .places
            .choices(chosen, super::households::choice_level(context)),
    }];
    if list.section == "inbox" {
        selects.push(Select {
            name: "show",
            label: lang.text("filter.why"),
            options: crate::console::context::EXCEPTIONS
                .into_iter()
                .map(|reason| Choosable {
                    value: reason.name().into(),
                    label: lang.text(&format!("group.{}", reason.name())),
                    chosen: reason == show,
                })
                .collect(),
        });
    } else if list.types.is_some() {
        let states = [
            (Show::All, "case.all"),
            (Show::Open, "case.open"),
            (Show::Closed, "case.closed"),
            (Show::New, "group.new"),
            (Show::Overdue, "group.overdue"),
            (Show::Returned, "why.returned"),
            (Show::Fixed, "group.fixed"),
        ];
        selects.push(Select {
            name: "show",
            label: lang.text("filter.state"),
            options: states
                .into_iter()
                .map(|(value, key)| Choosable {
                    value: value.name().into(),
                    label: lang.text(key),
                    chosen: value == show,
                })
                .collect(),
        });
    }
    if let Some(types) = list.types {
        let code = query.get("code").unwrap_or_default();
        let mut options = vec![Choosable {
            value: String::new(),
            label: lang.text("filter.all"),
            chosen: code.is_empty(),
        }];
        options.extend(
            context
                .words
                .codes(types)
                .into_iter()
                .map(|(value, label)| {
                    let value = format!("type:{value}");
                    Choosable {
                        chosen: value == code,
                        value,
                        label,
                    }
                }),
        );
        selects.push(Select {
            name: "code",
            label: lang.text("filter.type"),
            options,
        });
    }
    selects
}
