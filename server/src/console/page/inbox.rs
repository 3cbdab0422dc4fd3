//! What needs a decision, by exception first; all that is normal is one line with a count.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use xunge_protocol::Timestamp;
use xunge_records::Kind;
use xunge_records::lists::calendar;

use crate::console::context::{Context, draw};
use crate::console::error::ConsoleError;
use crate::console::query::Query;
use crate::console::session::Visitor;
use crate::console::ui::Ui;
use crate::console::view::{Row, Sign, Tile};
use crate::relay::Relay;
use crate::store::{QuarantineRow, QuarantineState, RecordFilter, Show, Window};

/// Rows that stand here for one reason.
pub struct Group {
    /// Stable name of the reason.
    pub key: &'static str,
    /// In words.
    pub title: String,
    /// Its sign.
    pub sign: Sign,
    /// All rows.
    pub href: String,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub rows: Vec<Row>,
}

/// The inbox.
#[derive(Template)]
#[template(path = "inbox.html")]
pub struct InboxPage {
    /// Surroundings.
    pub ui: Ui,
    /// Where, how much came in, how much needs a decision.
    pub lead: String,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// Reasons with rows, the most urgent first.
    pub groups: Vec<Group>,
    /// How many records are in order.
    pub normal: u64,
}

/// Rows of a group on the inbox itself; the rest is one press away.
const SHOWN: u64 = 6;

/// The inbox.
pub(in crate::console) async fn show(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
) -> Result<Response, ConsoleError> {
    draw(relay, visitor, "inbox", build).await
}

fn build(context: &Context<'_>, ui: Ui) -> Result<InboxPage, ConsoleError> {
    let lang = context.words.lang;
    let mut groups = Vec::new();
    let mut decide = 0;
    for (show, count) in context.exceptions()? {
        decide += count;
        if count > 0 {
            let filter = context.filter(&[], show);
            let window = Window {
                skip: 0,
                take: SHOWN,
            };
            let rows = context.tx.list_records(&filter, window)?;
            groups.push(Group {
                key: show.name(),
                title: lang.text(&format!("group.{}", show.name())),
                sign: sign(show),
                href: format!("/records?show={}", show.name()),
                count,
                rows: rows.iter().map(|row| context.row(row, show)).collect(),
            });
        }
    }
    let refused = quarantined(context)?;
    decide += refused.as_ref().map_or(0, |group| group.count);
    // Not accepted comes after what was mended, before what is only new.
    let at = groups
        .iter()
        .position(|g| matches!(g.key, "without_effect" | "proposed" | "new"));
    if let Some(refused) = refused {
        groups.insert(at.unwrap_or(groups.len()), refused);
    }
    let all = context.filter(&[], Show::All);
    let start = calendar::start_of(calendar::date_of(context.now()));
    let today = RecordFilter {
        received: Some((start, Timestamp(i64::MAX))),
        kinds: WORK.to_vec(),
        ..all.clone()
    };
    let work = RecordFilter {
        kinds: WORK.to_vec(),
        ..all
    };
    let normal = context.tx.count_records(&work)?.saturating_sub(decide);
    Ok(InboxPage {
        lead: lang.fill(
            "inbox.lead",
            &[
                ("scope", &context.places.name(context.places.root())),
                ("today", &context.tx.count_records(&today)?),
                ("n", &decide),
            ],
        ),
        tiles: tiles(context)?,
        groups,
        normal,
        ui,
    })
}

/// What workers send; households and persons were there before.
const WORK: [Kind; 4] = [Kind::Visit, Kind::Dispute, Kind::Request, Kind::WarningAck];

fn sign(show: Show) -> Sign {
    match show {
        Show::Money => Sign::MONEY,
        Show::Overdue => Sign::OVERDUE,
        Show::Differing => Sign::DIFFERING,
        Show::Fixed => Sign::FIXED,
        Show::WithoutEffect => Sign::NO_EFFECT,
        Show::Proposed => Sign::PROPOSED,
        _ => Sign::NEW,
    }
}

fn quarantined(context: &Context<'_>) -> Result<Option<Group>, ConsoleError> {
    let lang = context.words.lang;
    let scopes = context.places.seen();
    let count = context.tx.count_quarantine(&scopes, "waiting")?;
    let rows = context.tx.quarantine(
        Some(QuarantineState::Waiting),
        Some(&scopes),
        None,
        SHOWN as usize,
    )?;
    let row = |row: &QuarantineRow| Row {
        id: row.record.to_string(),
        href: format!("/quarantine#{}", row.id),
        state: row.state.name().into(),
        sign: Sign::REFUSED,
        why: lang.text("why.quarantine"),
        title: Kind::from_entry_kind(row.kind).map_or_else(
            || lang.text("kind.unknown"),
            |kind| context.words.kind(kind),
        ),
        place: context.places.full_name(row.id.scope),
        detail: lang.text(&format!("refusal.{}.text", row.code.name())),
        whose: context.writer(row.id.writer),
        since: context.words.when(row.created_at),
    };
    Ok((count > 0).then(|| Group {
        key: "quarantine",
        title: lang.text("group.quarantine"),
        sign: Sign::REFUSED,
        href: "/quarantine".into(),
        count,
        rows: rows.iter().map(row).collect(),
    }))
}

fn tiles(context: &Context<'_>) -> Result<Vec<Tile>, ConsoleError> {
    const WEEK_MS: i64 = 7 * 86_400_000;
    let lang = context.words.lang;
    let (month, span) = Query::default().month("month", context.now());
    let within = |kind, received, resolved| RecordFilter {
        received,
        resolved,
        ..context.filter(&[kind], Show::All)
    };
    let visits = within(Kind::Visit, Some(span), None);
    let count = context.tx.count_records(&visits)?;
    let found = context
        .tx
        .count_records(&within(Kind::Dispute, Some(span), None))?;
    let resolved = context
        .tx
        .count_records(&within(Kind::Dispute, None, Some(span)))?;
    let rate = (resolved * 100).checked_div(found).unwrap_or(100);
    let scopes = context.places.seen();
    let tally = context
        .tx
        .tally(&scopes, None, None, Some(&context.today()))?;
    let before = context.now().plus_millis(-WEEK_MS);
    let silent = context.tx.count_silent_phones(&scopes, before)?;
    let households = context.tx.count_households_of(&visits)?;
    Ok(vec![
        Tile {
            key: "visits",
            label: lang.text("tile.visits"),
            value: count.to_string(),
            detail: lang.fill("tile.visits.detail", &[("n", &households)]),
            href: format!("/visits?received={month}"),
            alarm: false,
        },
        Tile {
            key: "disputes",
            label: lang.text("tile.disputes"),
            value: format!("{found} / {resolved}"),
            detail: lang.fill("tile.disputes.detail", &[("n", &rate)]),
            href: format!("/disputes?received={month}"),
            alarm: false,
        },
        Tile {
            key: "unheard",
            label: lang.text("tile.unheard"),
            value: lang.fill("tile.unheard.value", &[("n", &tally.unheard)]),
            detail: lang.fill("tile.unheard.detail", &[("n", &tally.total)]),
            href: "/warnings".into(),
            alarm: tally.unheard > 0,
        },
        Tile {
            key: "silent_phones",
            label: lang.text("tile.phones"),
            value: lang.fill("tile.phones.value", &[("n", &silent)]),
            detail: lang.text("tile.phones.detail"),
            href: "/organisation?silent=1".into(),
            alarm: false,
        },
    ])
}
