//! One fraud warning, household by household: who has heard it and who has not.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::{Choosable, Pager, Row, Tile};

/// A warning's page.
#[derive(Template)]
#[template(path = "warning.html")]
pub struct WarningPage {
    /// Surroundings.
    pub ui: Ui,
    /// Its id.
    pub id: String,
    /// Code of its state.
    pub state: String,
    /// What it says.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// Level in words.
    pub level: String,
    /// Kind of fraud in words.
    pub fraud_type: String,
    /// When it was issued.
    pub issued: String,
    /// Until when it holds.
    pub expires: String,
    /// Numbers.
    pub tiles: Vec<Tile>,
    /// Which households are shown.
    pub outcomes: Vec<Choosable>,
    /// Households.
    pub rows: Vec<Row>,
    /// Where one is.
    pub pager: Pager,
}
