//! What needs a decision, by exception first; all that is normal is one line with a count.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::{Row, Sign, Tile};

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
