//! The first screen.

use serde::Serialize;

/// One large picture to tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tile {
    /// To be passed to `start`.
    pub kind: String,
    /// Label.
    pub text: String,
    /// Said aloud, with the count.
    pub speech: String,
    /// Name of the picture.
    pub picture: String,
    /// How many wait for the worker behind this tile: visits due, cases returned, households that have not heard.
    pub count: u64,
}

/// A person's own records in numbers: `saved` = `acknowledged` + `waiting` + `refused`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Saved on this phone.
    pub saved: u64,
    /// The town has received it; returned ones count.
    pub acknowledged: u64,
    /// Not yet received.
    pub waiting: u64,
    /// Begun and not saved.
    pub drafts: u64,
    /// Received, and the town asks for more.
    pub returned: u64,
    /// Not accepted by the relay.
    pub refused: u64,
}

/// A household that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextVisit {
    /// To be passed to `start` as subject.
    pub household: String,
    /// Name of the household.
    pub title: String,
    /// Door number.
    pub door: String,
    /// Code of its tier.
    pub tier: Option<String>,
    /// ISO day of the last visit.
    pub last_visit: Option<String>,
    /// Date on which it falls due; none if it was never visited.
    pub due: Option<String>,
    /// In words.
    pub text: String,
    /// Said aloud.
    pub speech: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The town sent a record back with a note.
    Returned,
    /// A warning that households have not heard yet.
    Warning,
    /// A supervisor chose between differing values.
    Settled,
    /// The relay did not accept a record.
    Refused,
}

/// Something the worker should know before the next visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The record.
    pub record: String,
    /// In words.
    pub text: String,
    /// Said aloud.
    pub speech: String,
}

/// Answer of `home`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Home {
    /// Large pictures, in the order in which they stand.
    pub tiles: Vec<Tile>,
    /// The two numbers, and what is behind them.
    pub progress: Progress,
    /// Households by due date, the longest overdue first.
    pub next_visits: Vec<NextVisit>,
    /// What happened, the most pressing first.
    pub notices: Vec<Notice>,
}
