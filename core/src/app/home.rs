//! The first screen: what to tap, the two numbers, who is due, what happened.

use xunge_records::{Kind, Verb};

use super::error::AppError;
use super::phone::Phone;
use super::session::Session;
use super::view::{Home, NextVisit, Notice, NoticeKind, Progress, Tile};
use super::words::Words;
use crate::store::{RecordQuery, RecordRow, SyncState};

/// How many households the first screen names.
const NEXT_VISITS: usize = 10;
/// How many of the latest records are looked through for what a supervisor settled.
const LOOKED_THROUGH: u32 = 100;
/// For how long a settled value is news, in days.
const NEWS_DAYS: i64 = 7;
const DAY_MILLIS: i64 = 86_400_000;

impl Phone {
    /// The first screen.
    pub fn home(&self) -> Result<Home, AppError> {
        let session = self.session()?;
        let words = self.words(&session)?;
        let visits = session.store.next_visits(usize::MAX)?;
        let due = visits.iter().filter(|v| v.due).count();
        let own_in = |state| {
            session.store.records(&RecordQuery {
                sync_state: Some(state),
                own: true,
                ..RecordQuery::default()
            })
        };
        let refused = own_in(SyncState::Refused)?;
        let mut returned = own_in(SyncState::Returned)?;
        // Of a worker who has gone, the grid's present one takes it up.
        returned.extend(session.store.returned_to_successor()?);
        let warnings = session.store.open_warnings()?;
        let unheard: u64 = warnings.iter().map(|w| w.unheard).sum();
        let returned_of = |kind| returned.iter().filter(|row| row.kind == kind).count();

        let mut notices: Vec<Notice> = Vec::new();
        for warning in warnings.iter().filter(|w| w.unheard > 0) {
            let count = warning.unheard.to_string();
            notices.push(notice(
                &words,
                NoticeKind::Warning,
                &warning.warning,
                &count,
            ));
        }
        for row in &returned {
            notices.push(notice(&words, NoticeKind::Returned, row, ""));
        }
        for row in &refused {
            notices.push(notice(&words, NoticeKind::Refused, row, ""));
        }
        for row in settled(&session)? {
            notices.push(notice(&words, NoticeKind::Settled, &row, ""));
        }

        let progress = session.store.progress()?;
        Ok(Home {
            tiles: vec![
                tile(&words, Kind::Visit, due),
                tile(&words, Kind::Dispute, returned_of(Kind::Dispute)),
                tile(&words, Kind::WarningAck, unheard as usize),
                tile(&words, Kind::Request, returned_of(Kind::Request)),
            ],
            progress: Progress {
                saved: progress.saved,
                acknowledged: progress.acknowledged,
                waiting: progress.waiting,
                drafts: progress.drafts,
                returned: progress.returned,
                refused: progress.refused,
            },
            next_visits: visits
                .into_iter()
                .take(NEXT_VISITS)
                .map(|visit| next_visit(&words, visit))
                .collect(),
            notices,
        })
    }
}

fn tile(words: &Words, kind: Kind, count: usize) -> Tile {
    let number = count.to_string();
    let key = match count {
        0 => format!("tile.{kind}"),
        _ => format!("tile.{kind}.some"),
    };
    let phrase = words.phrase(&key, &[("count", number.as_str())]);
    Tile {
        kind: kind.name().to_owned(),
        text: phrase.text,
        speech: phrase.speech,
        picture: match kind {
            Kind::WarningAck => "warning".to_owned(),
            _ => kind.name().to_owned(),
        },
        count: count as u64,
    }
}

fn next_visit(words: &Words, visit: crate::store::NextVisit) -> NextVisit {
    let due = visit.due_on.map(|on| on.to_string());
    let date = due.as_deref().map(|d| words.date(d)).unwrap_or_default();
    let household = visit.household;
    let values = [
        ("title", household.head_name.as_str()),
        ("door", household.door.as_str()),
        ("date", date.as_str()),
    ];
    let key = match (&due, visit.due) {
        (None, _) => "next_visit.never",
        (Some(_), true) => "next_visit.due",
        (Some(_), false) => "next_visit.later",
    };
    let phrase = words.phrase(key, &values);
    NextVisit {
        household: household.record.to_string(),
        title: household.head_name.clone(),
        door: household.door.clone(),
        tier: household.tier.clone(),
        last_visit: household.last_visit.clone(),
        due,
        text: phrase.text,
        speech: phrase.speech,
    }
}

fn notice(words: &Words, kind: NoticeKind, row: &RecordRow, count: &str) -> Notice {
    let title = words.title(row.kind, &row.title, row.door.as_deref());
    let key = match kind {
        NoticeKind::Returned => "notice.returned",
        NoticeKind::Warning => "notice.warning",
        NoticeKind::Settled => "notice.settled",
        NoticeKind::Refused => "notice.refused",
    };
    let phrase = words.phrase(key, &[("title", title.as_str()), ("count", count)]);
    Notice {
        kind,
        record: row.record.to_string(),
        text: phrase.text,
        speech: phrase.speech,
    }
}

/// The worker's own records in which a supervisor lately chose between differing values.
fn settled(session: &Session) -> Result<Vec<RecordRow>, AppError> {
    let now = session.store.now()?.at;
    let rows = session.store.records(&RecordQuery {
        own: true,
        limit: LOOKED_THROUGH,
        ..RecordQuery::default()
    })?;
    let is_new = |at| now.millis_since(at) < NEWS_DAYS * DAY_MILLIS;
    let mut settled = Vec::new();
    for row in rows {
        // Who only opened a record wrote its last change, and nobody settled anything.
        if row.changed_at == row.opened_at || !is_new(row.changed_at) {
            continue;
        }
        let Some(record) = session.store.load_record(&row.record)? else {
            continue;
        };
        let news = record
            .events
            .iter()
            .any(|e| e.body.verb() == Verb::Settle && is_new(e.body.at));
        if news {
            settled.push(row);
        }
    }
    Ok(settled)
}
