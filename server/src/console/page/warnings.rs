//! All fraud warnings, each with how many heard it.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::Pager;

/// One warning over all grids that it went to.
pub struct Campaign {
    /// Its id.
    pub id: String,
    /// Code of its state: `W10` issued.
    pub state: String,
    /// What it says.
    pub text: String,
    /// Kind of fraud in words.
    pub fraud_type: String,
    /// Level in words.
    pub level: String,
    /// Class of the level's colour.
    pub tone: &'static str,
    /// Issued and expiring when.
    pub when: String,
    /// Households that were warned.
    pub total: u64,
    /// Of them, those that heard it.
    pub heard: u64,
    /// Those that did not yet.
    pub unheard: u64,
    /// Those where money was sent.
    pub money: u64,
}

/// The list of warnings.
#[derive(Template)]
#[template(path = "warnings.html")]
pub struct WarningsPage {
    /// Surroundings.
    pub ui: Ui,
    /// Whether the user may write one.
    pub may_issue: bool,
    /// The warnings, newest first.
    pub campaigns: Vec<Campaign>,
    /// Where one is.
    pub pager: Pager,
}
