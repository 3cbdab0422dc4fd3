//! The monthly return, derived from what was recorded: every number opens its rows.

use askama::Template;

use crate::console::ui::Ui;

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
