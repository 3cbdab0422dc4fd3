//! Lists of disputes, requests and visits.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager, Row};

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
