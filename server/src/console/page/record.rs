//! The file of one record: facts, differing values, timeline, and what may be done now.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use xunge_protocol::RecordId;
use xunge_records::{Kind, Record, Review};

use super::record_parts as parts;
use super::shares::{self, Sharing};
use crate::command::policy::Act;
use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::places::{GRID, TOWN, VILLAGE};
use crate::console::session::Visitor;
use crate::console::stored::Stored;
use crate::console::ui::Ui;
use crate::console::view::{Action, Choosable, Difference, Fact, Media, Row, Sign, Step};
use crate::log::read_record;
use crate::relay::Relay;
use crate::store::{RecordFilter, RecordRow, Show, Window};

/// Records that belong to this one.
pub struct Related {
    /// Stable name.
    pub key: &'static str,
    /// Heading.
    pub title: String,
    /// How many there are.
    pub count: u64,
    /// The newest of them.
    pub rows: Vec<Row>,
}

/// A record's page.
#[derive(Template)]
#[template(path = "record.html")]
pub struct RecordPage {
    /// Surroundings.
    pub ui: Ui,
    /// Id of the record.
    pub id: String,
    /// Name of its kind.
    pub kind: &'static str,
    /// Code of its state.
    pub state: String,
    /// Between author and town.
    pub review: String,
    /// Version for compare-and-set.
    pub version: u32,
    /// Page of its list.
    pub list_href: &'static str,
    /// Name of its list.
    pub list_name: String,
    /// Heading.
    pub title: String,
    /// Sign of its state.
    pub sign: Sign,
    /// Its state in words.
    pub state_text: String,
    /// Number, type, place, writer.
    pub meta: Vec<String>,
    /// Whose turn it is until when; may be empty.
    pub turn: String,
    /// Whether that is past.
    pub late: bool,
    /// Fields on which people differ.
    pub differences: Vec<Difference>,
    /// Recordings and pictures.
    pub media: Vec<Media>,
    /// Fields.
    pub facts: Vec<Fact>,
    /// Whether something is masked.
    pub masked: bool,
    /// Whether the user may erase it.
    pub may_erase: bool,
    /// Of a person, the grids of home and registration.
    pub sharing: Option<Sharing>,
    /// Whether something is revealed now.
    pub revealed: bool,
    /// Records that belong to it.
    pub related: Vec<Related>,
    /// What happened.
    pub steps: Vec<Step>,
    /// Whether the user may act at all.
    pub may_act: bool,
    /// What may be done now.
    pub actions: Vec<Action>,
    /// Whether one of them ends the case or opens it again.
    pub has_end: bool,
    /// Said where nothing may be done.
    pub nothing_to_do: String,
    /// Units that it can be given to.
    pub owners: Vec<Choosable>,
    /// Authorities outside.
    pub elsewhere: Vec<Choosable>,
    /// Whether a deadline may be set.
    pub deadline: bool,
    /// Ways of resolving.
    pub methods: Vec<Choosable>,
}

/// Rows of each kind of related record.
const RELATED: u64 = 12;

/// The file of a record.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, ConsoleError> {
    let id: RecordId = id.parse().map_err(|_| ConsoleError::NotFound)?;
    let known = relay.clone();
    let kind = known
        .store
        .read_async(move |tx| tx.find_record(id))
        .await?
        .ok_or(ConsoleError::NotFound)?
        .kind;
    draw(relay, visitor, section(kind), move |context, ui| {
        build(context, ui, id)
    })
    .await
}

fn section(kind: Kind) -> &'static str {
    match kind {
        Kind::Dispute => "disputes",
        Kind::Request => "requests",
        Kind::Visit => "visits",
        Kind::Household | Kind::Person => "households",
        Kind::Warning | Kind::WarningAck => "warnings",
    }
}

