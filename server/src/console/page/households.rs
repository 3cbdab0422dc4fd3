//! Households: where, last visited when, which are due.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager, Row, Tile};

/// The list of households.
#[derive(Template)]
#[template(path = "households.html")]
pub struct HouseholdsPage {
    /// Surroundings.
    pub ui: Ui,
    /// A line below the heading.
    pub lead: String,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// What was searched for.
    pub q: String,
    /// Villages and grids to choose from.
    pub areas: Vec<Choosable>,
    /// All, due, never visited.
    pub shows: Vec<Choosable>,
    /// Rows.
    pub rows: Vec<Row>,
    /// Where one is.
    pub pager: Pager,
    /// Whether the user may warn those chosen.
    pub may_issue: bool,
}