/// A record with its row, if the user sees it.
pub(super) fn find(
    context: &Context<'_>,
    id: RecordId,
) -> Result<(Record, RecordRow), ConsoleError> {
    let place = context.tx.find_record(id)?.ok_or(ConsoleError::NotFound)?;
    if !context.places.sees(place.scope) {
        return Err(ConsoleError::NotFound);
    }
    let row = context
        .tx
        .record(place.scope, id)?
        .ok_or(ConsoleError::NotFound)?;
    let record = read_record(context.tx, id)?.ok_or(ConsoleError::NotFound)?;
    Ok((record, row))
}

fn build(context: &Context<'_>, ui: Ui, id: RecordId) -> Result<RecordPage, ConsoleError> {
    let (record, row) = find(context, id)?;
    let lang = context.words.lang;
    let session = context.visitor.session.token_hash;
    let revealed = context.tx.is_revealed(session, id, context.now())?;
    let (facts, has_masked) = parts::facts(context, &record.kind, &record.fields, revealed);
    let may_act = context.may(Act::Decide);
    let actions = parts::actions(context, &record, &row, may_act);
    let has = |verb: &str| actions.iter().any(|a| a.verb == verb);
    let section = section(record.kind);
    let line = context.row(&row, Show::All);
    let nothing_to_do = lang.text(if !may_act {
        "action.none.role"
    } else if record.state.closed {
        "action.none.closed"
    } else {
        "action.none"
    });
    let (turn, late) = turn(context, &record, &row);
    Ok(RecordPage {
        id: id.to_string(),
        kind: record.kind.name(),
        state: record.state.code.clone(),
        review: row.review.clone(),
        version: record.state.version,
        list_href: match section {
            "disputes" => "/disputes",
            "requests" => "/requests",
            "visits" => "/visits",
            "households" => "/households",
            _ => "/warnings",
        },
        list_name: lang.text(&format!("nav.{section}")),
        title: title(context, &record, &row, revealed),
        sign: line.sign,
        meta: meta(context, &record, &row, &line.why),
        state_text: line.why,
        turn,
        late,
        differences: parts::differences(context, &record, revealed),
        media: parts::media(context, &record)?,
        facts,
        masked: has_masked && !revealed && context.may(Act::Reveal),
        may_erase: context.may(Act::Erase),
        sharing: shares::part(context, &record)?,
        revealed: has_masked && revealed,
        related: related(context, &record)?,
        steps: parts::steps(context, &record, &row)?,
        may_act,
        owners: if has("assign") {
            owners(context, &record)
        } else {
            Vec::new()
        },
        elsewhere: if has("transfer") {
            elsewhere(context)
        } else {
            Vec::new()
        },
        deadline: has("assign"),
        methods: if has("resolve") {
            methods(context)
        } else {
            Vec::new()
        },
        has_end: actions.iter().any(|action| action.group == "end"),
        actions,
        nothing_to_do,
        ui,
    })
}

fn title(context: &Context<'_>, record: &Record, row: &RecordRow, revealed: bool) -> String {
    match (record.kind, revealed) {
        (Kind::Household, true) => context.words.lang.fill(
            "household.title",
            &[
                ("head", &record.fields.text("head_name").unwrap_or_default()),
                ("door", &record.fields.text("door").unwrap_or_default()),
            ],
        ),
        (Kind::Person, true) => record.fields.text("name").unwrap_or_default().to_owned(),
        _ => context.short_title(&Stored::of(row)),
    }
}

fn meta(context: &Context<'_>, record: &Record, row: &RecordRow, why: &str) -> Vec<String> {
    let lang = context.words.lang;
    let mut meta = Vec::new();
    let state = context.words.state(record.kind, &record.state.code);
    if state != why {
        meta.push(state);
    }
    if record.kind.is_case() {
        let number = record.state.number.clone();
        meta.push(number.unwrap_or_else(|| lang.text("number.none")));
    }
    if let Some(scale) = record.fields.text("scale") {
        meta.push(context.words.code("event_scale", scale));
    }
    meta.push(context.places.full_name(row.scope));
    meta.push(context.writer(row.writer));
    meta.push(context.words.when(row.received_at));
    if row.hops > 0 {
        meta.push(lang.fill("detail.hops", &[("n", &row.hops)]));
    }
    if row.late {
        meta.push(lang.text("why.late"));
    }
    meta
}

fn turn(context: &Context<'_>, record: &Record, row: &RecordRow) -> (String, bool) {
    let lang = context.words.lang;
    if matches!(record.state.review, Review::Returned { .. }) {
        let owner = context.writer(row.writer);
        return (lang.fill("file.turn.author", &[("owner", &owner)]), false);
    }
    if record.state.closed {
        return (String::new(), false);
    }
    let Some(owner) = &record.state.owner else {
        return (String::new(), false);
    };
    match record.state.deadline {
        Some(deadline) if deadline < context.now() => {
            let n = context.words.days_between(deadline, context.now());
            (
                lang.fill("file.turn.late", &[("owner", owner), ("n", &n)]),
                true,
            )
        }
        Some(deadline) => {
            let when = context.words.day_of(deadline);
            (
                lang.fill("file.turn.deadline", &[("owner", owner), ("when", &when)]),
                false,
            )
        }
        None => (lang.fill("file.turn", &[("owner", owner)]), false),
    }
}

fn related(context: &Context<'_>, record: &Record) -> Result<Vec<Related>, ConsoleError> {
    let household = match record.kind {
        Kind::Household => Some(record.id),
        _ => return Ok(Vec::new()),
    };
    let groups: [(&'static str, &[Kind]); 4] = [
        ("members", &[Kind::Person]),
        ("visits", &[Kind::Visit]),
        ("cases", &[Kind::Dispute, Kind::Request]),
        ("warnings", &[Kind::WarningAck]),
    ];
    let mut related = Vec::new();
    for (key, kinds) in groups {
        let filter = RecordFilter {
            household,
            ..context.filter(kinds, Show::All)
        };
        let window = Window {
            skip: 0,
            take: RELATED,
        };
        let rows = context.tx.list_records(&filter, window)?;
        related.push(Related {
            key,
            title: context.words.lang.text(&format!("related.{key}")),
            count: context.tx.count_records(&filter)?,
            rows: rows.iter().map(|row| context.row(row, Show::All)).collect(),
        });
    }
    Ok(related)
}

/// Places that a case can be given to: those of the user down to villages, and the record's own grid.
fn owners(context: &Context<'_>, record: &Record) -> Vec<Choosable> {
    let village = record.scope.and_then(|grid| {
        let path = context.places.path(grid);
        let village = path.iter().find(|node| node.level == VILLAGE);
        village.map(|node| node.scope)
    });
    let chosen = village.unwrap_or_else(|| context.places.root());
    let root = context.places.get(context.places.root());
    let level = match root.map(|node| node.level.as_str()) {
        Some(level) if level >= VILLAGE => GRID,
        Some(level) if level >= TOWN => VILLAGE,
        _ => VILLAGE,
    };
    context.places.choices(chosen, level)
}

fn elsewhere(context: &Context<'_>) -> Vec<Choosable> {
    let choice = |key: &str| {
        let label = context.words.lang.text(&format!("elsewhere.{key}"));
        Choosable {
            value: label.clone(),
            label,
            chosen: false,
        }
    };
    ["court", "petition", "arbitration"].map(choice).into()
}

fn methods(context: &Context<'_>) -> Vec<Choosable> {
    let mut codes = context.words.codes("resolution_method");
    // Failed mediation with the other remedies told ends a case too.
    codes.push(("S61".into(), context.words.code("dispute_state", "S61")));
    codes
        .into_iter()
        .map(|(value, label)| Choosable {
            chosen: value == "RM03",
            value,
            label,
        })
        .collect()
}
